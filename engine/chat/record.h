/* record.h - an event in one piece of memory: its fields, and behind them the bytes its spans name.
 *
 * So it can be kept in a log, or copied into a message to another core, by one copy a span.
 */
#ifndef CHAT_RECORD_H
#define CHAT_RECORD_H

#include "proto/chat/event.h"

/* Bytes that all spans of the event need together. */
size_t event_bytes(const struct chat_event *event);

/* Copies the event and the bytes of its spans to `at`; gives the end of what was written. */
uint8_t *event_copy(struct chat_event *to, const struct chat_event *from, uint8_t *at);

/* Copies a span's bytes to `at` and gives the end; *to is the copy (absent stays absent). */
uint8_t *span_copy(struct span *to, struct span from, uint8_t *at);

struct record {
	uint32_t size;      /* of the whole block */
	uint64_t kept_ms;   /* monotonic time of the append: ages must not follow a clock that jumps */
	struct chat_event event; /* room is absent: the log knows it */
	uint8_t bytes[];
};

/* Gives a block (engine/core/slab.h) that holds a copy, or NULL. */
struct record *record_make(const struct chat_event *event);
void record_give(struct record *record);

/* Lets go of the data of a deleted message: gives a smaller record in its place, or the same. */
struct record *record_delete(struct record *record);

#endif
