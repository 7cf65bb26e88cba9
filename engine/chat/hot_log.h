/* hot_log.h - a room's last frames on this core as wire bytes, rendered once for all members who get the same.
 *
 *	 first segment          last segment
 *	[.........r....r.......][........................|......]
 *	          ^ cursors behind                settled^      ^tail
 *
 * Up to `settled` every member either was given the bytes, or stands behind as a
 * cursor with a position. Segments that no cursor stands in go; so a room
 * whose members keep up keeps none.
 */
#ifndef CHAT_HOT_LOG_H
#define CHAT_HOT_LOG_H

#include "engine/chat/hall.h"

struct hot_log {
	struct segment *first, *last;
	uint64_t tail;         /* bytes ever rendered */
	uint64_t settled;
	uint64_t seq;          /* of the newest logged event rendered, or that all members had before */
	uint64_t settled_seq;
	uint32_t bytes;        /* of the segments */
	uint32_t place;
	uint32_t cursors;      /* first */
	uint32_t count;        /* of cursors */
	uint32_t next_unsettled;
	uint8_t variant;
	bool unsettled;
	uint16_t usual;        /* what a turn renders of late, in units of HOT_LOG_USUAL_UNIT bytes */
};

#define HOT_LOG_USUAL_UNIT 16

static inline bool hot_log_is_crowd(const struct hall *hall, const struct hot_log *hot)
{
	return hall->limits.crowd_members != 0 && hot->count >= hall->limits.crowd_members;
}

static inline struct hot_log *hot_log_at(const struct hall *hall, uint32_t index)
{
	return slab_at(&hall->hot_logs, index);
}

/* Finds or makes the room's hot log of a variant; seq is where a new one stands. 0 when no more are to be had. */
uint32_t hot_log_enter(struct hall *hall, uint32_t place, enum variant variant, uint64_t seq);

/* Gives it back if it has no cursors. */
void hot_log_tidy(struct hall *hall, uint32_t index);

/* Room for one frame at the tail, or NULL when no segment is to be had: then call hot_log_skip(). */
uint8_t *hot_log_reserve(struct hall *hall, struct hot_log *hot, size_t size);

/* The frame is there. seq: of a logged event, 0 otherwise. */
void hot_log_commit(struct hall *hall, struct hot_log *hot, size_t size, uint64_t seq);

/* The frame could not be rendered: every member is to be caught up from the room's log. */
void hot_log_skip(struct hall *hall, struct hot_log *hot, uint64_t seq);

/* Marks all members who were not given the bytes up to the tail. */
void hot_log_settle(struct hall *hall, struct hot_log *hot);

/* Settles all that need it, and lets go of what nobody stands in. */
void hot_logs_settle(struct hall *hall);

/* Lets go of segments that nobody stands in. */
void hot_log_trim(struct hall *hall, struct hot_log *hot);

#endif
