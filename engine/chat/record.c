#include "engine/chat/record.h"

#include "engine/core/check.h"
#include "engine/core/slab.h"

size_t event_bytes(const struct chat_event *event)
{
	return event->room.size + event->from.size + event->producer.size + event->data.size + event->key.size;
}

uint8_t *span_copy(struct span *to, struct span from, uint8_t *at)
{
	if (!from.bytes) {
		*to = SPAN_NONE;
		return at;
	}
	memcpy(at, from.bytes, from.size);
	*to = span_of(at, from.size);
	return at + from.size;
}

uint8_t *event_copy(struct chat_event *to, const struct chat_event *from, uint8_t *at)
{
	*to = *from;
	at = span_copy(&to->room, from->room, at);
	at = span_copy(&to->from, from->from, at);
	at = span_copy(&to->producer, from->producer, at);
	at = span_copy(&to->data, from->data, at);
	return span_copy(&to->key, from->key, at);
}

struct record *record_make(const struct chat_event *event)
{
	struct chat_event kept = *event;

	kept.room = SPAN_NONE;
	const size_t size = sizeof(struct record) + event_bytes(&kept);
	struct record *record = block_take(size);

	if (!record)
		return NULL;
	record->size = (uint32_t)size;
	const uint8_t *end = event_copy(&record->event, &kept, record->bytes);

	CHECK(end == (uint8_t *)record + size);
	return record;
}

void record_give(struct record *record)
{
	block_give(record, record->size);
}

struct record *record_delete(struct record *record)
{
	struct chat_event event = record->event;

	event.deleted = true;
	event.data = SPAN_NONE;

	struct record *smaller = record_make(&event);

	if (!smaller) {
		record->event.deleted = true;
		record->event.data = SPAN_NONE;
		return record;
	}
	smaller->kept_ms = record->kept_ms;
	record_give(record);
	return smaller;
}
