#include "engine/store/sqlite_row.h"

#include <zlib.h>

#include "engine/core/mutant.h"
uint32_t row_size(const struct chat_event *event)
{
	return (uint32_t)(event->from.size + event->producer.size + event->data.size + event->key.size);
}

static uint32_t sum_span(uint32_t sum, struct span span)
{
	const uint32_t size = span.bytes ? (uint32_t)span.size : UINT32_MAX;

	sum = (uint32_t)crc32(sum, (const uint8_t *)&size, sizeof(size));
	return span.size > 0 ? (uint32_t)crc32(sum, span.bytes, (uInt)span.size) : sum;
}

uint32_t row_crc(int64_t id, const struct chat_event *event)
{
	const uint64_t numbers[] = {
		(uint64_t)id,  event->kind, event->ts_ms,   event->number,
		event->target, event->on,   event->deleted, event->rev,
	};
	uint32_t sum = (uint32_t)crc32(0, (const uint8_t *)numbers, sizeof(numbers));

	sum = sum_span(sum, event->from);
	sum = sum_span(sum, event->producer);
	sum = sum_span(sum, event->data);
	return sum_span(sum, event->key);
}

uint32_t row_room_crc(struct span name, uint64_t first, uint64_t last)
{
	const uint64_t numbers[] = { first, last };
	const uint32_t sum = (uint32_t)crc32(0, (const uint8_t *)numbers, sizeof(numbers));

	return sum_span(sum, name);
}

uint32_t row_state_crc(int64_t room, struct span state)
{
	return sum_span((uint32_t)crc32(0, (const uint8_t *)&room, sizeof(room)), state);
}

static void bind_number(sqlite3_stmt *insert, int index, bool there, uint64_t number)
{
	if (there)
		sqlite3_bind_int64(insert, index, (int64_t)number);
	else
		sqlite3_bind_null(insert, index);
}

void row_bind(sqlite3_stmt *insert, int64_t room, const struct chat_event *event, uint64_t upto)
{
	const int64_t id = row_id(room, event->seq);

	sqlite3_bind_int64(insert, 1, id);
	sqlite3_bind_text(insert, 2, chat_event_name(event->kind), -1, SQLITE_STATIC);
	sqlite3_bind_int64(insert, 3, (int64_t)event->ts_ms);
	db_bind_span(insert, 4, event->from);
	db_bind_span(insert, 5, event->producer);
	bind_number(insert, 6, event->producer.bytes != NULL, event->number);
	db_bind_span(insert, 7, event->data);
	bind_number(insert, 8, event->target != 0, event->target);
	db_bind_span(insert, 9, event->key);
	bind_number(insert, 10, event->kind == CHAT_EV_react, event->on);
	sqlite3_bind_int64(insert, 11, event->rev);
	sqlite3_bind_int(insert, 12, event->deleted);
	sqlite3_bind_int64(insert, 13, row_crc(id, event));
	sqlite3_bind_int64(insert, 14, row_size(event));
	sqlite3_bind_int64(insert, 15, (int64_t)upto);
}

static bool kind_of(struct span name, enum chat_event_kind *kind)
{
	for (int i = 0; i < CHAT_EVENT_COUNT; i++)
		if (chat_event_logged((enum chat_event_kind)i) &&
		    span_equal(name, span_of(chat_event_name((enum chat_event_kind)i),
					     strlen(chat_event_name((enum chat_event_kind)i))))) {
			*kind = (enum chat_event_kind)i;
			return true;
		}
	return false;
}

bool row_read(sqlite3_stmt *select, struct chat_event *event)
{
	const int64_t id = sqlite3_column_int64(select, 0);

	*event = (struct chat_event){
		.seq = (uint64_t)id & UINT32_MAX,
		.ts_ms = (uint64_t)sqlite3_column_int64(select, 2),
		.from = db_span(select, 3),
		.producer = db_span(select, 4),
		.number = (uint64_t)sqlite3_column_int64(select, 5),
		.data = db_span(select, 6),
		.target = (uint64_t)sqlite3_column_int64(select, 7),
		.key = db_span(select, 8),
		.on = sqlite3_column_int(select, 9) != 0,
		.rev = (uint32_t)sqlite3_column_int64(select, 10),
		.deleted = sqlite3_column_int(select, 11) != 0,
	};
	return kind_of(db_span(select, 1), &event->kind) &&
	       (PLANTED(35) ||
		/* damage is given out */ row_crc(id, event) == (uint32_t)sqlite3_column_int64(select, 12));
}
