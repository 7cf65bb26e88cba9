#include "engine/chat/roster.h"

#include "engine/core/check.h"
#include "engine/core/hash.h"

int roster_open(struct roster *roster, uint32_t entries_max, uint64_t hash_key)
{
	roster->hash_key = hash_key;

	const int error = slab_open(&roster->entries, "roster", sizeof(struct roster_entry), entries_max);

	return error ? error : map_open(&roster->by_key, 256);
}

void roster_close(struct roster *roster)
{
	for (uint32_t at = 0; at <= roster->by_key.mask; at++)
		if (roster->by_key.slots[at].value != 0) {
			struct roster_entry *entry = roster_at(roster, roster->by_key.slots[at].value);

			block_give(entry->user, entry->user_size);
		}
	map_close(&roster->by_key);
	slab_close(&roster->entries);
}

static uint64_t key_hash(const struct roster *roster, uint32_t room, struct span user)
{
	return hash_bytes(user.bytes, user.size, roster->hash_key ^ room * 0x9e3779b97f4a7c15ull);
}

struct roster_entry *roster_find(const struct roster *roster, uint32_t room, struct span user)
{
	struct map_probe probe = map_probe(&roster->by_key, key_hash(roster, room, user));

	for (uint32_t found; (found = map_next(&roster->by_key, &probe)) != 0;) {
		struct roster_entry *entry = roster_at(roster, found);

		if (entry->room == room && span_equal(roster_user(entry), user))
			return entry;
	}
	return NULL;
}

static struct roster_entry *entry_make(struct roster *roster, uint32_t room, struct span user)
{
	struct roster_entry *entry = slab_take(&roster->entries);

	CHECK(user.size > 0 && user.size <= UINT8_MAX);
	if (!entry)
		return NULL;
	entry->user = block_take(user.size);
	if (!entry->user ||
	    map_add(&roster->by_key, key_hash(roster, room, user), slab_index(&roster->entries, entry)) != 0) {
		if (entry->user)
			block_give(entry->user, user.size);
		slab_give(&roster->entries, entry);
		return NULL;
	}
	memcpy(entry->user, user.bytes, user.size);
	entry->user_size = (uint8_t)user.size;
	entry->room = room;
	return entry;
}

struct roster_entry *roster_enter(struct roster *roster, uint32_t room, uint32_t *first, struct span user)
{
	struct roster_entry *entry = roster_find(roster, room, user);

	if (!entry) {
		entry = entry_make(roster, room, user);
		if (!entry)
			return NULL;
		const uint32_t index = slab_index(&roster->entries, entry);

		entry->next = *first;
		if (*first != 0)
			roster_at(roster, *first)->prev = index;
		*first = index;
	}
	entry->connections++;
	return entry;
}

bool roster_leave(struct roster *roster, uint32_t room, uint32_t *first, struct span user)
{
	struct roster_entry *entry = roster_find(roster, room, user);

	CHECK(entry && entry->connections > 0);
	if (--entry->connections > 0)
		return false;
	if (entry->next != 0)
		roster_at(roster, entry->next)->prev = entry->prev;
	if (entry->prev != 0)
		roster_at(roster, entry->prev)->next = entry->next;
	else
		*first = entry->next;
	map_remove(&roster->by_key, key_hash(roster, room, user), slab_index(&roster->entries, entry));
	block_give(entry->user, entry->user_size);
	slab_give(&roster->entries, entry);
	return true;
}

void roster_promote(struct roster_entry *entry)
{
	entry->moderators += entry->moderators < UINT8_MAX;
}

void roster_demote(struct roster_entry *entry)
{
	CHECK(entry->moderators > 0);
	entry->moderators -= entry->moderators < UINT8_MAX;
}
