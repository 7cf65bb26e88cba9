#include "engine/chat/moderation.h"

#include <errno.h>

#include "engine/core/check.h"
#include "engine/core/hash.h"
#include "engine/core/mutant.h"
#include "engine/core/slab.h"
#include "proto/utf8/utf8.h"

#define VERSION 1
#define HEAD_SIZE 8
#define CAPACITY_FIRST 4

enum { FLAG_LOCKED = 1 };
enum { FLAG_MUTE = 1, FLAG_BY_MANAGER = 2 };

static struct span user_of(const struct sanction *sanction)
{
	return span_of(sanction->user, sanction->user_size);
}

static bool is_over(const struct sanction *sanction, uint64_t now_ms)
{
	return sanction->until_ms != 0 && sanction->until_ms <= now_ms && !PLANTED(50); /* a ban has no end */
}

static uint32_t hash_of(struct span user)
{
	return (uint32_t)hash_bytes(user.bytes, user.size, 0);
}

/* In force or not. */
static struct sanction *find(const struct moderation *moderation, enum sanction_kind kind, struct span user)
{
	const uint32_t hash = moderation->count > 0 ? hash_of(user) : 0;

	for (uint32_t i = 0; i < moderation->count; i++) {
		struct sanction *sanction = &moderation->sanctions[i];

		if (sanction->hash == hash && sanction->kind == kind && span_equal(user_of(sanction), user))
			return sanction;
	}
	return NULL;
}

static void drop(struct moderation *moderation, struct sanction *sanction)
{
	*sanction = moderation->sanctions[--moderation->count];
}

size_t moderation_bytes(const struct moderation *moderation)
{
	return moderation->capacity * sizeof(*moderation->sanctions);
}

/* Room for one more. Returns 0, -ENOSPC or -ENOMEM. */
static int grow(struct moderation *moderation)
{
	const uint32_t wanted = moderation->capacity > 0 ? moderation->capacity * 2 : CAPACITY_FIRST;
	const uint32_t capacity = wanted < MODERATION_SANCTIONS_MAX ? wanted : MODERATION_SANCTIONS_MAX;
	const size_t size = capacity * sizeof(struct sanction);

	if (moderation->count < moderation->capacity)
		return 0;
	if (moderation->count == MODERATION_SANCTIONS_MAX)
		return -ENOSPC;
	struct sanction *sanctions = moderation->sanctions
					     ? block_grow(moderation->sanctions, moderation_bytes(moderation), size)
					     : block_take(size);

	if (!sanctions)
		return -ENOMEM;
	moderation->sanctions = sanctions;
	moderation->capacity = capacity;
	return 0;
}

static struct sanction *add(struct moderation *moderation, enum sanction_kind kind, struct span user)
{
	struct sanction *sanction = &moderation->sanctions[moderation->count++];

	CHECK(moderation->count <= moderation->capacity && user.size > 0 && user.size <= CHAT_NAME_SIZE_MAX);
	*sanction = (struct sanction){ .hash = hash_of(user), .kind = kind, .user_size = (uint8_t)user.size };
	memcpy(sanction->user, user.bytes, user.size);
	return sanction;
}

static enum sanction_kind kind_of(enum chat_mod act)
{
	return act == CHAT_MOD_mute || act == CHAT_MOD_unmute ? SANCTION_MUTE : SANCTION_BAN;
}

static int sanction_do(struct moderation *moderation, const struct moderation_act *act, struct moderation_undo *undo)
{
	const enum sanction_kind kind = kind_of(act->act);
	struct sanction *sanction = find(moderation, kind, act->whom);
	const bool lifts = act->act == CHAT_MOD_unban || act->act == CHAT_MOD_unmute;

	if (sanction && sanction->by_manager && !act->by_manager &&
	    !PLANTED(51)) /* a moderator lifts a manager's ban */
		return -EPERM;
	if (lifts && !sanction)
		return -ENOENT;
	undo->was = sanction != NULL;
	if (sanction)
		undo->sanction = *sanction;
	if (lifts) {
		drop(moderation, sanction);
		return 0;
	}
	if (!sanction) {
		const int error = grow(moderation);

		if (error != 0)
			return error;
		sanction = add(moderation, kind, act->whom);
		undo->sanction = *sanction;
	}
	sanction->until_ms = act->until_ms;
	sanction->by_manager = act->by_manager;
	return 0;
}

static bool is_sanction(enum chat_mod act)
{
	return chat_mod_of_user(act) && act != CHAT_MOD_kick;
}

int moderation_do(struct moderation *moderation, const struct moderation_act *act, uint64_t now_ms,
		  struct moderation_undo *undo)
{
	const bool locks = act->act == CHAT_MOD_lock;

	*undo = (struct moderation_undo){ .act = act->act,
					  .locked = moderation->locked,
					  .every_s = moderation->every_s };
	moderation_trim(moderation, now_ms);
	if (act->act == CHAT_MOD_kick)
		return 0;
	if (is_sanction(act->act))
		return sanction_do(moderation, act, undo);
	if (act->act == CHAT_MOD_slow) {
		if (moderation->every_s == act->every_s)
			return -ENOENT;
		moderation->every_s = act->every_s;
		return 0;
	}
	CHECK(locks || act->act == CHAT_MOD_unlock);
	if (moderation->locked == locks)
		return -ENOENT;
	moderation->locked = locks;
	return 0;
}

void moderation_undo(struct moderation *moderation, const struct moderation_undo *undo)
{
	const struct span user = user_of(&undo->sanction);

	moderation->locked = undo->locked;
	moderation->every_s = undo->every_s;
	if (!is_sanction(undo->act))
		return;
	struct sanction *now = find(moderation, (enum sanction_kind)undo->sanction.kind, user);

	if (now)
		drop(moderation, now);
	if (!undo->was)
		return;
	/* What stood there is what was dropped, by this or by the act. */
	CHECK(moderation->count < moderation->capacity);
	moderation->sanctions[moderation->count++] = undo->sanction;
}

bool moderation_holds(const struct moderation *moderation, enum sanction_kind kind, struct span user, uint8_t rights,
		      uint64_t now_ms, uint64_t *until_ms)
{
	const struct sanction *sanction = find(moderation, kind, user);

	if (!sanction || is_over(sanction, now_ms))
		return false;
	*until_ms = sanction->until_ms;
	return sanction->by_manager || !(rights & CHAT_RIGHTS_MODERATORS);
}

bool moderation_trim(struct moderation *moderation, uint64_t now_ms)
{
	for (uint32_t i = moderation->count; i-- > 0;)
		if (is_over(&moderation->sanctions[i], now_ms))
			drop(moderation, &moderation->sanctions[i]);
	return moderation->count > 0 || moderation->every_s != 0 || moderation->locked;
}

void moderation_forget(struct moderation *moderation)
{
	if (moderation->sanctions)
		block_give(moderation->sanctions, moderation_bytes(moderation));
	*moderation = (struct moderation){ 0 };
}

static uint8_t *put(uint8_t *at, uint64_t value, int size)
{
	for (int i = 0; i < size; i++)
		*at++ = (uint8_t)(value >> 8 * i);
	return at;
}

static uint64_t get(const uint8_t *at, int size)
{
	uint64_t value = 0;

	for (int i = 0; i < size; i++)
		value |= (uint64_t)at[i] << 8 * i;
	return value;
}

size_t moderation_encode(const struct moderation *moderation, uint64_t now_ms, uint8_t *out)
{
	uint8_t *at = out + HEAD_SIZE;
	uint32_t count = 0;

	for (uint32_t i = 0; i < moderation->count; i++) {
		const struct sanction *sanction = &moderation->sanctions[i];

		if (is_over(sanction, now_ms))
			continue;
		*at++ = (uint8_t)((sanction->kind == SANCTION_MUTE ? FLAG_MUTE : 0) |
				  (sanction->by_manager ? FLAG_BY_MANAGER : 0));
		at = put(at, sanction->until_ms, 8);
		*at++ = sanction->user_size;
		memcpy(at, sanction->user, sanction->user_size);
		at += sanction->user_size;
		count++;
	}
	if (count == 0 && !moderation->locked && moderation->every_s == 0)
		return 0;
	out[0] = VERSION;
	out[1] = moderation->locked ? FLAG_LOCKED : 0;
	put(out + 2, moderation->every_s, 4);
	put(out + 6, count, 2);
	CHECK((size_t)(at - out) <= MODERATION_SIZE_MAX);
	return (size_t)(at - out);
}

/* One sanction: where it ends, or NULL with *error. */
static const uint8_t *decode_one(struct moderation *moderation, const uint8_t *at, const uint8_t *end, int *error)
{
	*error = -EBADMSG;
	if (end - at < 10 || at[0] > (FLAG_MUTE | FLAG_BY_MANAGER) || end - at - 10 < at[9])
		return NULL;
	const struct span user = span_of(at + 10, at[9]);
	const enum sanction_kind kind = at[0] & FLAG_MUTE ? SANCTION_MUTE : SANCTION_BAN;

	if (user.size > CHAT_NAME_SIZE_MAX || !utf8_valid(user.bytes, user.size) || !chat_name_valid(user) ||
	    find(moderation, kind, user))
		return NULL;
	*error = grow(moderation);
	if (*error != 0)
		return NULL;
	struct sanction *sanction = add(moderation, kind, user);

	sanction->until_ms = get(at + 1, 8);
	sanction->by_manager = at[0] & FLAG_BY_MANAGER;
	return at + 10 + user.size;
}

int moderation_decode(struct moderation *moderation, const uint8_t *bytes, size_t size, uint64_t now_ms)
{
	const uint8_t *end = bytes + size;
	const uint8_t *at = bytes + HEAD_SIZE;
	int error = 0;

	CHECK(moderation->count == 0 && moderation->capacity == 0);
	if (size < HEAD_SIZE || bytes[0] != VERSION || bytes[1] > FLAG_LOCKED || get(bytes + 2, 4) > CHAT_EVERY_MAX_S ||
	    get(bytes + 6, 2) > MODERATION_SANCTIONS_MAX)
		return -EBADMSG;
	for (uint64_t left = get(bytes + 6, 2); error == 0 && left > 0; left--)
		at = decode_one(moderation, at, end, &error);
	if (error == 0 && at != end)
		error = -EBADMSG;
	moderation->locked = bytes[1] & FLAG_LOCKED;
	moderation->every_s = (uint32_t)get(bytes + 2, 4);
	/* What says nothing is said by no bytes at all. */
	if (error == 0 && moderation->count == 0 && !moderation->locked && moderation->every_s == 0)
		error = -EBADMSG;
	if (error != 0)
		moderation_forget(moderation);
	else
		moderation_trim(moderation, now_ms);
	return error;
}
