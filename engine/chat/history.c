#include "engine/chat/history.h"

#include "engine/core/check.h"
#include "engine/core/mutant.h"

static size_t data_at(const struct room_log *log, uint64_t seq)
{
	return event_bytes(&(*room_log_at(log, seq))->event);
}

struct history_range history_after(const struct room_log *log, uint64_t after, uint32_t limit, size_t page_bytes)
{
	const uint64_t first = room_log_first(log);
	const uint64_t next = after + 1 + PLANTED(3); /* a resume misses one */
	struct history_range range = { .from = next > first ? next : first };
	size_t bytes = 0;

	range.to = range.from - 1;
	while (range.to < log->last && limit > 0) {
		bytes += data_at(log, range.to + 1);
		if (bytes > page_bytes && range.to >= range.from)
			break;
		range.to++;
		limit--;
	}
	range.more = range.to < log->last;
	return range;
}

struct history_range history_before(const struct room_log *log, uint64_t before, uint32_t limit, size_t page_bytes)
{
	const uint64_t first = room_log_first(log);
	struct history_range range = { .to = before > log->last ? log->last : before - (before > 0) };
	size_t bytes = 0;

	range.from = range.to + 1;
	while (range.from > first && limit > 0) {
		bytes += data_at(log, range.from - 1);
		if (bytes > page_bytes && range.from <= range.to)
			break;
		range.from--;
		limit--;
	}
	range.more = range.from > first;
	return range;
}

struct history_range history_around(const struct room_log *log, uint64_t seq, uint32_t limit, size_t page_bytes)
{
	const uint64_t first = room_log_first(log);
	const struct history_range older = history_before(log, seq > first ? seq : first, limit / 2, page_bytes / 2);
	struct history_range range = history_after(log, older.to, limit - limit / 2, page_bytes / 2);

	if (older.from <= older.to)
		range.from = older.from;
	range.more |= older.more;
	return range;
}

struct history_range history_asked(const struct home *home, const struct room *room, const struct chat_command *command)
{
	const struct room_log *log = &room->log;
	const size_t bytes = home->limits.page_bytes;
	struct history_range range;

	if (command->from == CHAT_PAGE_AFTER)
		return history_after(log, command->seq, command->limit, bytes);
	if (command->from == CHAT_PAGE_AROUND)
		range = history_around(log, command->seq, command->limit, bytes);
	else
		range = history_before(log, command->from == CHAT_PAGE_BEFORE ? command->seq : UINT64_MAX,
				       command->limit, bytes);
	range.more |= range.from > room_first(home, room);
	return range;
}

size_t history_stored_bytes(const struct home *home, const struct room *room, const struct chat_event *events,
			    uint32_t count)
{
	size_t size = room_name(home, room).size + ROOM_EPOCH_SIZE + _Alignof(struct chat_event);

	for (uint32_t i = 0; i < count; i++)
		size += sizeof(struct chat_event) + event_bytes(&events[i]);
	return size;
}

/* The page without its events; *at moves behind where these go. */
static struct chat_event *page_begin(const struct home *home, const struct room *room, uint32_t count,
				     struct chat_page *page, uint8_t **at)
{
	const uintptr_t align = _Alignof(struct chat_event) - 1;
	struct chat_event *events = (struct chat_event *)(((uintptr_t)*at + align) & ~align);

	*page = (struct chat_page){
		.class = room->disk != 0 ? CHAT_CLASS_DISK : CHAT_CLASS_MEMORY,
		.first = room_first(home, room),
		.last = room->log.last,
		.events = events,
		.event_count = count,
	};
	*at = (uint8_t *)(events + count);
	*at = span_copy(&page->room, room_name(home, room), *at);
	*at = span_copy(&page->epoch, room_epoch(room), *at);
	return events;
}

uint8_t *history_stored(const struct home *home, const struct room *room, const struct chat_event *from, uint32_t count,
			struct chat_page *page, uint8_t *at)
{
	struct chat_event *events = page_begin(home, room, count, page, &at);

	for (uint32_t i = 0; i < count; i++) {
		at = event_copy(&events[i], &from[i], at);
		events[i].room = page->room;
	}
	return at;
}

size_t history_page_bytes(const struct home *home, const struct room *room, struct history_range range)
{
	size_t size = room_name(home, room).size + ROOM_EPOCH_SIZE + _Alignof(struct chat_event);

	for (uint64_t seq = range.from; seq <= range.to; seq++)
		size += sizeof(struct chat_event) + data_at(&room->log, seq);
	return size;
}

uint8_t *history_page(const struct home *home, const struct room *room, struct history_range range,
		      struct chat_page *page, uint8_t *at)
{
	struct chat_event *events = page_begin(home, room, (uint32_t)(range.to + 1 - range.from), page, &at);
	uint32_t count = 0;

	page->more = range.more;
	for (uint64_t seq = range.from; seq <= range.to; seq++, count++) {
		at = event_copy(&events[count], &(*room_log_at(&room->log, seq))->event, at);
		events[count].room = page->room;
	}
	CHECK(count == page->event_count);
	return at;
}
