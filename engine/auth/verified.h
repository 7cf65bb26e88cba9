/* verified.h - tokens whose signature this core has found right already: who comes back is not computed again.
 *
 * An entry says one thing: under this policy, that key has signed this very token. Its clock, audience, issuer, name
 * and rules are judged each time anew, and so is everything of a token that is not here.
 *
 * A token is known by the SHA-256 of all its letters. Whoever gets a forged one taken for one that is here has found a
 * second text of the same SHA-256, which is as hard as forging the signature itself (2^128 even where they may choose
 * what is signed). Only what was verified comes in, so nobody fills it who has no tokens; and a signature that costs
 * less than looking here (HMAC) is not kept.
 *
 * It is a table of fixed size: of the eight places that a token may have, a new one gets that of another policy's, else
 * of the one longest not asked for. Another policy, whatever is different in it, has another serial: then none is
 * known.
 */
#ifndef AUTH_VERIFIED_H
#define AUTH_VERIFIED_H

#include "engine/core/counters.h"
#include "proto/base/span.h"

#define VERIFIED_WAYS 8
#define VERIFIED_DIGEST_SIZE 32

struct verified_entry {
	uint8_t digest[VERIFIED_DIGEST_SIZE];
	uint64_t serial; /* of the policy; 0: free */
	uint32_t used;
	uint32_t key; /* its place among the policy's */
};

struct verified {
	struct verified_entry *entries; /* reserved, touched when used; NULL: it keeps none */
	uint64_t sets;
	uint64_t hash_key;
	uint32_t asked; /* so far; goes round */
	struct counters *counters;
};

/* Bytes for so many tokens, a multiple of VERIFIED_WAYS being made of it. */
uint64_t verified_bytes(uint32_t tokens);

/* Keeps counters. tokens 0: none is ever known. Returns 0 or -ENOMEM. */
int verified_open(struct verified *verified, uint32_t tokens, uint64_t hash_key, struct counters *counters);
void verified_close(struct verified *verified);

/* Whether it keeps any. NULL does not. */
static inline bool verified_keeps(const struct verified *verified)
{
	return verified && verified->entries;
}

void verified_digest(uint8_t digest[VERIFIED_DIGEST_SIZE], struct span token);

/* The place of the key that has signed it, or -1: that is not known. Counts which. */
int verified_find(struct verified *verified, const uint8_t digest[VERIFIED_DIGEST_SIZE], uint64_t serial);

/* One that is not there. */
void verified_add(struct verified *verified, const uint8_t digest[VERIFIED_DIGEST_SIZE], uint64_t serial, uint32_t key);

#endif
