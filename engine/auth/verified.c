#include "engine/auth/verified.h"

#include <errno.h>
#include <openssl/sha.h>
#include <string.h>

#include "engine/core/check.h"
#include "engine/core/hash.h"
#include "engine/core/mutant.h"
#include "engine/core/pages.h"

_Static_assert(VERIFIED_DIGEST_SIZE == SHA256_DIGEST_LENGTH, "the digest is a SHA-256");

static uint64_t sets_for(uint32_t tokens)
{
	return ((uint64_t)tokens + VERIFIED_WAYS - 1) / VERIFIED_WAYS;
}

uint64_t verified_bytes(uint32_t tokens)
{
	return sets_for(tokens) * VERIFIED_WAYS * sizeof(struct verified_entry);
}

int verified_open(struct verified *verified, uint32_t tokens, uint64_t hash_key, struct counters *counters)
{
	*verified = (struct verified){ .sets = sets_for(tokens), .hash_key = hash_key, .counters = counters };
	if (tokens == 0)
		return 0;
	verified->entries = pages_reserve(verified_bytes(tokens));
	return verified->entries ? 0 : -ENOMEM;
}

void verified_close(struct verified *verified)
{
	if (verified->entries)
		pages_release(verified->entries, verified->sets * VERIFIED_WAYS * sizeof(struct verified_entry));
	*verified = (struct verified){ 0 };
}

void verified_digest(uint8_t digest[VERIFIED_DIGEST_SIZE], struct span token)
{
	size_t size = token.size;

	while (PLANTED(84) && size > 0 && token.bytes[size - 1] != '.') /* by what is signed alone */
		size--;
	SHA256(token.bytes, size, digest);
}

/* Who has many tokens cannot choose those that share a set: the key is not known. */
static struct verified_entry *set_of(const struct verified *verified, const uint8_t *digest)
{
	CHECK(verified->entries);
	return &verified->entries[hash_bytes(digest, VERIFIED_DIGEST_SIZE, verified->hash_key) % verified->sets *
				  VERIFIED_WAYS];
}

int verified_find(struct verified *verified, const uint8_t digest[VERIFIED_DIGEST_SIZE], uint64_t serial)
{
	struct verified_entry *const set = set_of(verified, digest);

	CHECK(serial != 0);
	for (size_t i = 0; i < VERIFIED_WAYS; i++) {
		if (set[i].serial != serial || memcmp(set[i].digest, digest, VERIFIED_DIGEST_SIZE) != 0)
			continue;
		set[i].used = ++verified->asked;
		counter_add(verified->counters, COUNTER_token_cache_hits, 1);
		return (int)set[i].key;
	}
	counter_add(verified->counters, COUNTER_token_cache_misses, 1);
	return -1;
}

/* How long ago it was asked for; what is of no use comes before all that is. */
static uint64_t age(const struct verified *verified, const struct verified_entry *entry, uint64_t serial)
{
	return entry->serial == serial ? verified->asked - entry->used : UINT64_MAX;
}

void verified_add(struct verified *verified, const uint8_t digest[VERIFIED_DIGEST_SIZE], uint64_t serial, uint32_t key)
{
	struct verified_entry *const set = set_of(verified, digest);
	struct verified_entry *oldest = set;

	CHECK(serial != 0);
	for (size_t i = 1; i < VERIFIED_WAYS; i++)
		if (age(verified, &set[i], serial) > age(verified, oldest, serial))
			oldest = &set[i];
	*oldest = (struct verified_entry){ .serial = serial, .used = ++verified->asked, .key = key };
	memcpy(oldest->digest, digest, VERIFIED_DIGEST_SIZE);
}
