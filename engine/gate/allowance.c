#include "engine/gate/allowance.h"

#include <errno.h>
#include <stddef.h>

#include "engine/core/pages.h"

int allowances_open(struct allowances *allowances)
{
	allowances->places = pages_reserve(ALLOWANCES_BYTES);
	return allowances->places ? 0 : -ENOMEM;
}

void allowances_close(struct allowances *allowances)
{
	if (allowances->places)
		pages_release(allowances->places, ALLOWANCES_BYTES);
	allowances->places = NULL;
}

static struct allowance *set_of(struct allowances *allowances, uint64_t who)
{
	return &allowances->places[who % ALLOWANCE_SETS * ALLOWANCE_WAYS];
}

struct allowance *allowance_find(struct allowances *allowances, uint64_t who)
{
	struct allowance *const set = set_of(allowances, who);

	for (size_t i = 0; i < ALLOWANCE_WAYS; i++)
		if (set[i].who == who)
			return &set[i];
	return NULL;
}

struct allowance *allowance_of(struct allowances *allowances, uint64_t who, uint64_t now_ms)
{
	struct allowance *const set = set_of(allowances, who), *quietest = set;
	struct allowance *const found = allowance_find(allowances, who);

	if (found) {
		found->used_ms = now_ms;
		return found;
	}
	for (size_t i = 1; i < ALLOWANCE_WAYS; i++)
		if (set[i].used_ms < quietest->used_ms)
			quietest = &set[i];
	*quietest = (struct allowance){ .who = who, .used_ms = now_ms };
	return quietest;
}
