#include "engine/store/memory_read.h"

#include "engine/core/check.h"
#include "engine/core/slab.h"
#include "engine/store/backend.h"
#include "engine/store/words.h"

bool memory_is_past(const struct memory_room *room, const struct store_retention *kept, uint64_t now_ms)
{
	const struct chat_event *oldest = memory_event(room, room_log_first(&room->log));

	if (!oldest)
		return false;
	return (kept->messages != 0 && room->log.count > kept->messages) ||
	       (kept->bytes != 0 && room->bytes > kept->bytes) ||
	       (kept->age_ms != 0 && now_ms >= kept->age_ms && oldest->ts_ms <= now_ms - kept->age_ms);
}

/* A page of these records, ascending; NULL where there is nothing to say. */
static struct store_page *page_make(const struct chat_event *events, uint32_t count, bool more)
{
	size_t size = sizeof(struct store_page);

	for (uint32_t i = 0; i < count; i++)
		size += sizeof(struct chat_event) + event_bytes(&events[i]);
	struct store_page *page = count > 0 || more ? block_take(size) : NULL;

	if (!page)
		return NULL;
	uint8_t *at = (uint8_t *)&page->events[count];

	*page = (struct store_page){ .size = size, .more = more, .count = count };
	for (uint32_t i = 0; i < count; i++)
		at = event_copy(&page->events[i], &events[i], at);
	CHECK(at == (uint8_t *)page + size);
	return page;
}

struct range {
	uint64_t from, to; /* none: from = to + 1 */
	bool more;
};

static struct range after(const struct memory_room *room, uint64_t seq, uint32_t limit, size_t page_bytes)
{
	const uint64_t first = room_log_first(&room->log);
	struct range range = { .from = seq + 1 > first ? seq + 1 : first };
	size_t bytes = 0;

	for (range.to = range.from - 1; range.to < room->log.last && limit > 0; range.to++, limit--) {
		bytes += event_bytes(memory_event(room, range.to + 1));
		if (bytes > page_bytes && range.to >= range.from)
			break;
	}
	range.more = range.to < room->log.last;
	return range;
}

static struct range before(const struct memory_room *room, uint64_t seq, uint32_t limit, size_t page_bytes)
{
	const uint64_t first = room_log_first(&room->log);
	struct range range = { .to = seq > room->log.last ? room->log.last : seq - (seq > 0) };
	size_t bytes = 0;

	for (range.from = range.to + 1; range.from > first && limit > 0; range.from--, limit--) {
		bytes += event_bytes(memory_event(room, range.from - 1));
		if (bytes > page_bytes && range.from <= range.to)
			break;
	}
	range.more = range.from > first;
	return range;
}

static struct range around(const struct memory_room *room, uint64_t seq, uint32_t limit, size_t page_bytes)
{
	const uint64_t first = room_log_first(&room->log);
	const struct range older = before(room, seq > first ? seq : first, limit / 2, page_bytes / 2);
	struct range range = after(room, older.to, limit - limit / 2, page_bytes / 2);

	if (older.from <= older.to)
		range.from = older.from;
	range.more |= older.more;
	return range;
}

static struct range range_asked(const struct memory_room *room, const struct store_job *job)
{
	if (job->op == STORE_LOAD || job->from == CHAT_PAGE_LATEST)
		return before(room, UINT64_MAX, job->limit, job->page_bytes);
	if (job->from == CHAT_PAGE_BEFORE)
		return before(room, job->seq_asked, job->limit, job->page_bytes);
	if (job->from == CHAT_PAGE_AFTER)
		return after(room, job->seq_asked, job->limit, job->page_bytes);
	return around(room, job->seq_asked, job->limit, job->page_bytes);
}

static void read_range(const struct memory_room *room, struct store_job *job)
{
	const struct range range = range_asked(room, job);
	const uint32_t count = range.to + 1 > range.from ? (uint32_t)(range.to + 1 - range.from) : 0;
	struct chat_event *events = block_take(count * sizeof(*events));

	for (uint32_t i = 0; events && i < count; i++)
		events[i] = *memory_event(room, range.from + i);
	job->page = events ? page_make(events, count, range.more) : NULL;
	if (count > 0 && !job->page)
		job->status = STORE_UNAVAILABLE;
	block_give(events, count * sizeof(*events));
	if (job->op == STORE_LOAD && room->state && !store_give_state(job, span_of(room->state, room->state_size)))
		job->status = STORE_UNAVAILABLE;
}

/* What a message says now: what its newest edit says. */
static struct span said(const struct memory_room *room, const struct chat_event *message)
{
	struct span data = message->data;

	for (uint64_t seq = message->seq + 1; message->rev > 0 && seq <= room->log.last; seq++) {
		const struct chat_event *event = memory_event(room, seq);

		if (event->kind == CHAT_EV_edit && event->target == message->seq)
			data = event->data;
	}
	return data;
}

static void search(const struct memory_room *room, struct store_job *job)
{
	struct chat_event *found = block_take((job->limit + 1) * sizeof(*found));
	uint32_t count = 0;
	size_t bytes = 0;
	bool more = false;
	uint64_t seq = job->seq_asked == 0 || job->seq_asked > room->log.last ? room->log.last : job->seq_asked - 1;

	/* From the end of the array on, since the newest are found first. */
	for (; found && seq >= room_log_first(&room->log) && seq > 0 && !more; seq--) {
		struct chat_event event = *memory_event(room, seq);

		if (event.kind != CHAT_EV_msg || event.deleted)
			continue;
		event.data = said(room, &event);
		if (!words_match(job->query, event.data))
			continue;
		bytes += event_bytes(&event);
		more = count == job->limit || (bytes > job->page_bytes && count > 0);
		if (!more)
			found[job->limit - ++count] = event;
	}
	job->page = found ? page_make(found + job->limit - count, count, more) : NULL;
	if (count > 0 && !job->page)
		job->status = STORE_UNAVAILABLE;
	if (found)
		block_give(found, (job->limit + 1) * sizeof(*found));
}

/* The room as the asker's retention has it: a reader does not drop anything. */
static struct memory_room seen(const struct memory_room *room, const struct store_job *job)
{
	struct memory_room view = *room;

	while (memory_is_past(&view, &job->retention, job->now_ms)) {
		view.bytes -= event_bytes(memory_event(&view, room_log_first(&view.log)));
		view.log.head = (view.log.head + 1) & (room_log_capacity(&view.log) - 1);
		view.log.count--;
	}
	return view;
}

void memory_read(const struct memory_room *all, struct store_job *job)
{
	const struct memory_room view = seen(all, job), *room = &view;

	job->first = room_log_first(&room->log);
	job->last = room->log.last;
	job->known = true;
	memcpy(job->room_epoch, room->epoch, sizeof(room->epoch));
	if (job->op == STORE_SEARCH)
		search(room, job);
	else if (job->op == STORE_PAGE && job->from == CHAT_PAGE_AFTER && job->seq_asked + 1 < job->first)
		job->status = STORE_GONE;
	else
		read_range(room, job);
}
