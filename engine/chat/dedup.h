/* dedup.h - finds the event that an author's cid already made in a room, for as long as the room keeps it.
 *
 * Only where it is, (room, seq); what it is, and whose, stands in the room's log. No time window. O(1).
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

/* Whose cid it is counts as proto/chat/author.h says. */
struct dedup_cid {
	uint32_t room;
	struct span from, producer;
	uint64_t number;
};

int dedup_open(struct dedup *dedup, uint32_t entries_max, uint64_t hash_key);
void dedup_close(struct dedup *dedup);

/* Goes through the seqs that may be of this cid: the caller compares with its log.
 * Start with *probe = dedup_probe(); 0 ends. */
struct map_probe dedup_probe(const struct dedup *dedup, const struct dedup_cid *cid);
uint64_t dedup_next(const struct dedup *dedup, struct map_probe *probe, uint32_t room);

/* Returns 0, or -ENOMEM. */
int dedup_add(struct dedup *dedup, const struct dedup_cid *cid, uint64_t seq);

/* Must be there (checked). */
void dedup_remove(struct dedup *dedup, const struct dedup_cid *cid, uint64_t seq);

#endif
