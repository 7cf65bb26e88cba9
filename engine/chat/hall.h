/* hall.h - a core's memory of its own members: their cursors, and the hot logs they read.
 *
 * An owner is a connection, by its number: it has cursors, one a room it is in, and
 * is put on a list when there is something to send to it.
 */
#ifndef CHAT_HALL_H
#define CHAT_HALL_H

#include "engine/chat/directory.h"
#include "engine/core/counters.h"
#include "engine/core/segment.h"

struct hall_limits {
	uint32_t hot_logs_max;   /* rooms with members on this core, times variants in use */
	uint32_t cursors_max;    /* memberships on this core */
	uint64_t hot_bytes_max;  /* of one hot log's segments */
	uint32_t crowd_members;  /* of one hot log, from which they can wait: owner_mark_crowd(). 0: never */
	uint32_t crowd_per_turn; /* owners of such that are sent to in one turn, at least 1 */
	uint32_t crowd_bytes;    /* to such in one turn, about: the last one is sent all that it waits for */
};

struct owner {
	uint32_t cursors;    /* first of its cursors */
	uint32_t count;      /* of them */
	uint32_t behind, behind_last; /* those with something to give it, longest waiting first */
	uint32_t next_crowd;
	uint16_t told;       /* of count, to whom it may concern: gate/user_count.h */
	bool crowded : 1;    /* on the list of those whom a crowd's room has something for */
	bool late;           /* fell off a room that ends whoever does; until it is in no room */
};

struct hall {
	struct slab hot_logs, cursors, holes;
	struct segment_pool *segments;
	struct directory *directory;
	struct counters *counters;
	struct hall_limits limits;
	struct owner *owners;    /* by connection; untouched before its first room */
	uint32_t *dirty;         /* by connection: the next on the list + 1, UINT32_MAX for the last; 0: not on it */
	uint32_t owners_max;
	uint32_t dirty_owner;    /* first owner to be looked at + 1, 0 for none */
	uint32_t crowd_owner, crowd_last; /* likewise, of those that can wait for some turns, in order */
	uint32_t unsettled;      /* first hot log with bytes that its members were not marked for */
	uint32_t stamp;          /* of the newest cursor */
};

/* Keeps segments, directory, counters. Owners are 0 .. owners_max - 1. Returns 0 or -ENOMEM. */
int hall_open(struct hall *hall, const struct hall_limits *limits, struct segment_pool *segments,
	      struct directory *directory, struct counters *counters, uint32_t owners_max);
void hall_close(struct hall *hall);
uint64_t hall_bytes_max(const struct hall_limits *limits);

/* Puts the owner on the list of those to be sent to. */
void owner_mark(struct hall *hall, uint32_t owner);

/* Takes the next from that list; false when it is empty. */
bool owner_next(struct hall *hall, uint32_t *owner);

/* The same for those whom a room of very many members has something for: they are sent to in turns of the loop one
 * after the other, so that everybody else waits for some of them and not for all. An owner may be on both lists. */
void owner_mark_crowd(struct hall *hall, uint32_t owner);
bool owner_next_crowd(struct hall *hall, uint32_t *owner);

#endif
