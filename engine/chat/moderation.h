/* moderation.h - what a room remembers of its moderation: who may not come, who may not speak, until when; how slow it
 * is, and whether it is locked.
 *
 * A sanction that somebody with the right `manage` gave binds everybody, and only such can lift it; another one binds
 * nobody who may moderate. What has ended is as if it had never been. Times are of the wall clock, 0 for ever.
 */
#ifndef CHAT_MODERATION_H
#define CHAT_MODERATION_H

#include "proto/chat/limits.h"
#include "proto/chat/mod.h"

#define MODERATION_SANCTIONS_MAX 1000 /* of a room */
#define MODERATION_SIZE_MAX (8 + MODERATION_SANCTIONS_MAX * (10 + CHAT_NAME_SIZE_MAX)) /* bytes as encoded */

enum sanction_kind { SANCTION_BAN, SANCTION_MUTE };

struct sanction {
	uint64_t until_ms;
	uint32_t hash;
	uint8_t kind; /* enum sanction_kind */
	bool by_manager;
	uint8_t user_size;
	uint8_t user[CHAT_NAME_SIZE_MAX];
};

struct moderation {
	struct sanction *sanctions; /* a block of `capacity` */
	uint32_t count, capacity;
	uint32_t every_s;
	bool locked;
};

/* What is to be done; by_manager: who asks has the right. */
struct moderation_act {
	enum chat_mod act;
	struct span whom;
	uint64_t until_ms;
	uint32_t every_s;
	bool by_manager;
};

/* What it was before, for one act. */
struct moderation_undo {
	enum chat_mod act;
	bool was; /* `sanction` was in force */
	bool locked;
	uint32_t every_s;
	struct sanction sanction;
};

/* Does it. Returns 0, with *undo for moderation_undo(); with nothing done -ENOENT: it changes nothing, -EPERM: somebody
 * who may manage decided that, -ENOSPC: there are too many, or -ENOMEM. A kick changes nothing and is done. */
int moderation_do(struct moderation *moderation, const struct moderation_act *act, uint64_t now_ms,
		  struct moderation_undo *undo);
void moderation_undo(struct moderation *moderation, const struct moderation_undo *undo);

/* Whether the user is held by one of that kind, and until when. rights: the user's (enum chat_right). */
bool moderation_holds(const struct moderation *moderation, enum sanction_kind kind, struct span user, uint8_t rights,
		      uint64_t now_ms, uint64_t *until_ms);

/* Forgets what has ended; whether anything is left. */
bool moderation_trim(struct moderation *moderation, uint64_t now_ms);

/* Bytes that it takes besides itself. */
size_t moderation_bytes(const struct moderation *moderation);

/* Frees what it holds; it is empty then. */
void moderation_forget(struct moderation *moderation);

/* As bytes, of what is in force: nothing for nothing. Writes at most MODERATION_SIZE_MAX and gives the size.
 *
 *	1 (version), flags (1: locked), u32 every_s, u16 count, then for each sanction:
 *	flags (1: mute, 2: by_manager), u64 until_ms, u8 size of the name, the name; all little-endian. */
size_t moderation_encode(const struct moderation *moderation, uint64_t now_ms, uint8_t *out);

/* The same back into an empty one; nothing but what moderation_encode() could have written is taken. Returns 0,
 * -EBADMSG, or -ENOMEM, with nothing kept. */
int moderation_decode(struct moderation *moderation, const uint8_t *bytes, size_t size, uint64_t now_ms);

#endif
