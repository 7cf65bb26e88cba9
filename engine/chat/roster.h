/* roster.h - which users are in which room, and with how many connections. The home core's alone.
 */
#ifndef CHAT_ROSTER_H
#define CHAT_ROSTER_H

#include "engine/core/map.h"
#include "engine/core/slab.h"
#include "proto/base/span.h"

struct roster_entry {
	uint8_t *user;
	uint64_t read : 56;      /* the newest seq the user says to have read, 0 for none */
	uint64_t moderators : 8; /* connections that moderate or manage; 255: or more, until all have left */
	uint32_t room;
	uint32_t next, prev;  /* of the same room */
	uint32_t connections : 24;
	uint32_t user_size : 8;
};

struct roster {
	struct slab entries;
	struct map by_key;
	uint64_t hash_key;
};

int roster_open(struct roster *roster, uint32_t entries_max, uint64_t hash_key);
void roster_close(struct roster *roster);

/* The entry, or NULL. */
struct roster_entry *roster_find(const struct roster *roster, uint32_t room, struct span user);

/* One connection more. *first is the head of the room's list. NULL when no entry is to be had. */
struct roster_entry *roster_enter(struct roster *roster, uint32_t room, uint32_t *first, struct span user);

/* One connection less; true when it was the user's last. The user must be there (checked). */
bool roster_leave(struct roster *roster, uint32_t room, uint32_t *first, struct span user);

/* One connection of the user more, or less, may moderate. */
void roster_promote(struct roster_entry *entry);
void roster_demote(struct roster_entry *entry);

static inline struct roster_entry *roster_at(const struct roster *roster, uint32_t index)
{
	return slab_at(&roster->entries, index);
}

static inline struct span roster_user(const struct roster_entry *entry)
{
	return span_of(entry->user, entry->user_size);
}

#endif
