#include "engine/chat/directory.h"

#include "engine/core/check.h"
#include "engine/core/hash.h"

int directory_open(struct directory *directory, uint32_t places_max, uint64_t hash_key, uint32_t cores)
{
	directory->hash_key = hash_key;
	directory->cores = cores;

	const int error = slab_open(&directory->places, "places", sizeof(struct place), places_max);

	return error ? error : map_open(&directory->by_name, 256);
}

void directory_close(struct directory *directory)
{
	for (uint32_t at = 0; at <= directory->by_name.mask; at++)
		if (directory->by_name.slots[at].value != 0) {
			struct place *place = directory_at(directory, directory->by_name.slots[at].value);

			block_give(place->name, place->name_size);
		}
	map_close(&directory->by_name);
	slab_close(&directory->places);
}

uint64_t directory_hash(const struct directory *directory, struct span name)
{
	return hash_bytes(name.bytes, name.size, directory->hash_key);
}

uint32_t directory_home(const struct directory *directory, uint64_t hash)
{
	/* The high half: the map uses the low one. */
	return (uint32_t)((hash >> 32) * directory->cores >> 32);
}

uint32_t directory_find(const struct directory *directory, struct span name, uint64_t hash)
{
	struct map_probe probe = map_probe(&directory->by_name, hash);

	for (uint32_t found; (found = map_next(&directory->by_name, &probe)) != 0;)
		if (span_equal(place_name(directory_at(directory, found)), name))
			return found;
	return 0;
}

uint32_t directory_enter(struct directory *directory, struct span name, uint64_t hash)
{
	const uint32_t found = directory_find(directory, name, hash);

	if (found != 0)
		return found;
	CHECK(name.size > 0 && name.size <= UINT8_MAX);

	struct place *place = slab_take(&directory->places);

	if (!place)
		return 0;
	const uint32_t index = slab_index(&directory->places, place);

	place->name = block_take(name.size);
	if (!place->name || map_add(&directory->by_name, hash, index) != 0) {
		if (place->name)
			block_give(place->name, name.size);
		slab_give(&directory->places, place);
		return 0;
	}
	memcpy(place->name, name.bytes, name.size);
	place->name_size = (uint8_t)name.size;
	place->hash = hash;
	return index;
}

void directory_tidy(struct directory *directory, uint32_t index)
{
	struct place *place = directory_at(directory, index);

	if (place->room != 0 || place->members > 0)
		return;
	for (int variant = 0; variant < VARIANT_COUNT; variant++)
		if (place->hot[variant] != 0)
			return;
	map_remove(&directory->by_name, place->hash, index);
	block_give(place->name, place->name_size);
	slab_give(&directory->places, place);
}
