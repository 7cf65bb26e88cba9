#include "tests/sim/told.h"

#include <stdlib.h>
#include <string.h>

#include "tests/sim/caller.h"
#include "tests/sim/modsim.h"
#include "tests/sim/sim.h"
#include "tests/sim/takers.h"

#define TAKEN (1ull << 60)
#define NOT_OF_CID (7ull << 61)

uint64_t told_number(const char *text, const char *key)
{
	const char *at = strstr(text, key);

	return at ? strtoull(at + strlen(key), NULL, 10) : 0;
}

uint32_t told_room(const char *text)
{
	const char *at = strstr(text, "\"room\":\"r");

	if (!at)
		sim_fail("no room in %s", text);
	return (uint32_t)strtoul(at + 9, NULL, 10);
}

void told_epoch(const char *text, char epoch[ORACLE_EPOCH])
{
	const char *at = strstr(text, "\"epoch\":\"");
	const char *end = at ? strchr(at + 9, '"') : NULL;

	if (!end || end - at - 9 >= ORACLE_EPOCH)
		sim_fail("no epoch in %s", text);
	memcpy(epoch, at + 9, (size_t)(end - at - 9));
	epoch[end - at - 9] = 0;
}

uint64_t told_content_of_cid(uint32_t client, uint64_t number)
{
	return ((uint64_t)client + 1) << 32 | number;
}

uint64_t told_content_taken(uint64_t content)
{
	return content | TAKEN;
}

bool told_is_taken(uint64_t content)
{
	return (content & (TAKEN | NOT_OF_CID)) == TAKEN;
}

bool told_takes(uint32_t client, const char *from)
{
	return client < CALLER_FIRST && (*from != 'u' || strtoul(from + 1, NULL, 10) != client % MODSIM_USERS);
}

uint32_t told_sender(uint64_t content)
{
	const uint32_t client = (uint32_t)((content & ~TAKEN) >> 32) - 1;

	return told_is_taken(content) ? takers_other(client) : client;
}

uint64_t told_content_of_del(uint64_t target)
{
	return 1ull << 61 | target;
}

uint64_t told_content_of_key(const char *data)
{
	const char *at = data ? strstr(data, "{\"t\":\"k") : NULL;
	char *end;

	if (!at)
		return 0;
	const uint64_t caller = strtoull(at + 7, &end, 10);

	return 1ull << 62 | caller << 32 | strtoull(end + 1, NULL, 10);
}

uint64_t told_content(const char *event)
{
	const char *at = strstr(event, "\"cid\":\"c");
	char *end;

	if (strncmp(event, "{\"ev\":\"mod\"", 11) == 0)
		return modsim_content(event);
	if (strstr(event, "\"cid\":\"idem-"))
		return told_content_of_key(event);
	if (!at && strncmp(event, "{\"ev\":\"del\"", 11) == 0)
		return told_content_of_del(told_number(event, "\"target\":"));
	if (!at)
		sim_fail("an event without its cid: %s", event);
	const uint32_t client = (uint32_t)strtoul(at + 8, &end, 10);
	const uint64_t content = told_content_of_cid(client, strtoull(end + 1, NULL, 10));
	const char *from = strstr(event, "\"from\":\"");

	if (!from)
		sim_fail("an event without its author: %s", event);
	return told_takes(client, from + 8) ? told_content_taken(content) : content;
}

bool told_is_logged(const char *text)
{
	return strncmp(text, "{\"ev\":\"msg\"", 11) == 0 || strncmp(text, "{\"ev\":\"edit\"", 12) == 0 ||
	       strncmp(text, "{\"ev\":\"del\"", 11) == 0 || strncmp(text, "{\"ev\":\"mod\"", 11) == 0 ||
	       strncmp(text, "{\"ev\":\"react\"", 13) == 0;
}
