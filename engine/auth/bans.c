#include "engine/auth/bans.h"

#include <errno.h>
#include <string.h>

#include "engine/core/check.h"
#include "engine/core/hash.h"

struct ban {
	uint64_t until_ms;
	uint8_t *user;
	uint8_t user_size;
};

int bans_open(struct bans *bans, uint64_t hash_key)
{
	const int error = slab_open(&bans->entries, "bans", sizeof(struct ban), BANS_MAX);

	bans->hash_key = hash_key;
	return error ? error : map_open(&bans->by_hash, 16);
}

static uint64_t hash_of(const struct bans *bans, struct span user)
{
	return hash_bytes(user.bytes, user.size, bans->hash_key);
}

static struct span user_of(const struct ban *ban)
{
	return span_of(ban->user, ban->user_size);
}

static struct ban *find(const struct bans *bans, struct span user, uint64_t hash)
{
	struct map_probe probe = map_probe(&bans->by_hash, hash);

	for (uint32_t found; (found = map_next(&bans->by_hash, &probe)) != 0;) {
		struct ban *ban = slab_at(&bans->entries, found);

		if (span_equal(user_of(ban), user))
			return ban;
	}
	return NULL;
}

static void lift(struct bans *bans, struct ban *ban)
{
	map_remove(&bans->by_hash, hash_of(bans, user_of(ban)), slab_index(&bans->entries, ban));
	block_give(ban->user, ban->user_size);
	slab_give(&bans->entries, ban);
}

/* Removing shifts what comes behind into the place looked at, so that it is looked at again. */
static void lift_over(struct bans *bans, uint64_t wall_ms)
{
	for (uint32_t at = 0; at <= bans->by_hash.mask;) {
		const uint32_t index = bans->by_hash.slots[at].value;
		struct ban *ban = index != 0 ? slab_at(&bans->entries, index) : NULL;

		if (ban && ban->until_ms <= wall_ms)
			lift(bans, ban);
		else
			at++;
	}
}

void bans_close(struct bans *bans)
{
	if (bans->by_hash.slots)
		lift_over(bans, UINT64_MAX);
	map_close(&bans->by_hash);
	slab_close(&bans->entries);
}

bool bans_has_room(struct bans *bans, uint64_t wall_ms)
{
	if (bans->entries.used >= BANS_MAX)
		lift_over(bans, wall_ms);
	return bans->entries.used < BANS_MAX;
}

static int add(struct bans *bans, struct span user, uint64_t until_ms)
{
	struct ban *ban = slab_take(&bans->entries);
	uint8_t *bytes = ban ? block_take(user.size) : NULL;

	CHECK(user.size > 0 && user.size <= UINT8_MAX);
	if (bytes && map_add(&bans->by_hash, hash_of(bans, user), slab_index(&bans->entries, ban)) == 0) {
		memcpy(bytes, user.bytes, user.size);
		*ban = (struct ban){ .until_ms = until_ms, .user = bytes, .user_size = (uint8_t)user.size };
		return 0;
	}
	if (bytes)
		block_give(bytes, user.size);
	if (ban)
		slab_give(&bans->entries, ban);
	return -ENOMEM;
}

int bans_set(struct bans *bans, struct span user, uint64_t until_ms, uint64_t wall_ms)
{
	struct ban *ban = find(bans, user, hash_of(bans, user));

	if (until_ms <= wall_ms) {
		if (ban)
			lift(bans, ban);
		return 0;
	}
	if (ban) {
		ban->until_ms = until_ms;
		return 0;
	}
	return bans_has_room(bans, wall_ms) ? add(bans, user, until_ms) : -ENOSPC;
}

uint64_t bans_until(const struct bans *bans, struct span user, uint64_t wall_ms)
{
	const struct ban *ban = bans->entries.used > 0 ? find(bans, user, hash_of(bans, user)) : NULL;

	return ban && ban->until_ms > wall_ms ? ban->until_ms : 0;
}

struct span bans_at(const struct bans *bans, uint32_t at, uint64_t *until_ms)
{
	const uint32_t index = bans->by_hash.slots[at].value;
	const struct ban *ban = index != 0 ? slab_at(&bans->entries, index) : NULL;

	*until_ms = ban ? ban->until_ms : 0;
	return ban ? user_of(ban) : SPAN_NONE;
}
