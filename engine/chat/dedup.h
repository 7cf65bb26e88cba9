/* dedup.h - finds the events that a cid already made in a room, for as long as the room keeps it.
 *
 * Only where they are, (room, seq); what they are, and whose, stands in the room's log. No time window. O(1), but for a
 * cid that many authors have used in one room: all of those are gone through, and a room keeps so many events at most.
 */
#ifndef CHAT_DEDUP_H
#define CHAT_DEDUP_H

#include "engine/core/map.h"
#include "engine/core/slab.h"
#include "proto/chat/event.h"

struct dedup {
	struct slab entries;
	struct map by_cid;
	uint64_t hash_key;
};

struct dedup_entry {
	uint64_t seq;
	uint32_t room;
};

int dedup_open(struct dedup *dedup, uint32_t entries_max, uint64_t hash_key);
void dedup_close(struct dedup *dedup);

/* Goes through the seqs that may be of this cid, of whichever author: the caller compares with its log.
 * Start with *probe = dedup_probe(); 0 ends. */
struct map_probe dedup_probe(const struct dedup *dedup, uint32_t room, struct span producer, uint64_t number);
uint64_t dedup_next(const struct dedup *dedup, struct map_probe *probe, uint32_t room);

/* Returns 0, or -ENOMEM. */
int dedup_add(struct dedup *dedup, uint32_t room, struct span producer, uint64_t number, uint64_t seq);

/* Must be there (checked). */
void dedup_remove(struct dedup *dedup, uint32_t room, struct span producer, uint64_t number, uint64_t seq);

#endif
