#include "tests/sim/takers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/core/random.h"
#include "tests/sim/client.h"

#define CLIENTS_MAX 16

static struct random own;
static bool wanted;
static uint64_t heard[CLIENTS_MAX][ORACLE_ROOMS]; /* the newest number of the other one */

void takers_draw(uint64_t seed)
{
	random_seed(&own, seed ^ 0x7a4ec9);
	memset(heard, 0, sizeof(heard));
	wanted = random_below(&own, 4) == 0 && !sim.input.end;
}

uint32_t takers_other(uint32_t client)
{
	return client ^ 1;
}

void takers_heard(const struct sim_client *client, uint32_t room, const char *event)
{
	uint64_t *newest = &heard[client->index][room];
	char cid[16];

	if (!wanted)
		return;
	snprintf(cid, sizeof(cid), "\"cid\":\"c%u:", takers_other(client->index));
	const char *at = strstr(event, cid);
	const uint64_t number = at ? strtoull(at + strlen(cid), NULL, 10) : 0;

	if (number > *newest)
		*newest = number;
}

bool takers_take(const struct sim_client *client, uint32_t room, uint64_t *number)
{
	const uint64_t newest = heard[client->index][room];

	if (!wanted || newest == 0 || random_below(&own, 8) != 0)
		return false;
	*number = newest + random_below(&own, 3);
	return true;
}
