#include "engine/store/sqlite_keep.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "engine/store/sqlite_row.h"

#define EXPIRE_ROOMS 64 /* a slice */
#define TRIM_EVENTS 8192
#define INDEX_EVENTS 512
#define CHECKPOINT_PAGES 2000

static int on_commit(void *context, sqlite3 *db, const char *name, int pages)
{
	struct sqlite_keep *keep = context;

	(void)db;
	(void)name;
	keep->wal_pages = pages;
	return SQLITE_OK;
}

int keep_open(struct sqlite_keep *keep, struct sqlite_append *append)
{
	sqlite3 *db = append->db;

	*keep = (struct sqlite_keep){
		.append = append,
		.expired = db_prepare(db, "SELECT name FROM rooms WHERE expires IS NOT NULL AND expires <= ? ORDER BY"
					  " expires LIMIT ?"),
		.to_trim = db_prepare(db, "SELECT id, trimmed, first FROM rooms WHERE first - trimmed >= 64 LIMIT 1"),
		.to_index = db_prepare(db, "SELECT id, indexed, first FROM rooms WHERE indexed < last LIMIT 1"),
		.drop = db_prepare(db, "DELETE FROM events WHERE id >= ? AND id < ?"),
		.drop_words = db_prepare(db, "DELETE FROM words WHERE rowid >= ? AND rowid < ?"),
		.set_trimmed = db_prepare(db, "UPDATE rooms SET trimmed = ?2 WHERE id = ?1"),
		.events =
			db_prepare(db, "SELECT id, kind, deleted, target, data FROM events WHERE id >= ?1 AND id <= ?2"
				       " ORDER BY id LIMIT ?3"),
		.target = db_prepare(db, "SELECT 1 FROM events WHERE id = ? AND deleted = 0"),
		.forget = db_prepare(db, "DELETE FROM words WHERE rowid = ?"),
		.learn = db_prepare(db, "INSERT INTO words (rowid, text) SELECT ?1, group_concat(atom, ' ')"
					" FROM json_tree(?2) WHERE type = 'text'"),
		.set_indexed = db_prepare(db, "UPDATE rooms SET indexed = ?2 WHERE id = ?1"),
	};
	sqlite3_wal_hook(db, on_commit, keep);
	return keep->expired && keep->to_trim && keep->to_index && keep->drop && keep->drop_words &&
			       keep->set_trimmed && keep->events && keep->target && keep->forget && keep->learn &&
			       keep->set_indexed
		       ? 0
		       : -1;
}

void keep_close(struct sqlite_keep *keep)
{
	sqlite3_stmt *const statements[] = {
		keep->expired, keep->to_trim, keep->to_index, keep->drop,  keep->drop_words,  keep->set_trimmed,
		keep->events,  keep->target,  keep->forget,   keep->learn, keep->set_indexed,
	};

	for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++)
		sqlite3_finalize(statements[i]);
}

/* Rooms whose oldest event is too old. */
static int expire(struct sqlite_keep *keep, uint64_t wall_ms, bool *more)
{
	static const struct span none = { 0 };
	char names[EXPIRE_ROOMS][CHAT_ROOM_SIZE_MAX];
	size_t sizes[EXPIRE_ROOMS];
	uint32_t count = 0;
	int code;

	sqlite3_bind_int64(keep->expired, 1, (int64_t)wall_ms);
	sqlite3_bind_int(keep->expired, 2, EXPIRE_ROOMS);
	while ((code = sqlite3_step(keep->expired)) == SQLITE_ROW && count < EXPIRE_ROOMS) {
		const struct span name = db_span(keep->expired, 0);

		sizes[count] = name.size < CHAT_ROOM_SIZE_MAX ? name.size : CHAT_ROOM_SIZE_MAX;
		memcpy(names[count], name.bytes, sizes[count]);
		count++;
	}
	sqlite3_reset(keep->expired);
	if (code == SQLITE_DONE)
		code = SQLITE_OK;
	for (uint32_t i = 0; i < count && code == SQLITE_OK; i++)
		code = append_expire(keep->append, span_of((uint8_t *)names[i], sizes[i]), none, wall_ms);
	*more |= count == EXPIRE_ROOMS;
	return code;
}

static int run_range(sqlite3_stmt *statement, int64_t from, int64_t to)
{
	sqlite3_bind_int64(statement, 1, from);
	sqlite3_bind_int64(statement, 2, to);
	return db_run(statement);
}

/* Rows below `first`, of one room after the other. */
static int trim(struct sqlite_keep *keep, bool *more)
{
	uint64_t left = TRIM_EVENTS;
	int code = SQLITE_OK;

	while (code == SQLITE_OK && left > 0) {
		code = sqlite3_step(keep->to_trim);
		const int64_t room = sqlite3_column_int64(keep->to_trim, 0);
		const uint64_t from = (uint64_t)sqlite3_column_int64(keep->to_trim, 1);
		uint64_t to = (uint64_t)sqlite3_column_int64(keep->to_trim, 2);

		sqlite3_reset(keep->to_trim);
		if (code != SQLITE_ROW)
			return code == SQLITE_DONE ? SQLITE_OK : code;
		to = to - from > left ? from + left : to;
		left -= to - from;
		code = run_range(keep->drop, row_id(room, from), row_id(room, to));
		if (code == SQLITE_OK)
			code = run_range(keep->drop_words, row_id(room, from), row_id(room, to));
		if (code == SQLITE_OK)
			code = run_range(keep->set_trimmed, room, (int64_t)to);
	}
	*more = true;
	return code;
}

static int learn(struct sqlite_keep *keep, int64_t id, struct span data)
{
	sqlite3_bind_int64(keep->forget, 1, id);
	const int code = db_run(keep->forget);

	if (code != SQLITE_OK || !data.bytes)
		return code;
	sqlite3_bind_int64(keep->learn, 1, id);
	db_bind_span(keep->learn, 2, data);
	return db_run(keep->learn);
}

/* What an event changes of the words that can be found. */
static int index_event(struct sqlite_keep *keep, sqlite3_stmt *event)
{
	const int64_t id = sqlite3_column_int64(event, 0);
	const int64_t target = row_id(id >> 32, (uint64_t)sqlite3_column_int64(event, 3));
	const struct span kind = db_span(event, 1);
	const bool deleted = sqlite3_column_int(event, 2) != 0;
	const struct span data = db_span(event, 4);

	if (span_equal(kind, SPAN("msg")))
		return learn(keep, id, deleted ? SPAN_NONE : data);
	if (span_equal(kind, SPAN("del")))
		return learn(keep, target, SPAN_NONE);
	if (!span_equal(kind, SPAN("edit")) || deleted)
		return SQLITE_OK;
	/* Of a target that is gone by now nothing is to be found. */
	sqlite3_bind_int64(keep->target, 1, target);
	const int code = sqlite3_step(keep->target);

	sqlite3_reset(keep->target);
	if (code == SQLITE_DONE)
		return SQLITE_OK;
	return code == SQLITE_ROW ? learn(keep, target, data) : code;
}

static int index_room(struct sqlite_keep *keep, int64_t room, uint64_t indexed, uint64_t first, uint64_t *left)
{
	const uint64_t from = indexed + 1 > first ? indexed + 1 : first;
	uint64_t seq = from - 1;
	int result = SQLITE_OK;
	int code = SQLITE_DONE;

	sqlite3_bind_int64(keep->events, 1, row_id(room, from));
	sqlite3_bind_int64(keep->events, 2, row_id(room, ROW_SEQ_MAX));
	sqlite3_bind_int64(keep->events, 3, (int64_t)*left);
	while (result == SQLITE_OK && (code = sqlite3_step(keep->events)) == SQLITE_ROW) {
		seq = (uint64_t)sqlite3_column_int64(keep->events, 0) & UINT32_MAX;
		result = index_event(keep, keep->events);
		(*left)--;
	}
	sqlite3_reset(keep->events);
	if (result != SQLITE_OK || code != SQLITE_DONE)
		return result != SQLITE_OK ? result : code;
	return run_range(keep->set_indexed, room, (int64_t)seq);
}

static int index_words(struct sqlite_keep *keep, bool *more)
{
	uint64_t left = INDEX_EVENTS;
	int code = SQLITE_OK;

	while (code == SQLITE_OK && left > 0) {
		code = sqlite3_step(keep->to_index);
		const int64_t room = sqlite3_column_int64(keep->to_index, 0);
		const uint64_t indexed = (uint64_t)sqlite3_column_int64(keep->to_index, 1);
		const uint64_t first = (uint64_t)sqlite3_column_int64(keep->to_index, 2);

		sqlite3_reset(keep->to_index);
		if (code != SQLITE_ROW)
			return code == SQLITE_DONE ? SQLITE_OK : code;
		code = index_room(keep, room, indexed, first, &left);
	}
	*more = true;
	return code;
}

static bool something_to_do(sqlite3_stmt *statement)
{
	const bool there = sqlite3_step(statement) == SQLITE_ROW;

	sqlite3_reset(statement);
	return there;
}

int keep_slice(struct sqlite_keep *keep, uint64_t wall_ms)
{
	bool more = false;

	if (keep->wal_pages >= CHECKPOINT_PAGES) {
		int pages, moved;
		const int code =
			sqlite3_wal_checkpoint_v2(keep->append->db, NULL, SQLITE_CHECKPOINT_PASSIVE, &pages, &moved);

		if (code != SQLITE_OK && code != SQLITE_BUSY && db_error(keep->append->db, code) != -ENOSPC)
			return db_error(keep->append->db, code);
		keep->wal_pages = 0;
		return 1;
	}
	sqlite3_bind_int64(keep->expired, 1, (int64_t)wall_ms);
	sqlite3_bind_int(keep->expired, 2, 1);
	if (!something_to_do(keep->expired) && !something_to_do(keep->to_trim) && !something_to_do(keep->to_index))
		return 0;

	int code = append_begin(keep->append);

	if (code == SQLITE_OK)
		code = expire(keep, wall_ms, &more);
	if (code == SQLITE_OK)
		code = trim(keep, &more);
	if (code == SQLITE_OK)
		code = index_words(keep, &more);
	const int error = append_end(keep->append, code);

	return error != 0 ? error : more;
}
