#include "engine/net/address.h"

#include <string.h>

#include "engine/core/check.h"
#include "engine/core/hash.h"

struct address_entry {
	uint8_t key[16];
	uint32_t count;
};

int addresses_open(struct addresses *addresses, uint32_t entries_max, uint32_t count_max, uint64_t hash_key)
{
	int error = slab_open(&addresses->entries, "addresses", sizeof(struct address_entry), entries_max);

	if (error == 0)
		error = map_open(&addresses->by_hash, 64);
	addresses->hash_key = hash_key;
	addresses->count_max = count_max;
	return error;
}

void addresses_close(struct addresses *addresses)
{
	map_close(&addresses->by_hash);
	slab_close(&addresses->entries);
}

/* One customer of IPv6 commonly has a whole /64. */
static void address_key(uint8_t key[16], const struct ring_address *address)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	memcpy(key, address->bytes, 16);
	if (memcmp(key, mapped, sizeof(mapped)) != 0)
		memset(key + 8, 0, 8);
}

uint32_t address_enter(struct addresses *addresses, const struct ring_address *address)
{
	uint8_t key[16];

	address_key(key, address);
	const uint64_t hash = hash_bytes(key, sizeof(key), addresses->hash_key);
	struct map_probe probe = map_probe(&addresses->by_hash, hash);

	for (uint32_t found; (found = map_next(&addresses->by_hash, &probe)) != 0;) {
		struct address_entry *entry = slab_at(&addresses->entries, found);

		if (memcmp(entry->key, key, sizeof(key)) != 0)
			continue;
		if (addresses->count_max != 0 && entry->count >= addresses->count_max)
			return 0;
		entry->count++;
		return found;
	}

	struct address_entry *entry = slab_take(&addresses->entries);

	if (!entry)
		return 0;
	memcpy(entry->key, key, sizeof(key));
	entry->count = 1;
	if (map_add(&addresses->by_hash, hash, slab_index(&addresses->entries, entry)) != 0) {
		slab_give(&addresses->entries, entry);
		return 0;
	}
	return slab_index(&addresses->entries, entry);
}

void address_leave(struct addresses *addresses, uint32_t index)
{
	struct address_entry *entry = slab_at(&addresses->entries, index);

	CHECK(index != 0 && entry->count > 0);
	if (--entry->count > 0)
		return;
	map_remove(&addresses->by_hash, hash_bytes(entry->key, sizeof(entry->key), addresses->hash_key), index);
	slab_give(&addresses->entries, entry);
}
