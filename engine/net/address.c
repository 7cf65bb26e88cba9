#include "engine/net/address.h"

#include <arpa/inet.h>
#include <endian.h>
#include <stdio.h>
#include <string.h>

#include "engine/core/check.h"
#include "engine/core/hash.h"

static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

struct address_entry {
	uint8_t key[16];
	uint32_t count;
	uint32_t half;
};

bool address_limits_any(const struct address_limits *limits)
{
	return limits->known || limits->count_max != 0 || limits->half_max != 0 || limits->pace_per_s != 0;
}

int addresses_open(struct addresses *addresses, uint32_t entries_max, const struct address_limits *limits,
		   uint64_t hash_key)
{
	int error = slab_open(&addresses->entries, "addresses", sizeof(struct address_entry), entries_max);

	if (error == 0)
		error = map_open(&addresses->by_hash, 64);
	if (error == 0)
		error = pace_open(&addresses->pace, limits->pace_per_s, limits->pace_burst);
	addresses->hash_key = hash_key;
	addresses->limits = *limits;
	return error;
}

uint64_t addresses_bytes_max(uint32_t entries_max, const struct address_limits *limits)
{
	if (!address_limits_any(limits))
		return 0;
	return entries_max * (uint64_t)(sizeof(struct address_entry) + 32) + (limits->pace_per_s ? PACE_BYTES : 0);
}

void addresses_close(struct addresses *addresses)
{
	pace_close(&addresses->pace);
	map_close(&addresses->by_hash);
	slab_close(&addresses->entries);
}

void addresses_adopt(struct addresses *addresses, const struct address_limits *limits)
{
	addresses->limits = *limits;
	if (pace_adopt(&addresses->pace, limits->pace_per_s, limits->pace_burst) != 0)
		addresses->limits.pace_per_s = 0;
}

static bool is_ipv4(const struct ring_address *address)
{
	return memcmp(address->bytes, mapped, sizeof(mapped)) == 0;
}

/* One customer of IPv6 commonly has a whole /64. */
static void address_key(uint8_t key[16], const struct ring_address *address)
{
	memcpy(key, address->bytes, 16);
	if (!is_ipv4(address))
		memset(key + 8, 0, 8);
}

static struct address_entry *entry_find(struct addresses *addresses, const uint8_t key[16], uint64_t hash)
{
	struct map_probe probe = map_probe(&addresses->by_hash, hash);

	for (uint32_t found; (found = map_next(&addresses->by_hash, &probe)) != 0;) {
		struct address_entry *entry = slab_at(&addresses->entries, found);

		if (memcmp(entry->key, key, sizeof(entry->key)) == 0)
			return entry;
	}
	return NULL;
}

static struct address_entry *entry_make(struct addresses *addresses, const uint8_t key[16], uint64_t hash)
{
	struct address_entry *entry = slab_take(&addresses->entries);

	if (!entry)
		return NULL;
	memcpy(entry->key, key, sizeof(entry->key));
	if (map_add(&addresses->by_hash, hash, slab_index(&addresses->entries, entry)) == 0)
		return entry;
	slab_give(&addresses->entries, entry);
	return NULL;
}

static enum address_verdict judge(struct addresses *addresses, const struct address_entry *entry, uint64_t hash,
				  uint64_t now_ms)
{
	const struct address_limits *limits = &addresses->limits;
	const uint32_t count = entry ? entry->count : 0, half = entry ? entry->half : 0;

	if (limits->half_max != 0 && half >= limits->half_max)
		return ADDRESS_SHUT;
	if (limits->count_max != 0 && count / 2 >= limits->count_max)
		return ADDRESS_SHUT;

	const enum pace_verdict pace = pace_take(&addresses->pace, hash, now_ms);

	if (pace != PACE_GOOD)
		return pace == PACE_OVER ? ADDRESS_HASTY : ADDRESS_SHUT;
	return limits->count_max != 0 && count >= limits->count_max ? ADDRESS_CROWDED : ADDRESS_WELCOME;
}

bool address_is_exempt(const struct addresses *addresses, const struct ring_address *address)
{
	return addresses->limits.exempt && networks_have(addresses->limits.exempt, address);
}

enum address_verdict address_enter(struct addresses *addresses, const struct ring_address *address, uint64_t now_ms,
				   uint32_t *entry_out)
{
	uint8_t key[16];

	*entry_out = 0;
	if (address_is_exempt(addresses, address))
		return ADDRESS_WELCOME;
	if (addresses->limits.count_max == 0 && addresses->limits.half_max == 0 && addresses->limits.pace_per_s == 0)
		return ADDRESS_WELCOME;
	address_key(key, address);

	const uint64_t hash = hash_bytes(key, sizeof(key), addresses->hash_key);
	struct address_entry *entry = entry_find(addresses, key, hash);
	const enum address_verdict verdict = judge(addresses, entry, hash, now_ms);

	if (verdict == ADDRESS_SHUT)
		return verdict;
	if (!entry)
		entry = entry_make(addresses, key, hash);
	if (!entry)
		return ADDRESS_SHUT;
	entry->count++;
	entry->half++;
	*entry_out = slab_index(&addresses->entries, entry);
	return verdict;
}

void address_settle(struct addresses *addresses, uint32_t index)
{
	struct address_entry *entry = slab_at(&addresses->entries, index);

	CHECK(index != 0 && entry->half > 0);
	entry->half--;
}

void address_leave(struct addresses *addresses, uint32_t index, bool half)
{
	struct address_entry *entry = slab_at(&addresses->entries, index);

	CHECK(index != 0 && entry->count > 0);
	if (half)
		address_settle(addresses, index);
	if (--entry->count > 0)
		return;
	CHECK(entry->half == 0);
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
