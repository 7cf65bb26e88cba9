/* room_class.h - what kind of room a name stands for: kept on disk or in memory, how much of it, for whom.
 *
 * Classes are given by prefixes of names; the longest that fits counts.
 */
#ifndef CHAT_ROOM_CLASS_H
#define CHAT_ROOM_CLASS_H

#include "engine/chat/store_job.h"

#define ROOM_CLASSES_MAX 32

/* What becomes of a member that fell off the hot log: it gets what it missed page by page; it is told how much it
 * missed and goes on live; its connection ends. */
enum slow_policy { SLOW_CATCH_UP, SLOW_LATEST, SLOW_DISCONNECT };

struct room_class {
	char prefix[CHAT_ROOM_SIZE_MAX + 1];
	bool disk;
	bool presence;               /* who is in the room, comes, goes, types and has read is told */
	enum slow_policy slow;
	struct store_retention kept; /* 0: disk: no bound; memory: what the home's limits say */
	uint32_t page_max;           /* events in a page; 0: CHAT_PAGE_MAX */
};

/* classes[0] has the empty prefix: all that no other one names. */
struct room_classes {
	struct room_class classes[ROOM_CLASSES_MAX];
	uint32_t count; /* 1 at least */
};

const struct room_class *room_class_of(const struct room_classes *classes, struct span room);

#endif
