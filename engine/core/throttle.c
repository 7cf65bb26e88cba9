#include "engine/core/throttle.h"

#include <stddef.h>

#include "engine/core/check.h"

#define TRIES 8 /* entries looked at for a network */

static uint32_t place_of(uint32_t rule, uint64_t network)
{
	uint64_t hash = (network ^ ((uint64_t)rule << 56)) * 0x9e3779b97f4a7c15ull;

	hash = (hash ^ hash >> 29) * 0xbf58476d1ce4e5b9ull;
	return (uint32_t)(hash >> 32);
}

static bool is_over(const struct throttle_entry *entry, uint64_t now_ms)
{
	return now_ms - entry->since_ms >= THROTTLE_WINDOW_MS;
}

/* The entry of the network, or one that may become it, or the rule's shared one. */
static struct throttle_entry *entry_of(struct throttle *throttle, uint32_t rule, uint64_t network, uint64_t now_ms)
{
	const uint32_t place = place_of(rule, network);
	struct throttle_entry *vacant = NULL;

	for (uint32_t i = 0; i < TRIES; i++) {
		struct throttle_entry *entry = &throttle->entries[(place + i) & (THROTTLE_ENTRIES - 1)];

		if (entry->since_ms != 0 && entry->rule == rule && entry->network == network)
			return entry;
		/* One whose count is still to be told is not free yet. */
		if (!vacant && (entry->since_ms == 0 || (is_over(entry, now_ms) && entry->untold == 0)))
			vacant = entry;
	}
	if (vacant)
		*vacant = (struct throttle_entry){ .network = network, .rule = rule };
	return vacant ? vacant : &throttle->others[rule];
}

bool throttle_one(struct throttle_entry *entry, uint64_t now_ms, uint32_t *untold)
{
	CHECK(now_ms > 0);
	if (entry->since_ms != 0 && !is_over(entry, now_ms)) {
		entry->untold += entry->untold < UINT32_MAX;
		return false;
	}
	*untold = entry->untold;
	entry->since_ms = now_ms;
	entry->untold = 0;
	return true;
}

bool throttle_take(struct throttle *throttle, uint32_t rule, uint64_t network, uint64_t now_ms, uint32_t *untold)
{
	CHECK(rule < THROTTLE_RULES_MAX);

	struct throttle_entry *entry = entry_of(throttle, rule, network, now_ms);

	if (!throttle_one(entry, now_ms, untold))
		return false;
	entry->rule = rule;
	if (throttle->over_ms == 0 || now_ms + THROTTLE_WINDOW_MS < throttle->over_ms)
		throttle->over_ms = now_ms + THROTTLE_WINDOW_MS;
	return true;
}

/* With an event untold: else it is only given back. Of those that are left the first one's end goes to *next_ms. */
static bool take_over(struct throttle_entry *entry, uint64_t now_ms, struct throttle_entry *over, uint64_t *next_ms)
{
	if (entry->since_ms == 0)
		return false;
	if (!is_over(entry, now_ms)) {
		const uint64_t end_ms = entry->since_ms + THROTTLE_WINDOW_MS;

		if (*next_ms == 0 || end_ms < *next_ms)
			*next_ms = end_ms;
		return false;
	}
	*over = *entry;
	*entry = (struct throttle_entry){ 0 };
	return over->untold > 0;
}

bool throttle_over(struct throttle *throttle, uint64_t now_ms, struct throttle_entry *over)
{
	uint64_t next_ms = 0;

	if (throttle->over_ms == 0 || now_ms < throttle->over_ms)
		return false;
	for (uint32_t i = 0; i < THROTTLE_ENTRIES; i++)
		if (take_over(&throttle->entries[i], now_ms, over, &next_ms))
			return true;
	for (uint32_t rule = 0; rule < THROTTLE_RULES_MAX; rule++)
		if (take_over(&throttle->others[rule], now_ms, over, &next_ms)) {
			over->network = THROTTLE_OTHERS;
			return true;
		}
	throttle->over_ms = next_ms;
	return false;
}
