#include "engine/core/map.h"

#include <errno.h>
#include <string.h>

#include "engine/core/check.h"
#include "engine/core/pages.h"
#include "engine/core/slab.h"

/* The half that is stored also says where the pair lives, so that growing needs no keys. */
static uint32_t stored_hash(uint64_t hash)
{
	return (uint32_t)(hash >> 32) ^ (uint32_t)hash;
}

static size_t slots_size(uint32_t slots)
{
	return (size_t)slots * sizeof(struct map_slot);
}

/* A large table is pages of its own: when it grows, the old one is really given back. */
#define PAGES_FROM (64 * 1024)

static struct map_slot *slots_take(uint32_t slots)
{
	const size_t size = slots_size(slots);
	struct map_slot *taken = size >= PAGES_FROM ? pages_reserve(size) : block_take(size);

	if (taken && size < PAGES_FROM)
		memset(taken, 0, size);
	return taken;
}

static void slots_give(struct map_slot *slots, uint32_t count)
{
	const size_t size = slots_size(count);

	if (size >= PAGES_FROM)
		pages_release(slots, size);
	else
		block_give(slots, size);
}

int map_open(struct map *map, uint32_t slots)
{
	CHECK(slots > 0 && (slots & (slots - 1)) == 0);

	*map = (struct map){ .slots = slots_take(slots), .mask = slots - 1 };
	return map->slots ? 0 : -ENOMEM;
}

void map_close(struct map *map)
{
	if (map->slots)
		slots_give(map->slots, map->mask + 1);
	*map = (struct map){ .slots = NULL };
}

struct map_probe map_probe(const struct map *map, uint64_t hash)
{
	return (struct map_probe){ .hash = stored_hash(hash), .at = stored_hash(hash) & map->mask };
}

uint32_t map_next(const struct map *map, struct map_probe *probe)
{
	for (;;) {
		const struct map_slot *slot = &map->slots[probe->at];

		if (!slot->value)
			return 0;
		probe->at = (probe->at + 1) & map->mask;
		if (slot->hash == probe->hash)
			return slot->value;
	}
}

static void put(struct map *map, struct map_slot pair)
{
	uint32_t at = pair.hash & map->mask;

	while (map->slots[at].value)
		at = (at + 1) & map->mask;
	map->slots[at] = pair;
	map->used++;
}

static int grow(struct map *map)
{
	struct map bigger;

	CHECK(map->mask < UINT32_MAX / 2);
	if (map_open(&bigger, (map->mask + 1) * 2) < 0)
		return -ENOMEM;
	for (uint32_t at = 0; at <= map->mask; at++)
		if (map->slots[at].value)
			put(&bigger, map->slots[at]);
	CHECK(bigger.used == map->used);
	map_close(map);
	*map = bigger;
	return 0;
}

int map_add(struct map *map, uint64_t hash, uint32_t value)
{
	CHECK(value != 0);

	const uint64_t slots = (uint64_t)map->mask + 1;

	/* One slot at least stays empty: it is what ends a search. */
	if (((uint64_t)map->used + 1) * 4 > slots * 3 && grow(map) < 0)
		return -ENOMEM;
	put(map, (struct map_slot){ .hash = stored_hash(hash), .value = value });
	return 0;
}

/* Pulls back every following pair that the hole would cut off from its home; no tombstones. */
static void close_hole(struct map *map, uint32_t hole)
{
	for (uint32_t at = (hole + 1) & map->mask; map->slots[at].value; at = (at + 1) & map->mask) {
		const uint32_t from_home = (at - map->slots[at].hash) & map->mask;
		const uint32_t from_hole = (at - hole) & map->mask;

		if (from_home < from_hole)
			continue;
		map->slots[hole] = map->slots[at];
		hole = at;
	}
	map->slots[hole] = (struct map_slot){ .value = 0 };
}

void map_remove(struct map *map, uint64_t hash, uint32_t value)
{
	const uint32_t wanted = stored_hash(hash);
	uint32_t at = wanted & map->mask;

	while (map->slots[at].value != value || map->slots[at].hash != wanted) {
		CHECK(map->slots[at].value != 0);
		at = (at + 1) & map->mask;
	}
	close_hole(map, at);
	map->used--;
}
