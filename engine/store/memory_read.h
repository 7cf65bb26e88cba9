/* memory_read.h - what is read of a room of the store in memory. For memory.c alone.
 */
#ifndef STORE_MEMORY_READ_H
#define STORE_MEMORY_READ_H

#include "engine/chat/room_log.h"
#include "engine/chat/store_job.h"

struct memory_room {
	struct room_log log;
	uint64_t bytes; /* of the spans that are kept */
	uint8_t *state; /* a block of state_size bytes; NULL for none */
	size_t state_size;
	uint64_t age_ms; /* how long the last append wanted events to be kept; 0: no bound */
	char name[CHAT_ROOM_SIZE_MAX];
	char epoch[CHAT_EPOCH_SIZE_MAX + 1];
	uint8_t name_size;
};

/* The event of a seq, NULL when it is not kept. */
static inline const struct chat_event *memory_event(const struct memory_room *room, uint64_t seq)
{
	struct record **at = room_log_at(&room->log, seq);

	return at ? &(*at)->event : NULL;
}

/* Whether the oldest event is past what is kept. */
bool memory_is_past(const struct memory_room *room, const struct store_retention *kept, uint64_t now_ms);

/* Answers LOAD, PAGE, SEARCH. */
void memory_read(const struct memory_room *room, struct store_job *job);

#endif
