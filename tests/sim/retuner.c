#include "tests/sim/retuner.h"

#include <string.h>

#include "engine/auth/auth.h"
#include "engine/core/check.h"
#include "engine/core/random.h"
#include "engine/shard/adopt.h"
#include "engine/gate/call.h"
#include "engine/gate/gate.h"
#include "engine/shard/retune.h"
#include "tests/sim/caller.h"
#include "tests/sim/modsim.h"
#include "tests/sim/sim.h"

#define CORES_SIM 3

enum rules { ALL_MAY, NOBODY_SPEAKS, ONE_IS_SHUT, NOBODY_IS_TOLD, RULES };

static const char *const texts[RULES] = {
	[ALL_MAY] = "*: all",
	[NOBODY_SPEAKS] = "*: read history presence",
	[ONE_IS_SHUT] = "*: all; r0: none",
	[NOBODY_IS_TOLD] = "*: read send history", /* who else is there */
};

static struct random own;
static bool acts;
static struct shard_links *links;
static struct shard_limits limits[CORES_SIM];
static bool changed; /* what is in limits was reloaded: it is the same for all cores */
static enum rules rules;
static uint64_t since_ns; /* when all cores had it */

/* One connection of each client: the messages of it that were taken since then. */
static struct flow {
	uint64_t first_ns;
	uint32_t count;
} flows[RETUNER_CLIENTS];

static struct core {
	struct gate_call call;
	bool out, late;
	bool of_rules; /* looks whether the core has them; else gives it limits */
	struct auth *auth;
} cores[CORES_SIM];

static uint32_t below(uint32_t bound)
{
	return (uint32_t)random_below(&own, bound);
}

static void forget_flows(void)
{
	memset(flows, 0, sizeof(flows));
	since_ns = sim.now_ns;
}

void retuner_draw(uint64_t seed)
{
	random_seed(&own, seed ^ 0x4e7023);
	acts = !sim.input.end && below(2) == 0;
	changed = false;
	rules = ALL_MAY;
	memset(cores, 0, sizeof(cores));
	forget_flows();
}

void retuner_limits(struct shard_limits *of)
{
	if (changed)
		of->session = limits[of->core].session;
	limits[of->core] = *of;
}

void retuner_begin(struct shard_links *of_cores)
{
	links = of_cores;
	forget_flows();
}

bool retuner_is_out(void)
{
	for (uint32_t core = 0; core < CORES_SIM; core++)
		if (cores[core].out)
			return true;
	return false;
}

static void arrived(struct core *core)
{
	core->out = false;
	if (!retuner_is_out())
		forget_flows();
}

static void run(struct gate *gate, struct gate_call *call)
{
	struct core *core = (struct core *)call;

	if (!core->of_rules) {
		gate_retune(gate, &limits[gate->core]);
		arrived(core);
	} else if (gate->auth == core->auth) {
		arrived(core);
	} else {
		core->late = true; /* they are on their way as well */
	}
}

static void send_out(bool of_rules, struct auth *auth)
{
	for (uint32_t core = 0; core < links->cores; core++) {
		cores[core] = (struct core){ { run }, true, false, of_rules, auth };
		CHECK(gate_call(links->ring_bells[core], &cores[core].call) == 0);
	}
}

static void reload_limits(void)
{
	const uint32_t per_s = below(3) == 0 ? 1 : below(2) * 1000, burst = 1 + below(2) * 39;
	const uint32_t rooms_max = 1 + below(5), data_size_max = below(2) ? 16384 : 500;

	for (uint32_t core = 0; core < links->cores; core++) {
		struct session_limits *session = &limits[core].session;

		session->sends_per_s = per_s;
		session->send_burst = burst;
		session->rooms_max = rooms_max;
		session->data_size_max = data_size_max;
	}
	changed = true;
	sim_note("limits", per_s, rooms_max);
	send_out(false, NULL);
}

static void reload_rules(void)
{
	rules = (enum rules)below(RULES);
	struct auth *auth = modsim_rule(texts[rules]);

	sim_note("rules", rules, 0);
	CHECK(adopt_auth(links, auth_hold(auth)) == 0);
	send_out(true, auth);
}

/* Asks again, not at once: a ring gives the newest call first. */
void retuner_tend(void)
{
	for (uint32_t core = 0; core < links->cores; core++)
		if (cores[core].late) {
			cores[core].late = false;
			CHECK(gate_call(links->ring_bells[core], &cores[core].call) == 0);
		}
}

void retuner_act(void)
{
	retuner_tend();
	if (!acts || retuner_is_out() || below(300) != 0)
		return;
	if (modsim_auth() && below(2))
		reload_rules();
	else
		reload_limits();
}

void retuner_opened(uint32_t client)
{
	flows[client] = (struct flow){ 0, 0 };
}

void retuner_spoke(uint32_t client, uint64_t said_ns)
{
	const struct session_limits *session = &limits[0].session;
	struct flow *flow = &flows[client];

	if (retuner_is_out() || said_ns <= since_ns)
		return;
	if (rules == NOBODY_SPEAKS)
		sim_fail("client %u speaks, which nobody may since %lu us", client, since_ns / 1000);
	if (flow->count++ == 0 || said_ns < flow->first_ns)
		flow->first_ns = said_ns;
	const uint64_t passed_ms = (sim.now_ns - flow->first_ns) / 1000000 + 2;
	const uint64_t most = session->send_burst + passed_ms * session->sends_per_s / 1000;

	if (changed && session->sends_per_s != 0 && flow->count > most)
		sim_fail("client %u: %u messages in %lu ms, %u and %u a second may be", client, flow->count, passed_ms,
			 session->send_burst, session->sends_per_s);
}

void retuner_joined(uint32_t client, uint32_t room, uint32_t rooms, uint64_t said_ns)
{
	if (retuner_is_out() || said_ns <= since_ns)
		return;
	if (rules == ONE_IS_SHUT && room == 0)
		sim_fail("client %u has come into room 0, where nobody may since %lu us", client, since_ns / 1000);
	/* Where somebody moderates, an answer may come before what says that one is out of another room. */
	if (changed && !modsim_auth() && !caller_is_there() && rooms > limits[0].session.rooms_max)
		sim_fail("client %u is in %u rooms of %u", client, rooms, limits[0].session.rooms_max);
}
