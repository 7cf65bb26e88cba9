#include "engine/store/sqlite_read.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/core/slab.h"
#include "engine/core/mutant.h"
#include "engine/store/backend.h"
#include "engine/store/sqlite_row.h"

int read_open(struct sqlite_read *read, sqlite3 *db)
{
	*read = (struct sqlite_read){
		.db = db,
		.begin = db_prepare(db, "BEGIN"),
		.end = db_prepare(db, "COMMIT"),
		.room = db_prepare(db, "SELECT id, epoch, first, last, indexed, crc FROM rooms WHERE name = ?"),
		.young = db_prepare(db,
				    "SELECT id FROM events WHERE id >= ? AND id <= ? AND ts > ? ORDER BY id LIMIT 1"),
		.ascending = db_prepare(db, "SELECT " ROW_COLUMNS " FROM events WHERE id >= ? AND id <= ? ORDER BY id"),
		.descending =
			db_prepare(db, "SELECT " ROW_COLUMNS " FROM events WHERE id >= ? AND id <= ? ORDER BY id DESC"),
	};
	read->state = db_prepare(db, "SELECT state, crc FROM states WHERE room = ?");
	return read->begin && read->end && read->room && read->young && read->ascending && read->descending &&
			       read->state
		       ? 0
		       : -1;
}

void read_close(struct sqlite_read *read)
{
	sqlite3_finalize(read->begin);
	sqlite3_finalize(read->end);
	sqlite3_finalize(read->room);
	sqlite3_finalize(read->young);
	sqlite3_finalize(read->ascending);
	sqlite3_finalize(read->descending);
	sqlite3_finalize(read->state);
	free(read->page.events);
	free(read->page.bytes);
}

enum store_status read_status(int code)
{
	return db_error(code) == -EBADMSG ? STORE_CORRUPT : STORE_UNAVAILABLE;
}

/* `first` as of now: the writer notices only by and by that something is too old. */
static int skip_old(struct sqlite_read *read, const struct store_job *job, struct sqlite_standing *standing)
{
	const uint64_t age_ms = job->retention.age_ms;
	sqlite3_stmt *young = read->young;
	int code;

	if (age_ms == 0 || job->now_ms < age_ms || standing->first > standing->last)
		return SQLITE_OK;
	sqlite3_bind_int64(young, 1, row_id(standing->id, standing->first));
	sqlite3_bind_int64(young, 2, row_id(standing->id, standing->last));
	sqlite3_bind_int64(young, 3, (int64_t)(job->now_ms - age_ms));
	code = sqlite3_step(young);
	if (code == SQLITE_ROW)
		standing->first = (uint64_t)sqlite3_column_int64(young, 0) & UINT32_MAX;
	else if (code == SQLITE_DONE)
		standing->first = standing->last + 1;
	sqlite3_reset(young);
	return code == SQLITE_ROW || code == SQLITE_DONE ? SQLITE_OK : code;
}

int read_room(struct sqlite_read *read, struct store_job *job, struct sqlite_standing *standing)
{
	sqlite3_stmt *room = read->room;

	*standing = (struct sqlite_standing){ .first = 1 };
	db_bind_span(room, 1, job->room);
	int code = sqlite3_step(room);

	if (code == SQLITE_ROW) {
		const struct span epoch = db_span(room, 1);

		standing->id = sqlite3_column_int64(room, 0);
		standing->first = (uint64_t)sqlite3_column_int64(room, 2);
		standing->last = (uint64_t)sqlite3_column_int64(room, 3);
		standing->indexed = (uint64_t)sqlite3_column_int64(room, 4);
		code = epoch.size <= CHAT_EPOCH_SIZE_MAX && standing->id > 0 && standing->id <= ROW_ROOM_MAX &&
				       standing->first >= 1 && standing->first <= standing->last + 1 &&
				       standing->last <= ROW_SEQ_MAX &&
				       row_room_crc(job->room, standing->first, standing->last) ==
					       (uint32_t)sqlite3_column_int64(room, 5)
			       ? SQLITE_OK
			       : SQLITE_CORRUPT;
		if (code == SQLITE_OK) {
			memcpy(job->room_epoch, epoch.bytes, epoch.size);
			job->room_epoch[epoch.size] = 0;
		}
	} else if (code == SQLITE_DONE) {
		code = SQLITE_OK;
	}
	sqlite3_reset(room);
	if (code == SQLITE_OK && standing->id != 0) {
		const uint64_t messages = job->retention.messages;

		/* The class may have become smaller since the last append. */
		if (messages != 0 && standing->last - standing->first + 1 > messages)
			standing->first = standing->last + 1 - messages;
		code = skip_old(read, job, standing);
	}
	return code;
}

static bool grow(struct sqlite_page *page, size_t more)
{
	if (page->count == page->events_max) {
		const uint32_t max = page->events_max ? page->events_max * 2 : 64;
		struct chat_event *events = realloc(page->events, max * sizeof(*events));

		if (!events)
			return false;
		page->events = events;
		page->events_max = max;
	}
	if (page->size + more > page->capacity) {
		const size_t capacity = (page->size + more) * 2;
		uint8_t *bytes = realloc(page->bytes, capacity);

		if (!bytes)
			return false;
		page->bytes = bytes;
		page->capacity = capacity;
	}
	return true;
}

/* Copies the bytes, and leaves in the span how far from the start they are, plus one so that it is not absent. */
static void add_span(struct sqlite_page *page, struct span *span)
{
	if (!span->bytes)
		return;
	if (span->size > 0)
		memcpy(page->bytes + page->size, span->bytes, span->size);
	span->bytes = (const uint8_t *)(uintptr_t)(page->size + 1);
	page->size += span->size;
}

bool page_add(struct sqlite_page *page, const struct chat_event *event)
{
	const uint32_t size = row_size(event);
	struct chat_event *to;

	if (!grow(page, size))
		return false;
	to = &page->events[page->count++];
	*to = *event;
	add_span(page, &to->from);
	add_span(page, &to->producer);
	add_span(page, &to->data);
	add_span(page, &to->key);
	page->data += size;
	return true;
}

static void settle_span(struct span *span, const uint8_t *bytes)
{
	if (span->bytes)
		span->bytes = bytes + (uintptr_t)span->bytes - 1;
}

struct store_page *page_make(const struct sqlite_page *page, bool backwards, bool more)
{
	const size_t head = sizeof(struct store_page) + page->count * sizeof(struct chat_event);
	struct store_page *made = block_take(head + page->size);

	if (!made)
		return NULL;
	uint8_t *bytes = (uint8_t *)made + head;

	made->size = head + page->size;
	made->more = more;
	made->count = page->count;
	if (page->size > 0)
		memcpy(bytes, page->bytes, page->size);
	for (uint32_t i = 0; i < page->count; i++) {
		struct chat_event *event = &made->events[backwards ? page->count - 1 - i : i];

		*event = page->events[i];
		settle_span(&event->from, bytes);
		settle_span(&event->producer, bytes);
		settle_span(&event->data, bytes);
		settle_span(&event->key, bytes);
	}
	return made;
}

struct part {
	uint64_t from, to; /* seqs that may be given */
	uint32_t limit;
	size_t page_bytes; /* over which no further event is given, once there is one of this part */
	bool backwards;
	uint32_t got;
};

/* Adds a part's events. */
static int gather(struct sqlite_read *read, const struct sqlite_standing *standing, struct part *part)
{
	sqlite3_stmt *select = part->backwards ? read->descending : read->ascending;
	uint64_t expected = part->backwards ? part->to : part->from;
	size_t bytes = 0;
	int code = SQLITE_OK;

	if (part->from > part->to || part->limit == 0)
		return SQLITE_OK;
	sqlite3_bind_int64(select, 1, row_id(standing->id, part->from));
	sqlite3_bind_int64(select, 2, row_id(standing->id, part->to));
	while (part->got < part->limit && code == SQLITE_OK) {
		struct chat_event event;

		code = sqlite3_step(select);
		if (code != SQLITE_ROW)
			break;
		code = row_read(select, &event) && (event.seq == expected || PLANTED(38)) /* a hole is given out */
			       ? SQLITE_OK
			       : SQLITE_CORRUPT;
		bytes += row_size(&event);
		if (code != SQLITE_OK || (bytes > part->page_bytes && part->got > 0))
			break;
		if (!page_add(&read->page, &event))
			code = SQLITE_NOMEM;
		part->got++;
		expected += part->backwards ? (uint64_t)-1 : 1;
	}
	sqlite3_reset(select);
	if (code == SQLITE_DONE) /* fewer rows than there are seqs */
		return PLANTED(38) || expected == (part->backwards ? part->from - 1 : part->to + 1) ? SQLITE_OK
												    : SQLITE_CORRUPT;
	return code;
}

static int page_after(struct sqlite_read *read, const struct sqlite_standing *at, uint64_t after, uint32_t limit,
		      size_t page_bytes, bool *more)
{
	struct part part = { .from = after + 1 > at->first ? after + 1 : at->first,
			     .to = at->last,
			     .limit = limit,
			     .page_bytes = page_bytes };
	const int code = gather(read, at, &part);

	*more = part.from <= part.to && part.from + part.got <= part.to;
	return code;
}

static int page_before(struct sqlite_read *read, const struct sqlite_standing *at, uint64_t before, uint32_t limit,
		       size_t page_bytes, bool *more)
{
	struct part part = { .from = at->first,
			     .to = before > at->last ? at->last : before - (before > 0),
			     .limit = limit,
			     .page_bytes = page_bytes,
			     .backwards = true };
	const int code = gather(read, at, &part);

	*more = part.to >= part.from && part.to - part.from + 1 > part.got;
	return code;
}

static void reset(struct sqlite_page *page)
{
	page->count = 0;
	page->size = 0;
	page->data = 0;
}

/* As engine/chat/history.c divides it: half before the seq, half from there on. */
static int read_around(struct sqlite_read *read, struct store_job *job, const struct sqlite_standing *at)
{
	const uint64_t middle = job->seq_asked > at->first ? job->seq_asked : at->first;
	const uint64_t after = middle > at->last ? at->last : middle - 1;
	struct part older = { .from = at->first,
			      .to = after,
			      .limit = job->limit / 2,
			      .page_bytes = job->page_bytes / 2,
			      .backwards = true };
	bool more;
	int code = gather(read, at, &older);

	/* They were gathered newest first, and what follows goes behind them. */
	for (uint32_t i = 0; i < read->page.count / 2; i++) {
		const struct chat_event event = read->page.events[i];

		read->page.events[i] = read->page.events[read->page.count - 1 - i];
		read->page.events[read->page.count - 1 - i] = event;
	}
	if (code == SQLITE_OK)
		code = page_after(read, at, after, job->limit - job->limit / 2, job->page_bytes / 2, &more);
	if (code != SQLITE_OK)
		return code;
	more |= older.to >= older.from && older.to - older.from + 1 > older.got;
	job->page = page_make(&read->page, false, more);
	return job->page ? SQLITE_OK : SQLITE_NOMEM;
}

static int read_state(struct sqlite_read *read, struct store_job *job, int64_t room)
{
	sqlite3_stmt *select = read->state;
	int code;

	sqlite3_bind_int64(select, 1, room);
	code = sqlite3_step(select);
	if (code == SQLITE_ROW) {
		const void *bytes = sqlite3_column_blob(select, 0);
		const struct span state = span_of(bytes, bytes ? (size_t)sqlite3_column_bytes(select, 0) : 0);

		if (!bytes || row_state_crc(room, state) != (uint32_t)sqlite3_column_int64(select, 1))
			code = SQLITE_CORRUPT;
		else if (!store_give_state(job, state))
			code = SQLITE_NOMEM;
	}
	sqlite3_reset(select);
	return code == SQLITE_ROW || code == SQLITE_DONE ? SQLITE_OK : code;
}

static int read_page(struct sqlite_read *read, struct store_job *job, const struct sqlite_standing *at)
{
	const bool backwards = job->from == CHAT_PAGE_BEFORE || job->from == CHAT_PAGE_LATEST;
	bool more;
	int code;

	reset(&read->page);
	if (job->from == CHAT_PAGE_AROUND)
		return read_around(read, job, at);
	if (backwards)
		code = page_before(read, at, job->from == CHAT_PAGE_BEFORE ? job->seq_asked : UINT64_MAX, job->limit,
				   job->page_bytes, &more);
	else
		code = page_after(read, at, job->seq_asked, job->limit, job->page_bytes, &more);
	if (code == SQLITE_OK && job->op == STORE_LOAD)
		code = read_state(read, job, at->id);
	if (code != SQLITE_OK)
		return code;
	job->page = page_make(&read->page, backwards, more);
	return job->page ? SQLITE_OK : SQLITE_NOMEM;
}

static int read_in_transaction(struct sqlite_read *read, struct store_job *job)
{
	struct sqlite_standing at;
	int code = read_room(read, job, &at);

	if (code != SQLITE_OK)
		return code;
	job->known = at.id != 0;
	job->first = at.first;
	job->last = at.last;
	if (job->op == STORE_PAGE && job->from == CHAT_PAGE_AFTER && job->seq_asked + 1 < at.first) {
		job->status = STORE_GONE;
		return SQLITE_OK;
	}
	return at.id != 0 ? read_page(read, job, &at) : SQLITE_OK;
}

void read_job(struct sqlite_read *read, struct store_job *job)
{
	int code = db_run(read->begin);

	job->status = STORE_OK;
	job->kept_state = NULL;
	if (code == SQLITE_OK)
		code = read_in_transaction(read, job);
	if (!sqlite3_get_autocommit(read->db))
		(void)db_run(read->end);
	if (code != SQLITE_OK)
		job->status = read_status(code);
}
