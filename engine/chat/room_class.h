/* room_class.h - what kind of room a name stands for: kept on disk or in memory, how much of it, for whom.
 *
 * Classes are given by prefixes of names; the longest that fits counts. As text a class is its prefix, or `*` for all
 * rooms that no other one names, and what is said of it; classes are separated by `;`:
 *
 *	* age=365d; mem: class=memory; live: class=memory presence=off slow=latest page=20
 *
 * What a class does not say it has from `*`, and what that does not say is: class=disk presence=on slow=catch-up
 * page=200; on disk a million events and 1G a room, of any age; in memory what the home's limits say.
 */
#ifndef CHAT_ROOM_CLASS_H
#define CHAT_ROOM_CLASS_H

#include "engine/chat/store_job.h"

#define ROOM_CLASSES_MAX 32

/* Why so much: what was said in a room must not be gone when somebody looks for it. People do not fill this in
 * years; a program that floods one room does, and then that room alone loses its oldest events, not all their disk. */
#define ROOM_DISK_MESSAGES 1000000
#define ROOM_DISK_BYTES (1ull << 30)

enum room_key {
#define ROOM_KEY(name, takes) ROOM_KEY_##name,
#include "engine/chat/tbl/room_keys.h"
#undef ROOM_KEY
	ROOM_KEYS,
};

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
	uint32_t said;               /* bit i: enum room_key i, of this class or of `*` */
};

/* classes[0] has the empty prefix: all that no other one names. */
struct room_classes {
	struct room_class classes[ROOM_CLASSES_MAX];
	uint32_t count; /* 1 at least */
};

/* Never NULL. classes NULL: there are none, all is as by default but in memory. */
const struct room_class *room_class_of(const struct room_classes *classes, struct span room);

/* How many events the class gives of those asked for in one page. */
uint32_t room_class_page(const struct room_class *class, uint32_t asked);

/* From text that ends with NUL. Returns 0, or -1 with one line in why: the class, the key and what it takes. */
int room_classes_parse(struct room_classes *classes, const char *text, char *why, size_t size);

/* There is no disk: every class is memory. Returns 0, or -1 with one line in why where one says class=disk. */
int room_classes_without_disk(struct room_classes *classes, char *why, size_t size);

#endif
