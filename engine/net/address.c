#include "engine/net/address.h"

#include <arpa/inet.h>
#include <endian.h>
#include <stdio.h>
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

static bool is_ipv4(const struct ring_address *address)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	return memcmp(address->bytes, mapped, sizeof(mapped)) == 0;
}

/* One customer of IPv6 commonly has a whole /64. */
static void address_key(uint8_t key[16], const struct ring_address *address)
{
	memcpy(key, address->bytes, 16);
	if (!is_ipv4(address))
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

/* Of IPv4 ffff:a.b.c.0 in the lower half, where IPv6 gives no network to anybody. */
#define IPV4_NETWORKS 0xffffull

uint64_t address_network(const struct ring_address *address)
{
	const uint8_t *bytes = address->bytes;
	uint64_t half;

	if (is_ipv4(address))
		return IPV4_NETWORKS << 32 | (uint32_t)bytes[12] << 24 | (uint32_t)bytes[13] << 16 |
		       (uint32_t)bytes[14] << 8;
	memcpy(&half, bytes, sizeof(half));
	return be64toh(half);
}

void address_network_text(uint64_t network, char text[ADDRESS_NETWORK_TEXT_MAX])
{
	const uint64_t half[2] = { htobe64(network), 0 };
	char host[INET6_ADDRSTRLEN];

	if (network == 0)
		snprintf(text, ADDRESS_NETWORK_TEXT_MAX, "unknown");
	else if (network >> 32 == IPV4_NETWORKS)
		snprintf(text, ADDRESS_NETWORK_TEXT_MAX, "%u.%u.%u.0/24", (unsigned)(network >> 24 & 0xff),
			 (unsigned)(network >> 16 & 0xff), (unsigned)(network >> 8 & 0xff));
	else
		snprintf(text, ADDRESS_NETWORK_TEXT_MAX, "%.44s/64",
			 inet_ntop(AF_INET6, half, host, sizeof(host)) ? host : "?");
}
