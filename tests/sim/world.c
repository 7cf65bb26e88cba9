/* world.c - one run: draws a world, lets clients loose on it, and judges what is left. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/core/check.h"
#include "engine/shard/shard.h"
#include "tests/sim/caller.h"
#include "tests/sim/client.h"
#include "tests/sim/disk.h"
#include "tests/sim/manners.h"
#include "tests/sim/modsim.h"
#include "tests/sim/operator.h"
#include "tests/sim/outside.h"
#include "tests/sim/restart.h"
#include "tests/sim/retuner.h"
#include "tests/sim/squeeze.h"
#include "tests/sim/takers.h"
#include "tests/sim/tokens.h"

#define CLIENTS_MAX 10
#define CORES_SIM 3

struct sim sim;

static struct sim_client clients[CLIENTS_MAX];
static uint32_t client_count;
static struct shard *shards[CORES_SIM];
static struct shard_links links;
static struct sim_totals totals;
static bool settling; /* with an input: nothing is left to chance any more, so that all comes to rest soon */

bool sim_chance(uint32_t thousandths)
{
	if (settling)
		return thousandths >= 300;
	if (sim.input.at < sim.input.end)
		return *sim.input.at++ * 1000u < thousandths * 256;
	return random_below(&sim.random, 1000) < thousandths;
}

uint32_t sim_below(uint32_t bound)
{
	uint32_t drawn = 0;

	if (sim.input.at == sim.input.end)
		return (uint32_t)random_below(&sim.random, bound);
	for (uint64_t reach = 1; reach < bound; reach <<= 8)
		drawn = drawn << 8 | (sim.input.at < sim.input.end ? *sim.input.at++ : 0);
	return bound > 1 ? drawn % bound : 0;
}

void sim_note(const char *what, uint64_t a, uint64_t b)
{
	for (const char *at = what; *at; at++)
		sim.digest = (sim.digest ^ (uint8_t)*at) * 0x100000001b3ull;
	sim.digest = (sim.digest ^ a) * 0x100000001b3ull;
	sim.digest = (sim.digest ^ b) * 0x100000001b3ull;
	if (sim.trace)
		fprintf(stderr, "%12lu %s %lx %ld\n", sim.now_ns / 1000, what, a, (long)b);
}

void sim_fail(const char *format, ...)
{
	va_list arguments;

	fprintf(stderr, "seed %lu, digest %016lx, at %lu us: ", sim.seed, sim.digest, sim.now_ns / 1000);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fprintf(stderr, "\nagain, step by step: test-sim --seed %lu --trace\n", sim.seed);
	if (sim.input.end)
		abort();
	exit(1);
}

static void world_draw(void)
{
	sim.world = (struct sim_world){
		.cores = 1 + sim_below(CORES_SIM),
		.completion = 200 + sim_below(800),
		.short_send = sim_below(2) * sim_below(500),
		.no_buffers = sim_below(2) * sim_below(200),
		.accept_fails = sim_below(2) * sim_below(200),
		.receive_ends = sim_below(200),
		.chunk_max = 1 + sim_below(2) * sim_below(4000) + sim_below(30),
		.events_max = 1 + sim_below(40),
		.roomy = sim_chance(400),
		.window = 2000 + sim_below(2) * sim_below(60000),
	};
	/* Drawn after all else: worlds without a disk stay what they were. */
	sim.world.disk = sim_chance(600);
	if (!sim.world.disk)
		return;
	sim.world.crash = sim_below(2) * sim_below(150);
	sim.world.disk_full = sim_below(2) * sim_below(60);
	sim.world.disk_away = sim_below(2) * sim_below(100);
	sim.world.disk_fails = sim_below(2) * sim_below(10);
}

static void answer_none(void *context, const struct http_question *question, struct http_answer *answer)
{
	(void)context;
	(void)question;
	answer->status = 404;
}

static const struct http_source nothing = { .answer = answer_none };

/* Not drawn either. */
static struct ration_limits ration_limits(void)
{
	static const uint32_t shares[] = { 0, 1, 300, 1000, 3000, 20000 };

	return (struct ration_limits){
		.share = shares[sim.seed % 6],
		.turn = (uint32_t)(sim.seed % 5) * 1500,
		.light = (uint32_t)(sim.seed % 7) * 200,
		.costly = (uint32_t)(sim.seed % 2) * 600,
		.rest_ms = (uint32_t)(sim.seed % 3) * 40,
		.bytes_max = sim.seed % 4 == 0 ? 20000 : 4 << 20,
	};
}

/* With an input 16 KiB are more than it ever fills. */
static uint32_t ring_size_draw(void)
{
	return 4096u << (sim_below(2) * (sim.input.end ? 2 : 4));
}

static struct shard_limits limits_draw(uint32_t core)
{
	struct shard_limits limits = {
		.core = core,
		.cores = sim.world.cores,
		.ring = { .slots_max = 8 + sim_below(8) },
		.net = {
			.connections_max = 6 + sim_below(10),
			.address = { .count_max = sim_below(3) * 3, .half_max = sim_below(3) * 2 },
			.queue_bytes_max = 1 << 20,
			.linger_ms = 5000,
			.peer_address = true,
		},
		.home = {
			.rooms_max = 8,
			.members_max = 4 + sim_below(20),
			.roster_max = 64,
			.history_messages = sim.world.roomy ? 100000 : 5 + sim_below(100),
			.history_bytes = sim.world.roomy ? 16 << 20 : 2000 + sim_below(40000),
			.history_age_ms = sim.world.roomy ? 600000 : 60000,
			.history_bytes_all = sim.world.roomy ? 64 << 20 : 4000 + sim_below(100000),
			.page_bytes = 500 + sim_below(4000),
			.classes = simmanners_classes(),
		},
		.hall = { .hot_logs_max = 64, .cursors_max = 128, .hot_bytes_max = 2048 + sim_below(20000),
			  .crowd_members = (uint32_t)sim_below(4), .crowd_per_turn = 1 + (uint32_t)sim_below(3),
			  .crowd_bytes = 1000 },
		.session = {
			.handshake_ms = 10000, .hello_ms = 10000, .ping_ms = 25000, .pong_ms = 8000, .slow_ms = 30000,
			.drain_ms = 2000, .rooms_max = 3 + sim_below(3), .sends_per_s = sim_below(2) * 1000,
			.send_burst = 40, .bytes_per_s = 100000, .byte_burst = 65536,
			.user_times = (uint32_t)(sim.seed % 3), .network_times = (uint32_t)(sim.seed % 2),
			.commands_per_s = 0, .data_size_max = 16384, .frame_size_max = 65536,
			.origins = "same",
			.classes = simmanners_classes(),
		},
		.codec = squeeze_limits(),
		.ration = ration_limits(),
		.user = operator_limits(),
		.places_max = 64,
		.segment_bytes_max = sim_chance(300) ? 30000 + sim_below(60000) : 8 << 20,
		.mail_waiting_max = 1 << 20,
		.xring_size = ring_size_draw(),
	};

	sim.world.lean |= limits.segment_bytes_max < 1 << 20;
	caller_limits(&limits);
	retuner_limits(&limits);
	return limits;
}

static void engine_open(void)
{
	const struct ring_features features = { .usable = true, .peer_address = true };
	int error = shard_links_open(&links, sim.world.cores, ring_size_draw());

	CHECK(error == 0);
	simdisk_begin(&links);
	operator_begin(&links);
	links.auth = modsim_auth();
	outside_begin(&links);
	retuner_begin(&links);
	restart_begin(&links);
	for (uint32_t core = 0; core < sim.world.cores; core++) {
		const struct shard_limits limits = limits_draw(core);

		shards[core] = shard_open(&limits, &features, &links, &nothing, 0, 0x5eed ^ sim.seed,
					  random_next(&sim.random), &error);
		CHECK(shards[core]);
		restart_load(shards[core], &limits);
	}
	restart_judge(shards);
	simdisk_start();
	operator_start(shards);
}

static void engine_close(bool crash)
{
	for (uint32_t core = 0; core < sim.world.cores; core++)
		shard_close(shards[core]);
	outside_end();
	simdisk_end(crash);
	shard_links_close(&links);
}

/* The process is gone, and a new one is there. */
static void crash(void)
{
	sim_note("crash", 0, 0);
	totals.crashes++;
	engine_close(true);
	simdisk_judge();
	sim_sockets_cut();
	caller_crash();
	engine_open();
}

/* In good order. Who has not read their last words so far does now. */
static void start_again(void)
{
	totals.restarts++;
	for (uint32_t i = 0; i < client_count; i++)
		client_hear_out(&clients[i]);
	restart_save(shards);
	engine_close(false);
	simdisk_judge();
	sim_sockets_cut();
	caller_crash();
	engine_open();
}

static void turn(uint32_t core)
{
	shard_turn(shards[core]);
	tokens_turn(core);
}

/* In some worlds memory is short for four seconds of sixteen: not drawn, so that all other draws stay what they are. */
static void press_memory(void)
{
	const bool pressed = sim.seed % 3 == 0 && sim.now_ns / 1000000000 % 16 >= 12;

	sim.pressed |= pressed;
	links.memory_permille = pressed ? 950 : 0;
}

static void step(void)
{
	press_memory();
	/* What carries rules to a core would be nobody's. */
	if (!retuner_is_out() && (simdisk_failed() || (sim.world.crash > 0 && sim_below(100000) < sim.world.crash))) {
		crash();
		return;
	}
	if (!retuner_is_out() && restart_is_due(shards)) {
		start_again();
		return;
	}
	restart_act();
	operator_act();
	outside_act();
	if (restart_drains() == 0)
		retuner_act();
	else if (restart_drains() % 64 == 0)
		retuner_tend();
	caller_act();
	caller_read();
	if (sim_chance(400))
		simdisk_turn();
	turn(sim_below(sim.world.cores));
	for (uint32_t i = 0; restart_drains() > 0 && i < client_count; i++)
		client_read(&clients[i]);
	if (client_count > 0) {
		struct sim_client *client = &clients[sim_below(client_count)];

		if (!client->socket && sim_chance(200))
			client_open(client, client->index);
		client_act(client);
		client_read(client);
	}
	sim.now_ns += sim_chance(20) ? sim_below(2000) * 1000000ull : sim_below(2000) * 1000ull;
	if (sim_chance(5)) {
		const int64_t jump_ms = (int64_t)sim_below(200000000) - 100000000;

		sim.wall_offset_ms += tokens_rule() ? 0 : jump_ms;
	}
}

/* With all gone, and what rooms remember too old. */
static const enum counter gauges[] = {
	COUNTER_connections,    COUNTER_sessions,        COUNTER_users,
	COUNTER_hooks_waiting,  COUNTER_members,         COUNTER_compressing,
	COUNTER_takeover_bytes, COUNTER_inbound_waiting, COUNTER_inbound_waiting_bytes,
	COUNTER_hot_logs,       COUNTER_segment_bytes,   COUNTER_rooms,
	COUNTER_history_bytes,
};

/* Where somebody is banned a room is remembered. */
static bool may_be_left(enum counter counter)
{
	return counter == COUNTER_rooms && (modsim_auth() || caller_is_there());
}

static uint64_t sum(enum counter counter)
{
	uint64_t total = 0;

	for (uint32_t core = 0; core < sim.world.cores; core++)
		total += counter_read(shard_counters(shards[core]), counter);
	return total;
}

static void must_be_zero(enum counter counter)
{
	if (sum(counter) != 0)
		sim_fail("all have left, but %s is %lu", counter_name(counter), sum(counter));
}

/* Long after anything came. */
static void rings_are_counted(void)
{
	for (uint32_t core = 0; core < sim.world.cores; core++) {
		const struct counters *counters = shard_counters(shards[core]);
		const struct ring_stats *stats = sim_ring_stats(core);

		if (counter_read(counters, COUNTER_ring_no_buffers) != stats->no_buffers ||
		    counter_read(counters, COUNTER_ring_overflows) != stats->overflows)
			sim_fail("core %u does not tell how often its ring was full", core);
	}
}

/* Returns whether anything happened in it, or has yet to. */
static bool turn_all(void)
{
	const uint64_t digest = sim.digest;

	sim.stirred = false;
	outside_answer();
	for (uint32_t core = 0; core < sim.world.cores; core++)
		shard_turn(shards[core]);
	simdisk_turn_each();
	for (uint32_t i = 0; i < client_count; i++)
		client_read(&clients[i]);
	sim.now_ns += 10000;
	return sim.stirred || sim.digest != digest;
}

/* The same as below, where nothing is left to chance: until all would wait for a deadline. */
static void run_until_all_wait(void)
{
	for (int i = 0; turn_all(); i++)
		if (i == 30000)
			sim_fail("it does not come to rest");
}

/* Until nothing has happened for a while. Little time passes, so that no deadline does either. */
static void run_until_quiet(void)
{
	uint64_t digest = sim.digest;

	if (settling) {
		run_until_all_wait();
		return;
	}
	for (int i = 0, quiet = 0; quiet < 300; i++, quiet++) {
		if (i == 300000)
			sim_fail("it does not come to rest");
		outside_answer();
		turn((uint32_t)i % sim.world.cores);
		simdisk_turn();
		client_read(&clients[i % (int)client_count]);
		caller_read();
		sim.now_ns += 10000;
		if (sim.digest != digest)
			quiet = 0;
		digest = sim.digest;
	}
}

/* All thaw, and everybody who is live must come to know everything. */
static void settle(void)
{
	settling = sim.input.end != NULL;
	if (settling) {
		sim.world.completion = 1000;
		sim.world.short_send = sim.world.no_buffers = sim.world.accept_fails = 0;
		sim.world.chunk_max = sim.world.window = 1 << 16;
		sim.world.events_max = 4096;
	}
	for (uint32_t i = 0; i < client_count; i++)
		clients[i].frozen = false;
	simdisk_heal();
	for (uint32_t i = 0; retuner_is_out(); i++) {
		turn(i % sim.world.cores);
		if (i % 64 == 0)
			retuner_tend();
	}
	if (simdisk_failed())
		crash();
	run_until_quiet();
	/* What the store could not give is asked for again by the clock. */
	sim.now_ns += 1000 * 1000000ull;
	run_until_quiet();
	/* Who was refused often rests after each of what it has sent (gate/ration.h). */
	for (int i = 0; i < 400 && sum(COUNTER_inbound_waiting) != 0; i++) {
		sim.now_ns += 100 * 1000000ull;
		run_until_quiet();
	}
	operator_ask();
	run_until_quiet();
	operator_judge();
	simdisk_judge();
	caller_judge();
	for (uint32_t i = 0; i < client_count; i++)
		client_judge(&clients[i]);
	for (uint32_t room = 0; room < ORACLE_ROOMS; room++)
		for (uint32_t i = 0; simdisk_room(room) && i < client_count; i++) {
			const struct sim_membership *member = &clients[i].rooms[room];

			if (clients[i].socket && !clients[i].closing && member->joined && !member->leaving &&
			    !member->no_echo && member->last != simdisk_last(room) && simdisk_last(room) != 0)
				sim_fail("room %u: client %u is at %lu, the disk at %lu", room, i, member->last,
					 simdisk_last(room));
		}
	for (uint32_t room = 0; room < ORACLE_ROOMS; room++)
		for (uint32_t i = 0; i < client_count; i++)
			for (uint32_t j = 0; j < i; j++) {
				const struct sim_membership *a = &clients[i].rooms[room], *b = &clients[j].rooms[room];

				if (!clients[i].socket || !clients[j].socket || clients[i].closing ||
				    clients[j].closing || !a->joined || !b->joined || a->leaving || b->leaving)
					continue;
				if (strcmp(a->epoch, b->epoch) != 0 ||
				    (a->last != b->last && !a->no_echo && !b->no_echo))
					sim_fail("room %u: client %u is at %s:%lu and client %u at %s:%lu", room, i,
						 a->epoch, a->last, j, b->epoch, b->last);
			}
}

static bool all_is_zero(void)
{
	for (size_t i = 0; i < sizeof(gauges) / sizeof(gauges[0]); i++)
		if (sum(gauges[i]) != 0 && !may_be_left(gauges[i]))
			return false;
	return true;
}

/* A thousand seconds. */
static void let_time_pass(void)
{
	for (int i = 0; i < 2000; i++) {
		outside_answer();
		turn((uint32_t)i % sim.world.cores);
		simdisk_turn();
		client_read(&clients[i % (int)client_count]);
		caller_read();
		sim.now_ns += (i < 1000 ? 1 : 1000) * 1000000ull;
	}
}

/* The same, where nothing is left to chance: no more than it takes, and by leaps. A core that stood still waits for a
 * second before it looks at deadlines. */
static void leap_on(void)
{
	run_until_quiet();
	for (uint64_t leap_s = 40; leap_s <= 640 && !all_is_zero(); leap_s *= 2) {
		sim.now_ns += leap_s * 1000000000;
		turn_all();
		sim.now_ns += 1001 * 1000000ull;
		run_until_quiet();
	}
}

static void leave_all(void)
{
	for (uint32_t i = 0; i < client_count; i++)
		client_end(&clients[i], settling ? i % 2 : sim_chance(500));
	caller_leave();
	if (settling)
		leap_on();
	else
		let_time_pass();
	if (!settling)
		rings_are_counted();
	for (size_t i = 0; i < sizeof(gauges) / sizeof(gauges[0]); i++)
		if (!may_be_left(gauges[i]))
			must_be_zero(gauges[i]);
}

const struct sim_totals *sim_totals(void)
{
	return &totals;
}

/* With an input for as long as it lasts. */
static bool goes_on(int step, int steps)
{
	return sim.input.end ? step < 3000 && sim.input.at < sim.input.end : step < steps;
}

/* With an input mostly two to five: to open and to end each costs more than what an input has it say. */
static uint32_t clients_draw(void)
{
	if (!sim.input.end)
		return 2 + sim_below(CLIENTS_MAX - 1);
	const uint32_t drawn = sim_below(256);

	return 2 + drawn % (drawn < 224 ? 4 : CLIENTS_MAX - 1);
}

uint64_t sim_run(uint64_t seed)
{
	const bool trace = sim.trace;
	const struct sim_input input = sim.input;
	const uint64_t blocks_before = block_bytes_out();

	settling = false;
	for (uint32_t i = 0; i < client_count; i++)
		client_anew(&clients[i]);
	sim = (struct sim){ .seed = seed, .trace = trace, .digest = 0xcbf29ce484222325ull, .now_ns = 1000000000 };
	sim.input = input;
	random_seed(&sim.random, seed);
	oracle_reset();
	world_draw();
	simdisk_open();
	simmanners_draw(seed);
	operator_draw(seed);
	tokens_draw(seed);
	takers_draw(seed);
	modsim_draw(seed);
	restart_draw(seed);
	retuner_draw(seed);
	caller_draw(seed);
	outside_draw(seed);
	squeeze_draw(seed);
	client_count = clients_draw();
	engine_open();
	for (uint32_t i = 0; i < client_count; i++)
		client_open(&clients[i], i);
	const int steps = 500 + (int)sim_below(2500);

	for (int i = 0; goes_on(i, steps) || restart_drains() > 0; i++) {
		if (i > steps + 50000)
			sim_fail("it does not drain");
		step();
	}
	links.memory_permille = 0;
	links.watch.asked_ms = UINT64_MAX / 2; /* somebody always does */
	settle();
	for (uint32_t i = 0; i < client_count; i++) {
		totals.received += clients[i].received;
		totals.lagged += clients[i].lagged;
		totals.slow += clients[i].slow;
		totals.ended += clients[i].ended;
	}
	leave_all();
	engine_close(false);
	simdisk_judge();
	simdisk_close();
	modsim_end();
	sim_sockets_reset();
	if (block_bytes_out() != blocks_before)
		sim_fail("%ld bytes of blocks were not given back", (long)(block_bytes_out() - blocks_before));
	return sim.digest;
}
