/* map.h - finds the index of an item by a hash; the caller compares the keys.
 *
 * Open addressing with linear probing and backward-shift deletion, at most 3/4
 * full, 8 bytes a slot; grows by doubling. Values are slab indices, never 0.
 *
 *	for (struct map_probe p = map_probe(map, hash); (value = map_next(map, &p));)
 *		if (is_it(value)) break;
 */
#ifndef CORE_MAP_H
#define CORE_MAP_H

#include <stdint.h>

struct map {
	struct map_slot {
		uint32_t hash;
		uint32_t value; /* 0: empty */
	} *slots;
	uint32_t mask; /* slots - 1 */
	uint32_t used;
};

struct map_probe {
	uint32_t hash;
	uint32_t at;
};

int map_open(struct map *map, uint32_t slots); /* a power of two; 0 or -ENOMEM */
void map_close(struct map *map);

struct map_probe map_probe(const struct map *map, uint64_t hash);

/* The next value whose stored hash equals, or 0. */
uint32_t map_next(const struct map *map, struct map_probe *probe);

/* Returns 0, or -ENOMEM with the map unchanged. */
int map_add(struct map *map, uint64_t hash, uint32_t value);

/* The pair must be there (checked). */
void map_remove(struct map *map, uint64_t hash, uint32_t value);

#endif
