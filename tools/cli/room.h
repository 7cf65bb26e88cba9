/* room.h - one room we are in or want to be in: where we are in it, and what waits to be said there.
 */
#ifndef CLI_ROOM_H
#define CLI_ROOM_H

#include "tools/cli/outbox.h"

#define ROOM_NAME_SIZE_MAX 128
#define ROOM_EPOCH_SIZE_MAX 16

enum room_phase {
	ROOM_FREE = 0, /* this place is nobody's */
	ROOM_WANTED,   /* join is to be sent */
	ROOM_JOINING,  /* and has been */
	ROOM_IN,
	ROOM_OUT,     /* put out of it, but what was asked there is still to be answered */
};

struct room {
	enum room_phase phase;
	char name[ROOM_NAME_SIZE_MAX + 1];
	uint32_t limit;         /* events of the first page */
	bool quiet;             /* neither presence nor echo of what we say */
	uint64_t back;          /* a page of more than the server gives: join, go back so far, resume; 0: no */
	uint32_t tries;         /* to resume there, of which nothing was shown yet */
	uint64_t wanted_ns;     /* join not before */
	uint64_t refused_ns;    /* since when it is refused for now; 0: it is not */
	uint64_t paused_ns;     /* nothing is said before: we are muted here, or the room is slow */
	bool held;              /* which was told, for what still waits */
	bool known;             /* the position is: */
	char epoch[ROOM_EPOCH_SIZE_MAX + 1];
	uint64_t seq;
	uint64_t target;        /* its last number when we joined */
	uint64_t moved_ns;      /* when the position last went on */
	uint64_t acked_seq;     /* the last of our own in this epoch */
	struct outbox outbox;
};

/* What the protocol takes for a room's name. */
static inline bool room_name_is_valid(const char *name)
{
	const size_t size = strlen(name);

	return size >= 1 && size <= ROOM_NAME_SIZE_MAX &&
	       strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.:@~-") == size;
}

#endif
