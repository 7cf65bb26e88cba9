/* directory.h - the rooms that a core knows, by name.
 *
 * A place is a room's name on this core with whatever this core has of it: the
 * room itself where this is its home, hot logs where it has members here. It goes when none is left.
 */
#ifndef CHAT_DIRECTORY_H
#define CHAT_DIRECTORY_H

#include "engine/core/map.h"
#include "engine/core/slab.h"
#include "proto/base/span.h"

/* How frames are rendered: by what a member wants to get, and whether it agreed to get it compressed. A room has at
 * most one hot log of each on a core. */
enum variant {
	VARIANT_LOG,
	VARIANT_PRESENCE,
	VARIANT_LOG_COMPRESSED,
	VARIANT_PRESENCE_COMPRESSED,
	VARIANT_COUNT,
};

static inline enum variant variant_of(bool presence, bool compressed)
{
	return (enum variant)((presence ? VARIANT_PRESENCE : VARIANT_LOG) + (compressed ? VARIANT_LOG_COMPRESSED : 0));
}

struct place {
	uint64_t hash;
	uint8_t *name;
	uint32_t room;               /* home only */
	uint32_t hot[VARIANT_COUNT]; /* hot logs */
	uint32_t members : 24;       /* cursors on this core, those still joining included */
	uint32_t name_size : 8;
};

struct directory {
	struct slab places;
	struct map by_name;
	uint64_t hash_key; /* the same on every core */
	uint32_t cores;
};

int directory_open(struct directory *directory, uint32_t places_max, uint64_t hash_key, uint32_t cores);
void directory_close(struct directory *directory);

uint64_t directory_hash(const struct directory *directory, struct span name);

/* The core that alone gives this room its order. */
uint32_t directory_home(const struct directory *directory, uint64_t hash);

/* The place, or 0. */
uint32_t directory_find(const struct directory *directory, struct span name, uint64_t hash);

/* Finds or makes. 0 when the limit is reached. */
uint32_t directory_enter(struct directory *directory, struct span name, uint64_t hash);

/* Forgets the place if nothing is left of it. */
void directory_tidy(struct directory *directory, uint32_t place);

static inline struct place *directory_at(const struct directory *directory, uint32_t place)
{
	return slab_at(&directory->places, place);
}

static inline struct span place_name(const struct place *place)
{
	return span_of(place->name, place->name_size);
}

#endif
