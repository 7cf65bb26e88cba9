/* cursor.h - a member: where one connection stands in one room.
 *
 *	 JOINING --answer--> LIVE <---settle / given all---> BEHIND
 *	    |  \                ^                               | fell off
 *	    |   \--more----> CATCHUP <--------------------------+
 *	    |                   |  ^ page, more
 *	    | left              v  |            page, no more: LIVE
 *	    v                FETCHING
 *	 ORPHAN (left before the answer: when it comes, the home and who left are told)
 *
 * LIVE: has everything up to the hot log's `settled`. BEHIND: stands at a position.
 * CATCHUP and FETCHING: has everything up to `seq`; the room's log gives the rest, page by page. One that `skips`
 * goes from CATCHUP to LIVE without it.
 */
#ifndef CHAT_CURSOR_H
#define CHAT_CURSOR_H

#include "engine/chat/hot_log.h"

enum cursor_state { CURSOR_JOINING, CURSOR_ORPHAN, CURSOR_LIVE, CURSOR_BEHIND, CURSOR_CATCHUP, CURSOR_FETCHING };

/* Bytes of a hot log that one member is not to see: its own event, where it asked for no echo. */
struct hole {
	uint64_t from, to;
	uint64_t seq; /* of that event */
	uint32_t next;
};

struct cursor {
	union {
		uint64_t position; /* BEHIND */
		uint64_t leave_id; /* ORPHAN: of the leave that is answered behind the join, 0 for none */
	};
	uint64_t seq;           /* not LIVE: the newest logged event that was given */
	uint32_t hot;           /* 0 until joined */
	uint32_t place;
	uint32_t owner;
	uint32_t next, prev;    /* of the same hot log */
	uint32_t next_owned;
	uint32_t next_behind;
	uint32_t stamp;         /* this use of the cursor */
	uint32_t holes;
	uint16_t typing_s;      /* when typing was last passed on; its low bits */
	uint8_t state;          /* enum cursor_state */
	uint8_t rights;         /* of the owner, in this room: enum chat_right */
	bool typed : 1;
	bool presence : 1;
	bool no_echo : 1;
	bool listed : 1;        /* in its owner's list of those behind */
	bool fell : 1;          /* off the hot log: what is not in the log was missed */
	uint8_t slow : 2;       /* enum slow_policy: of the room's class */
	bool skips : 1;         /* CATCHUP: is not given what it missed, by that policy */
	bool given : 1;         /* the rights are not the policy's but somebody else's, for as long as it is a member */
};

static inline struct cursor *cursor_at(const struct hall *hall, uint32_t index)
{
	return slab_at(&hall->cursors, index);
}

static inline uint32_t cursor_index(const struct hall *hall, const struct cursor *cursor)
{
	return slab_index(&hall->cursors, cursor);
}

/* The owner's cursor in a place, orphans not counted; NULL when it is not in. */
struct cursor *cursor_find(const struct hall *hall, uint32_t owner, uint32_t place);

/* The owner's cursor of that number, if it is still the one that had that stamp; otherwise NULL. */
struct cursor *cursor_still(const struct hall *hall, uint32_t owner, uint32_t index, uint32_t stamp);

/* A new one, JOINING, on the owner's list. NULL when none is to be had. */
struct cursor *cursor_open(struct hall *hall, uint32_t owner, uint32_t place, bool presence, bool no_echo);

/* The home has let it in. compressed: it reads frames that may be; given_seq: the newest event that the answer
 * gives; room_seq: where the room stands. In between it is caught up. Returns 0, or -ENOMEM. */
int cursor_attach(struct hall *hall, struct cursor *cursor, bool compressed, uint64_t given_seq, uint64_t room_seq);

/* It is no longer given presence. What it was not given yet of the room's messages it is caught up with. Returns 0, or
 * -ENOMEM: then all is as before. */
int cursor_end_presence(struct hall *hall, struct cursor *cursor);

/* From CATCHUP or FETCHING: the room's log has nothing more. seq is where the room stands. */
void cursor_join_live(struct hall *hall, struct cursor *cursor, uint64_t seq);

/* On and off its owner's list of those with something to give; on also marks the owner. */
void cursor_list(struct hall *hall, struct cursor *cursor);
void cursor_list_crowd(struct hall *hall, struct cursor *cursor); /* of a room of very many: owner_mark_crowd() */
void cursor_unlist(struct hall *hall, struct cursor *cursor);

/* Marks the owner if there is something for it; as one of a crowd if what it waits longest for is such a room's. */
void owner_mark_again(struct hall *hall, uint32_t owner);

/* Behind the others of its owner's list: what a send has no room for is not first in the next, so rooms take turns. */
void cursor_last(struct hall *hall, struct cursor *cursor);

/* More is to be fetched when the owner has room for it. */
void cursor_catch_up(struct hall *hall, struct cursor *cursor);

/* It is off the hot log. */
void cursor_fall(struct hall *hall, struct cursor *cursor);

/* It fell because it did not take what was there for it: what the room's class does then is noted, for the pump. */
void cursor_late(struct hall *hall, struct cursor *cursor);

/* Takes it off its owner's list, leaving an orphan with no owner. JOINING only. */
void cursor_orphan(struct hall *hall, struct cursor *cursor);

/* Over. Tidies the hot log and the place, and says whether the core has no member of the room left. */
bool cursor_close(struct hall *hall, struct cursor *cursor);

/* BEHIND: the next contiguous bytes for it (around its holes). False: it has everything and is LIVE again.
 * After true, cursor_take() says that they will be given. */
struct cursor_range {
	struct segment *segment;
	const uint8_t *bytes;
	size_t size;
	uint64_t seq; /* the newest logged event that is given with them */
};
bool cursor_next(struct hall *hall, struct cursor *cursor, struct cursor_range *range);
void cursor_take(struct hall *hall, struct cursor *cursor, const struct cursor_range *range);

/* Adds a hole: the event just committed. Without memory for it the member sees its own
 * event, which it knows by its author and cid. */
void cursor_hole(struct hall *hall, struct cursor *cursor, uint64_t from, uint64_t to);

#endif
