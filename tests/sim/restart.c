#include "tests/sim/restart.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "engine/core/check.h"
#include "engine/core/clock.h"
#include "engine/gate/offence.h"
#include "engine/ops/data.h"
#include "tests/sim/client.h"
#include "tests/sim/disk.h"
#include "tests/sim/told.h"
#include "tests/sim/tokens.h"

#define CLIENTS_MAX 16
#define ROOMY_AGE_MS 600000 /* as world.c has it */
#define LIVES 1024
#define STUCK_NS 10000000000ull /* more than the linger time */

/* What a room in memory has. last 0: nothing. */
struct kept {
	char epoch[ORACLE_EPOCH];
	uint64_t first, last, ts_ms;
};

uint64_t restart_turned_away_all;

static struct random own;
static uint32_t steps; /* until they are told; 0: they are not */
static uint32_t draining; /* for so many steps */
static bool saved;
static uint64_t began_ns[LIVES]; /* when each server was told to; 0: it was not */
static uint32_t life; /* which server it is */
static uint32_t turned_away; /* by this server */
static struct shard_links *links;
static struct data data;
static char directory[32];
static struct kept before[ORACLE_ROOMS], after[ORACLE_ROOMS];

static struct guest {
	uint32_t life; /* of the server that it came to */
	bool told;
	uint64_t after_ms;
} guests[CLIENTS_MAX];

void restart_draw(uint64_t seed)
{
	random_seed(&own, seed ^ 0x4e57a47);
	steps = !sim.input.end && random_below(&own, 5) < 2 ? 50 + (uint32_t)random_below(&own, 1500) : 0;
	saved = false;
	life = 0;
}

void restart_begin(struct shard_links *of)
{
	links = of;
	draining = turned_away = 0;
	began_ns[++life % LIVES] = 0;
}

void restart_act(void)
{
	if (draining > 0)
		draining++;
	if (draining > 0 || steps == 0 || --steps > 0)
		return;
	steps = random_below(&own, 3) == 0 ? 200 + (uint32_t)random_below(&own, 800) : 0;
	draining = 1;
	began_ns[life % LIVES] = sim.now_ns;
	sim_note("drain", 0, 0);
	for (uint32_t core = 0; core < links->cores; core++)
		CHECK(ring_post(links->ring_bells[core], SHARD_WORD_DRAIN) == 0);
}

uint32_t restart_drains(void)
{
	return draining;
}

bool restart_is_due(struct shard *const *shards)
{
	for (uint32_t core = 0; draining > 0 && core < links->cores; core++)
		if (!shard_is_drained(shards[core]))
			return false;
	return draining > 0;
}

static int look(void *context, struct span room, struct span epoch, const struct chat_event *event)
{
	const uint32_t number = (uint32_t)(room.bytes[1] - '0');
	struct kept *kept = &((struct kept *)context)[number];
	const uint64_t content = simdisk_content(event);

	CHECK(number < ORACLE_ROOMS && epoch.size < sizeof(kept->epoch));
	if (kept->last != 0 && kept->last + 1 != event->seq)
		sim_fail("room %u has seq %lu after %lu", number, event->seq, kept->last);
	if (kept->last == 0)
		kept->first = event->seq;
	memcpy(kept->epoch, epoch.bytes, epoch.size);
	kept->last = event->seq;
	kept->ts_ms = event->ts_ms;
	const uint64_t known = oracle_content(number, kept->epoch, event->seq);

	if (known != 0 && content != 0 && known != content)
		sim_fail("room %u has another event as seq %lu than clients were told", number, event->seq);
	return 0;
}

static void look_at_all(struct shard *const *shards, struct kept kept[ORACLE_ROOMS])
{
	memset(kept, 0, ORACLE_ROOMS * sizeof(*kept));
	for (uint32_t core = 0; core < links->cores; core++)
		CHECK(home_save(shard_home(shards[core]), look, kept) == 0);
}

/* Somebody may have gone without having read it. */
static void turned_away_is_counted(struct shard *const *shards)
{
	uint64_t counted = 0;

	for (uint32_t core = 0; core < links->cores; core++)
		counted += shard_counters(shards[core])->refusals[OFFENCE_http_draining];
	if (counted < turned_away)
		sim_fail("%u were turned away by a server that ends, which tells of %lu", turned_away, counted);
}

void restart_save(struct shard *const *shards)
{
	turned_away_is_counted(shards);
	sim_note("restart", 0, 0);
	snprintf(directory, sizeof(directory), "%s/test-sim-XXXXXX",
		 access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	look_at_all(shards, before);
	CHECK(mkdtemp(directory) && data_open(&data, directory) == 0);
	for (uint32_t core = 0; core < links->cores; core++)
		data_save(&data, shard_home(shards[core]));
	CHECK(data_finish(&data) == 0);
	data_close(&data);
	CHECK(data_open(&data, directory) == 0);
	saved = true;
}

void restart_load(struct shard *shard, const struct shard_limits *limits)
{
	const struct data_core core = { limits->core, limits->cores, 0x5eed ^ sim.seed };

	if (saved &&
	    data_restore(&data, shard_home(shard), &core, &limits->home, sim.now_ns / 1000000, clock_wall_ms()) != 0)
		sim_fail("what core %u has of the snapshot cannot be taken back", limits->core);
}

static void forget_directory(void)
{
	char lock[64];

	CHECK(data_forget(&data) == 0);
	data_close(&data);
	snprintf(lock, sizeof(lock), "%s/lock", directory);
	CHECK(unlink(lock) == 0 && rmdir(directory) == 0);
	saved = false;
}

/* A room that is there goes on where it was; one with something that is not too old is there, if there is space. By
 * a clock that jumps some of it may be too old: then no more is all kept. */
void restart_judge(struct shard *const *shards)
{
	if (!saved)
		return;
	forget_directory();
	look_at_all(shards, after);
	for (uint32_t room = 0; room < ORACLE_ROOMS; room++) {
		const struct kept *then = &before[room], *now = &after[room];
		const bool young = clock_wall_ms() < then->ts_ms + ROOMY_AGE_MS;

		if (now->last == 0 && (then->last == 0 || !sim.world.roomy || !young)) {
			sim.world.roomy &= then->last == 0;
			continue;
		}
		sim.world.roomy &= now->first == then->first;
		if (now->last != then->last || now->first < then->first || strcmp(now->epoch, then->epoch) != 0)
			sim_fail("room %u had %s:%lu to %lu, and has %s:%lu to %lu after a restart", room, then->epoch,
				 then->first, then->last, now->epoch, now->first, now->last);
		oracle_kept(room, now->epoch, now->last);
	}
}

void restart_opened(const struct sim_client *client)
{
	guests[client->index] = (struct guest){ .life = life };
}

/* When its server was told to drain; 0: it was not. */
static uint64_t drained_ns(const struct guest *guest)
{
	return began_ns[guest->life % LIVES];
}

void restart_told(const struct sim_client *client, const char *text)
{
	struct guest *guest = &guests[client->index];

	guest->after_ms = told_number(text, "\"after_ms\":");
	if (guest->told || drained_ns(guest) == 0)
		sim_fail("client %u is told to come back, twice or by nobody: %s", client->index, text);
	guest->told = true;
	tokens_leaving(client, clock_wall_ms() - (sim.now_ns - drained_ns(guest)) / 1000000 + guest->after_ms,
		       guest->after_ms);
}

void restart_turned_away(const struct sim_client *client)
{
	if (drained_ns(&guests[client->index]) == 0)
		sim_fail("client %u is turned away by a server that does not end", client->index);
	turned_away += guests[client->index].life == life;
	restart_turned_away_all++;
}

void restart_closed(const struct sim_client *client, uint32_t code, const char *reason)
{
	/* The token, the operator, the user's limit, its own doing. */
	static const char others[] = " 4410 4411 4412 4414 4429 4504 4508 ";
	const struct guest *guest = &guests[client->index];
	char word[16];

	snprintf(word, sizeof(word), " %u ", code);
	if (code != 4503) {
		if (guest->told && !strstr(others, word))
			sim_fail("client %u was told to come back, and is closed with %u %s", client->index, code,
				 reason);
		return;
	}
	if (drained_ns(guest) == 0 || (client->live && !guest->told))
		sim_fail("client %u is closed for a restart, of which it was not told", client->index);
	/* A core counts whole milliseconds. */
	if (guest->told && sim.now_ns / 1000000 < drained_ns(guest) / 1000000 + guest->after_ms)
		sim_fail("client %u is closed sooner than in %lu ms", client->index, guest->after_ms);
}

void restart_cut(const struct sim_client *client)
{
	const struct sim_socket *socket = client->socket;
	/* Within the linger time its last words had to wait behind what it did not take. */
	const bool was_stuck = socket->stuck_ns != 0 && socket->given_up_ns < socket->stuck_ns + STUCK_NS;

	if (guests[client->index].life == life && !sim.world.lean && !was_stuck)
		sim_fail("client %u is cut off without a word", client->index);
}
