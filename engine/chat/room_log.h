/* room_log.h - the newest events of a room, in order, in memory.
 *
 * Dense: seq runs without holes, so the event of a seq is found by subtraction.
 */
#ifndef CHAT_ROOM_LOG_H
#define CHAT_ROOM_LOG_H

#include "engine/chat/record.h"

struct room_log {
	struct record **slots; /* a ring of 1 << order; NULL while empty */
	uint32_t head;         /* of the oldest */
	uint32_t count;
	uint64_t bytes : 56;   /* of all records: a class may keep 1T, and every room of a million has one of these */
	uint64_t order : 8;
	uint64_t last;         /* the newest seq ever given, 0 for none */
};

static inline uint64_t room_log_first(const struct room_log *log)
{
	return log->last + 1 - log->count;
}

static inline uint32_t room_log_capacity(const struct room_log *log)
{
	return log->slots ? 1u << log->order : 0;
}

/* Where the record of a seq is; NULL when it is not kept. */
struct record **room_log_at(const struct room_log *log, uint64_t seq);

/* Takes the record, whose seq must be last + 1. Returns 0 or -ENOMEM. */
int room_log_append(struct room_log *log, struct record *record);

/* Gives the oldest record out of the log; there must be one. */
struct record *room_log_shift(struct room_log *log);

#endif
