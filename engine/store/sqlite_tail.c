#include "engine/store/sqlite_tail.h"

#include <stdlib.h>

#include "engine/core/mutant.h"
#include "engine/store/sqlite_row.h"
#include "engine/store/sqlite_text.h"

/* As `words` of the schema, but that it keeps no text. */
#define TABLE "CREATE VIRTUAL TABLE tail USING fts5 (text, content = '', tokenize = 'unicode61 remove_diacritics 2')"

static bool prepare(struct sqlite_tail *tail, sqlite3 *db)
{
	tail->forget = db_prepare(tail->db, "INSERT INTO tail (tail) VALUES ('delete-all')");
	tail->learn = db_prepare(tail->db, "INSERT INTO tail (rowid, text) VALUES (?, ?)");
	tail->find = db_prepare(tail->db, "SELECT rowid FROM tail WHERE tail MATCH ? ORDER BY rowid DESC");
	tail->events = db_prepare(db, "SELECT " ROW_COLUMNS " FROM events WHERE id >= ? AND id <= ? ORDER BY id");
	tail->event = db_prepare(db, "SELECT " ROW_COLUMNS " FROM events WHERE id = ?");
	tail->newest_edit = db_prepare(db, "SELECT " ROW_COLUMNS " FROM events WHERE kind = 'edit' AND id >> 32 = ?"
					   " AND target = ? ORDER BY id DESC LIMIT 1");
	return tail->forget && tail->learn && tail->find && tail->events && tail->event && tail->newest_edit;
}

struct sqlite_tail *tail_open(sqlite3 *db)
{
	struct sqlite_tail *tail = calloc(1, sizeof(*tail));
	const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_MEMORY | SQLITE_OPEN_NOMUTEX;

	if (!tail)
		return NULL;
	if (sqlite3_open_v2(":memory:", &tail->db, flags, NULL) == SQLITE_OK &&
	    sqlite3_exec(tail->db, TABLE, NULL, NULL, NULL) == SQLITE_OK && prepare(tail, db))
		return tail;
	tail_close(tail);
	return NULL;
}

void tail_close(struct sqlite_tail *tail)
{
	if (!tail)
		return;
	sqlite3_finalize(tail->forget);
	sqlite3_finalize(tail->learn);
	sqlite3_finalize(tail->find);
	sqlite3_finalize(tail->events);
	sqlite3_finalize(tail->event);
	sqlite3_finalize(tail->newest_edit);
	sqlite3_close(tail->db);
	free(tail);
}

static int by_seq(const void *left, const void *right)
{
	const uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return (a > b) - (a < b);
}

bool tail_has(const struct sqlite_tail *tail, uint64_t seq)
{
	return bsearch(&seq, tail->seqs, tail->count, sizeof(seq), by_seq) != NULL;
}

/* Sorts, and leaves one of each. */
static void tidy(struct sqlite_tail *tail)
{
	uint32_t count = 0;

	qsort(tail->seqs, tail->count, sizeof(tail->seqs[0]), by_seq);
	for (uint32_t i = 0; i < tail->count; i++)
		if (count == 0 || tail->seqs[count - 1] != tail->seqs[i])
			tail->seqs[count++] = tail->seqs[i];
	tail->count = count;
}

/* Which messages have other words than the index has, or would have if it knew of them. */
static int collect(struct sqlite_tail *tail, const struct sqlite_standing *at, uint64_t before)
{
	uint64_t from = at->indexed + 1 > at->first ? at->indexed + 1 : at->first;
	int code;

	tail->count = 0;
	if (from > at->last)
		return SQLITE_OK;
	if (at->last - from >= TAIL_EVENTS_MAX)
		from = at->last - TAIL_EVENTS_MAX + 1;
	sqlite3_bind_int64(tail->events, 1, row_id(at->id, from));
	sqlite3_bind_int64(tail->events, 2, row_id(at->id, at->last));
	for (uint64_t left = at->last - from + 1; (code = sqlite3_step(tail->events)) == SQLITE_ROW; left--) {
		struct chat_event event;

		/* A damaged file may have more rows than numbers. */
		if (left == 0 || !row_read(tail->events, &event)) {
			code = SQLITE_CORRUPT;
			break;
		}
		const uint64_t seq = event.kind == CHAT_EV_edit ? event.target : event.seq;

		if ((event.kind == CHAT_EV_msg || event.kind == CHAT_EV_edit) && !event.deleted && seq >= at->first &&
		    seq < before)
			tail->seqs[tail->count++] = seq;
	}
	sqlite3_reset(tail->events);
	tidy(tail);
	return code == SQLITE_DONE ? SQLITE_OK : code;
}

static int read_one(sqlite3_stmt *select, struct chat_event *event, bool *found)
{
	const int code = sqlite3_step(select);

	*found = code == SQLITE_ROW;
	if (code == SQLITE_ROW)
		return row_read(select, event) ? SQLITE_OK : SQLITE_CORRUPT;
	return code == SQLITE_DONE ? SQLITE_OK : code;
}

int tail_message(struct sqlite_tail *tail, int64_t room, uint64_t seq, struct chat_event *event, bool *found)
{
	struct chat_event edit;
	bool edited;
	int code;

	sqlite3_reset(tail->event);
	sqlite3_reset(tail->newest_edit);
	sqlite3_bind_int64(tail->event, 1, row_id(room, seq));
	code = read_one(tail->event, event, found);
	if (code != SQLITE_OK || !*found)
		return code;
	if (event->kind != CHAT_EV_msg || (event->deleted && !PLANTED(39))) { /* what was deleted is found */
		*found = false;
		return SQLITE_OK;
	}
	if (event->rev == 0)
		return SQLITE_OK;
	sqlite3_bind_int64(tail->newest_edit, 1, room);
	sqlite3_bind_int64(tail->newest_edit, 2, (int64_t)seq);
	code = read_one(tail->newest_edit, &edit, &edited);
	if (code == SQLITE_OK && (!edited || edit.rev != event->rev))
		return SQLITE_CORRUPT; /* an edit is kept for as long as what it is of */
	event->data = edit.data;
	return code;
}

static int learn(struct sqlite_tail *tail, const struct sqlite_standing *at, uint64_t seq)
{
	struct chat_event event;
	bool found;
	size_t size;
	int code = tail_message(tail, at->id, seq, &event, &found);

	if (code != SQLITE_OK || !found || !event.data.bytes || event.data.size > sizeof(tail->text))
		return code;
	size = text_of_json(tail->text, event.data);
	if (size == 0)
		return SQLITE_OK;
	sqlite3_bind_int64(tail->learn, 1, (int64_t)seq);
	db_bind_span(tail->learn, 2, span_of(tail->text, size));
	return db_run(tail->learn);
}

static int find(struct sqlite_tail *tail, const char *expression)
{
	int code;

	sqlite3_bind_text(tail->find, 1, expression, -1, SQLITE_STATIC);
	while ((code = sqlite3_step(tail->find)) == SQLITE_ROW && tail->found_count < TAIL_EVENTS_MAX)
		tail->found[tail->found_count++] = (uint64_t)sqlite3_column_int64(tail->find, 0);
	sqlite3_reset(tail->find);
	return code == SQLITE_DONE ? SQLITE_OK : code;
}

int tail_find(struct sqlite_tail *tail, const struct sqlite_standing *at, const char *expression, uint64_t before)
{
	int code = collect(tail, at, before);

	tail->found_count = 0;
	for (uint32_t i = 0; i < tail->count && code == SQLITE_OK; i++)
		code = learn(tail, at, tail->seqs[i]);
	if (code == SQLITE_OK && tail->count > 0)
		code = find(tail, expression);
	if (tail->count > 0) {
		const int forgot = db_run(tail->forget);

		code = code == SQLITE_OK ? forgot : code;
	}
	sqlite3_reset(tail->event);
	sqlite3_reset(tail->newest_edit);
	return code;
}
