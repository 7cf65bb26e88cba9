#include "tests/sim/operator.h"

#include <stdio.h>
#include <string.h>

#include "engine/core/check.h"
#include "engine/gate/call.h"
#include "engine/gate/gate.h"
#include "tests/sim/sim.h"

#define USERS 5 /* of client.c: "u0" to "u4" */
#define CORES_SIM 3

static struct random own;
static bool acts;
static struct shard_links *links;
static uint64_t kept[USERS]; /* until when each is banned, as the engine last said */
static uint64_t ended_ns[USERS];
static struct user_limits limits;
static struct gate *gates[CORES_SIM]; /* while they are looked at */
static struct user_record seen[USERS]; /* of all cores: connections, rooms, cores */

static struct call {
	struct gate_call call;
	bool out; /* the core has not run it yet */
	uint32_t user, what;
} act, look[CORES_SIM];

static struct span name_of(uint32_t user, char name[4])
{
	return span_of(name, (size_t)snprintf(name, 4, "u%u", user % 10));
}

static void keep(void *context, struct span user, uint64_t until_ms)
{
	(void)context;
	CHECK(user.size == 2 && user.bytes[1] - '0' < USERS);
	kept[user.bytes[1] - '0'] = until_ms;
	sim_note("ban", user.bytes[1], until_ms);
}

static void run_act(struct gate *gate, struct gate_call *call)
{
	char name[4];
	struct call *const mine = (struct call *)call;
	const struct span user = name_of(mine->user, name);

	mine->out = false;
	if (mine->what < 3)
		operator_ended(mine->user, sim.now_ns);
	if (mine->what < 2)
		user_disconnect(gate, user, CHAT_CLOSE_disconnected);
	else
		CHECK(user_ban(gate, user, mine->what == 2 ? USER_BANNED_FOR_EVER : 0) == 0);
}

static void look_at(struct gate *gate)
{
	char name[4];
	uint32_t found = 0;

	for (uint32_t user = 0; user < USERS; user++) {
		struct conn *conn = users_first(gate, name_of(user, name));

		if (conn && kept[user] != 0)
			sim_fail("core %u: %s is in, and banned", gate->core, name);
		for (; conn; conn = users_next(gate, conn)) {
			found++;
			seen[user].connections++;
			seen[user].rooms += gate->hall.owners[conn->slot].count;
			seen[user].cores |= 1ull << gate->core;
		}
	}
	if (found != gate->users.count || found != counter_read(gate->counters, COUNTER_sessions))
		sim_fail("core %u: of %u users %u are found by name", gate->core, gate->users.count, found);
}

static void run_look(struct gate *gate, struct gate_call *call)
{
	((struct call *)call)->out = false;
	gates[gate->core] = gate;
	look_at(gate);
}

void operator_draw(uint64_t seed)
{
	random_seed(&own, seed ^ 0x09e4a70f);
	acts = random_below(&own, 2) == 0;
	memset(kept, 0, sizeof(kept));
	memset(ended_ns, 0, sizeof(ended_ns));
	limits = (struct user_limits){
		.connections_max = (uint32_t)random_below(&own, 2),
		.rooms_max = (uint32_t)random_below(&own, 2) * (2 + (uint32_t)random_below(&own, 4)),
	};
}

struct user_limits operator_limits(void)
{
	return limits;
}

void operator_begin(struct shard_links *of)
{
	links = of;
	links->bans_kept = (struct ban_keeper){ keep, NULL };
	act.out = false;
	for (uint32_t core = 0; core < CORES_SIM; core++)
		look[core].out = false;
}

void operator_start(struct shard **shards)
{
	char name[4];

	for (uint32_t core = 0; core < links->cores; core++)
		for (uint32_t user = 0; user < USERS; user++)
			if (kept[user] != 0)
				CHECK(shard_restore_ban(shards[core], name_of(user, name), kept[user], 0) == 0);
}

void operator_act(void)
{
	if (!acts || act.out || random_below(&own, 300) != 0)
		return;
	act = (struct call){ { run_act }, true, (uint32_t)random_below(&own, USERS), (uint32_t)random_below(&own, 5) };
	CHECK(gate_call(links->ring_bells[random_below(&own, links->cores)], &act.call) == 0);
}

void operator_ended(uint32_t user, uint64_t then_ns)
{
	if (ended_ns[user] < then_ns)
		ended_ns[user] = then_ns;
}

uint64_t operator_ended_ns(uint32_t user)
{
	return ended_ns[user];
}

void operator_ask(void)
{
	for (uint32_t core = 0; core < links->cores; core++) {
		look[core] = (struct call){ { run_look }, true, 0, 0 };
		CHECK(gate_call(links->ring_bells[core], &look[core].call) == 0);
	}
}

/* What the home knows of a user is what all cores have of it. */
static void judge_user(uint32_t user)
{
	char name[4];
	const uint64_t hash = user_hash(gates[0], name_of(user, name));
	const struct user_record *record = user_homes_find(&gates[user_home(gates[0], hash)]->user_homes, hash);
	const struct user_record known = record ? *record : (struct user_record){ .connections = 0 };

	if (known.connections != seen[user].connections || known.rooms != seen[user].rooms ||
	    known.cores != seen[user].cores)
		sim_fail("%s: %u connections in %u rooms on cores %lx, its home says %u, %u, %lx", name,
			 seen[user].connections, seen[user].rooms, seen[user].cores, known.connections, known.rooms,
			 known.cores);
	if (limits.connections_max != 0 && known.connections > limits.connections_max)
		sim_fail("%s: %u connections", name, known.connections);
	if (limits.rooms_max != 0 && links->cores == 1 && known.rooms > limits.rooms_max)
		sim_fail("%s: in %u rooms", name, known.rooms);
}

void operator_judge(void)
{
	for (uint32_t core = 0; core < links->cores; core++)
		if (look[core].out)
			sim_fail("core %u has not looked", core);
	/* Once more: somebody may have gone since, and homes have heard of it. */
	memset(seen, 0, sizeof(seen));
	for (uint32_t core = 0; core < links->cores; core++)
		look_at(gates[core]);
	for (uint32_t user = 0; user < USERS; user++)
		judge_user(user);
}
