/* bans.h - the names that are not let in, and until when: each core has all of them.
 */
#ifndef AUTH_BANS_H
#define AUTH_BANS_H

#include "engine/core/map.h"
#include "engine/core/slab.h"
#include "proto/base/span.h"

#ifndef BANS_MAX /* few for a fuzzer, which opens them for every input */
#define BANS_MAX 65536
#endif

struct bans {
	struct slab entries;
	struct map by_hash;
	uint64_t hash_key;
};

int bans_open(struct bans *bans, uint64_t hash_key);
void bans_close(struct bans *bans);

/* until_ms: of the wall clock; 0, or what is over: the name is let in again. A new name while BANS_MAX are banned takes
 * the place of one whose time is over; -ENOSPC where there is none, otherwise 0 or -ENOMEM. */
int bans_set(struct bans *bans, struct span user, uint64_t until_ms, uint64_t wall_ms);

/* Until when, or 0. */
uint64_t bans_until(const struct bans *bans, struct span user, uint64_t wall_ms);

/* Those of the map's slot `at`, 0 to by_hash.mask: a name, or none (of size 0). */
struct span bans_at(const struct bans *bans, uint32_t at, uint64_t *until_ms);

/* Whether one more name can be banned. */
bool bans_has_room(struct bans *bans, uint64_t wall_ms);

#endif
