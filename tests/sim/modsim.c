#include "tests/sim/modsim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/auth/auth.h"
#include "engine/core/check.h"
#include "engine/core/random.h"
#include "tests/sim/acts.h"
#include "tests/sim/sim.h"
#include "tests/sim/told.h"
#include "tests/sim/tokens.h"

static struct random own;
static struct auth *policy;

void modsim_draw(uint64_t seed)
{
	random_seed(&own, seed ^ 0x30d51);
	if (random_below(&own, 2) == 0)
		return;
	modsim_rule("*: all");
}

struct auth *modsim_rule(const char *rights)
{
	struct auth_config config = { .rights = span_of(rights, strlen(rights)) };
	char why[AUTH_WHY_MAX];

	tokens_keys(&config);
	struct auth *const next = auth_make(&config, policy, why);

	CHECK(next);
	modsim_end();
	policy = next;
	return policy;
}

void modsim_end(void)
{
	auth_release(policy);
	policy = NULL;
}

struct auth *modsim_auth(void)
{
	return policy;
}

bool modsim_act(char *text, size_t size)
{
	static const char *const acts[] = { "kick", "ban", "unban", "mute", "unmute" };
	const uint32_t act = (uint32_t)random_below(&own, 5);
	char time[32] = "";

	if (!policy || random_below(&own, 20) != 0)
		return false;
	if ((act == 1 || act == 3) && random_below(&own, 2) == 0)
		snprintf(time, sizeof(time), ",\"for\":%u", 1 + (unsigned)random_below(&own, 5));
	snprintf(text, size, "\"act\":\"%s\",\"user\":\"u%u\"%s", acts[act], (unsigned)random_below(&own, MODSIM_USERS),
		 time);
	return true;
}

/* Whether the speaker is bound by what is known: not who manages and deletes, which is no speech, nor the API; and not
 * where what lifts an act may have been undone. */
static bool is_bound(const struct modsim *known, uint32_t room, uint64_t ts, uint64_t from, const char *event)
{
	const bool is_del = strncmp(event, "{\"ev\":\"del\"", 11) == 0;

	if (!strstr(event, "\"from\":\"u") || acts_may_be_undone(room) || (is_del && policy))
		return false;
	return ts < known->banned[from % MODSIM_USERS] || ts < known->muted[from % MODSIM_USERS] ||
	       (known->locked && !policy);
}

void modsim_event(struct modsim *known, uint32_t room, uint32_t user, uint64_t seq, const char *event)
{
	const uint64_t ts = told_number(event, "\"ts\":"), from = told_number(event, "\"from\":\"u");
	const uint64_t whom = told_number(event, "\"user\":\"u");
	/* The wall clock jumps: of what ends by it nobody can say here whether it has. */
	const uint64_t until = strstr(event, "\"until\":") ? 0 : UINT64_MAX;
	const uint64_t for_ms = until == 0 ? told_number(event, "\"until\":") - ts : 1000;

	if (for_ms % 1000 != 0 || for_ms == 0 || for_ms > 5000)
		sim_fail("nobody asked for this end: %s", event);

	if (known->removed_seq != 0)
		sim_fail("seq %lu comes to one who was removed at %lu", seq, known->removed_seq);
	if (strncmp(event, "{\"ev\":\"mod\"", 11) != 0) {
		if (is_bound(known, room, ts, from, event))
			sim_fail("seq %lu is of one who may not speak: %s", seq, event);
		return;
	}
	if (strstr(event, "\"act\":\"lock\""))
		known->locked = true;
	if (strstr(event, "\"act\":\"unlock\""))
		known->locked = false;
	if (strstr(event, "\"act\":\"ban\""))
		known->banned[whom % MODSIM_USERS] = until;
	if (strstr(event, "\"act\":\"unban\""))
		known->banned[whom % MODSIM_USERS] = 0;
	if (strstr(event, "\"act\":\"mute\""))
		known->muted[whom % MODSIM_USERS] = until;
	if (strstr(event, "\"act\":\"unmute\""))
		known->muted[whom % MODSIM_USERS] = 0;
	if (whom == user && seq > known->joined_seq &&
	    (strstr(event, "\"act\":\"ban\"") || strstr(event, "\"act\":\"kick\"")))
		known->removed_seq = seq;
}

void modsim_forget(struct modsim *known, uint64_t joined_seq)
{
	*known = (struct modsim){ .joined_seq = joined_seq };
}

uint64_t modsim_content(const char *event)
{
	uint64_t hash = 1469598103934665603ull;
	const char *at = strstr(event, "\"act\":");

	for (; at && *at && *at != '}'; at++)
		hash = (hash ^ (uint8_t)*at) * 1099511628211ull;
	return hash | 1ull << 63;
}
