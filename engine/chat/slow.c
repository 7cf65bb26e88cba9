#include "engine/chat/slow.h"

#include <stdbool.h>
#include <string.h>

#include "engine/core/slab.h"

#define CAPACITY_FIRST 64
#define PROBES 16

size_t slow_bytes(const struct slow *slow)
{
	return slow->capacity * sizeof(*slow->entries);
}

void slow_forget(struct slow *slow)
{
	if (slow->entries)
		block_give(slow->entries, slow_bytes(slow));
	*slow = (struct slow){ 0 };
}

static struct slow_entry *entry_at(const struct slow *slow, uint64_t hash, uint32_t probe)
{
	return &slow->entries[(hash + probe) & (slow->capacity - 1)];
}

static bool is_over(const struct slow_entry *entry, uint64_t every_ms, uint64_t now_ms)
{
	return entry->spoke_ms == 0 || entry->spoke_ms + every_ms <= now_ms;
}

static struct slow_entry *find(const struct slow *slow, uint64_t hash)
{
	for (uint32_t probe = 0; slow->entries && probe < PROBES; probe++) {
		struct slow_entry *entry = entry_at(slow, hash, probe);

		if (entry->spoke_ms != 0 && entry->hash == hash)
			return entry;
	}
	return NULL;
}

uint64_t slow_wait_ms(const struct slow *slow, uint64_t hash, uint64_t every_ms, uint64_t now_ms)
{
	const struct slow_entry *entry = find(slow, hash);

	return entry && !is_over(entry, every_ms, now_ms) ? entry->spoke_ms + every_ms - now_ms : 0;
}

static bool put(struct slow *slow, uint64_t hash, uint64_t every_ms, uint64_t now_ms, uint64_t spoke_ms)
{
	struct slow_entry *entry = find(slow, hash);

	for (uint32_t probe = 0; !entry && slow->entries && probe < PROBES; probe++)
		if (is_over(entry_at(slow, hash, probe), every_ms, now_ms))
			entry = entry_at(slow, hash, probe);
	if (entry)
		*entry = (struct slow_entry){ .hash = hash, .spoke_ms = spoke_ms };
	return entry != NULL;
}

/* Twice the size, with those who still wait. */
static bool grow(struct slow *slow, uint64_t every_ms, uint64_t now_ms)
{
	struct slow larger = { .capacity = slow->capacity > 0 ? slow->capacity * 2 : CAPACITY_FIRST };

	if (larger.capacity > SLOW_USERS_MAX * 2)
		return false;
	larger.entries = block_take(slow_bytes(&larger));
	if (!larger.entries)
		return false;
	memset(larger.entries, 0, slow_bytes(&larger));
	for (uint32_t i = 0; i < slow->capacity; i++)
		if (!is_over(&slow->entries[i], every_ms, now_ms))
			put(&larger, slow->entries[i].hash, every_ms, now_ms, slow->entries[i].spoke_ms);
	slow_forget(slow);
	*slow = larger;
	return true;
}

void slow_note(struct slow *slow, uint64_t hash, uint64_t every_ms, uint64_t now_ms)
{
	while (!put(slow, hash, every_ms, now_ms, now_ms > 0 ? now_ms : 1))
		if (!grow(slow, every_ms, now_ms))
			return;
}
