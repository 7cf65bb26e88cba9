#include "engine/store/sqlite_append.h"

#include <errno.h>

#include "engine/core/mutant.h"
#include "engine/store/backend.h"
#include "engine/store/sqlite_row.h"
#include "proto/chat/author.h"

#define WAL_PAGES_MAX 16384 /* 64 MiB */
#define WAL_PAGES_AGAIN 2048

/* Authors of one cid in a room that are looked at, the newest first: somebody with many names may make it thousands,
 * and no append is to take long for that. Behind so many a retry is kept twice. */
#define CID_AUTHORS_MAX "256"

static int on_commit(void *context, sqlite3 *db, const char *name, int pages)
{
	struct sqlite_append *append = context;

	(void)db;
	(void)name;
	append->wal_pages = pages;
	return SQLITE_OK;
}

static bool prepare(struct sqlite_append *append, sqlite3 *db)
{
	append->begin = db_prepare(db, "BEGIN IMMEDIATE");
	append->commit = db_prepare(db, "COMMIT");
	append->rollback = db_prepare(db, "ROLLBACK");
	append->mark = db_prepare(db, "SAVEPOINT job");
	append->unmark = db_prepare(db, "ROLLBACK TO job");
	append->release = db_prepare(db, "RELEASE job");
	append->insert = db_prepare(db, ROW_INSERT);
	append->by_cid = db_prepare(db, "SELECT id, ts, sender FROM events WHERE producer = ? AND n = ? AND id >= ?"
					" AND id <= ? ORDER BY id DESC LIMIT " CID_AUTHORS_MAX);
	append->read = db_prepare(db, "SELECT " ROW_COLUMNS " FROM events WHERE id = ?");
	append->edited = db_prepare(db, "UPDATE events SET rev = ?2, crc = ?3 WHERE id = ?1");
	append->edits = db_prepare(db, "SELECT id FROM events WHERE kind = 'edit' AND id >> 32 = ? AND target = ?");
	append->erase = db_prepare(db, "UPDATE events SET data = NULL, deleted = 1, crc = ?2 WHERE id = ?1");
	append->young =
		db_prepare(db, "SELECT id FROM events WHERE id >= ? AND id <= ? AND ts > ? ORDER BY id LIMIT 1");
	append->keep_state = db_prepare(db, "REPLACE INTO states (room, state, crc) VALUES (?, ?, ?)");
	append->drop_state = db_prepare(db, "DELETE FROM states WHERE room = ?");
	return append->begin && append->commit && append->rollback && append->mark && append->unmark &&
	       append->release && append->insert && append->by_cid && append->read && append->edited && append->edits &&
	       append->erase && append->young && append->keep_state && append->drop_state;
}

int append_open(struct sqlite_append *append, sqlite3 *db)
{
	*append = (struct sqlite_append){ .db = db, .wal_due = WAL_PAGES_MAX };
	sqlite3_wal_hook(db, on_commit, append);
	return standings_open(&append->rooms, db) == 0 && prepare(append, db) ? 0 : -1;
}

void append_close(struct sqlite_append *append)
{
	sqlite3_stmt *const statements[] = {
		append->begin,   append->commit, append->rollback, append->mark,       append->unmark,
		append->release, append->insert, append->by_cid,   append->read,       append->edited,
		append->edits,   append->erase,  append->young,    append->keep_state, append->drop_state,
	};

	for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++)
		sqlite3_finalize(statements[i]);
	standings_close(&append->rooms);
}

/* The earlier event of the author's cid, if the room keeps one: *found. */
static int find_cid(struct sqlite_append *append, const struct sqlite_room *room, struct store_job *job, bool *found)
{
	sqlite3_stmt *by_cid = append->by_cid;
	int code;

	db_bind_span(by_cid, 1, job->event.producer);
	sqlite3_bind_int64(by_cid, 2, (int64_t)job->event.number);
	sqlite3_bind_int64(by_cid, 3, row_id(room->id, PLANTED(31) ? 1 : room->first)); /* what was trimmed counts */
	sqlite3_bind_int64(by_cid, 4, row_id(room->id, room->last));
	while (!*found && (code = sqlite3_step(by_cid)) == SQLITE_ROW) {
		if (!chat_same_author(db_span(by_cid, 2), job->event.from) && !PLANTED(91)) /* anybody's is one's own */
			continue;
		job->seq = (uint64_t)sqlite3_column_int64(by_cid, 0) & UINT32_MAX;
		job->ts_ms = (uint64_t)sqlite3_column_int64(by_cid, 1);
		*found = true;
	}
	sqlite3_reset(by_cid);
	return code == SQLITE_DONE || code == SQLITE_ROW ? SQLITE_OK : code;
}

/* Whether the author may do that to the target: job->status; and the target's edits so far. */
static int judge_target(struct sqlite_append *append, const struct sqlite_room *room, struct store_job *job,
			uint32_t *rev)
{
	const struct chat_event *event = &job->event;
	struct chat_event target;
	int code;

	job->status = STORE_GONE;
	if (event->target < room->first || event->target > room->last)
		return SQLITE_OK;
	sqlite3_bind_int64(append->read, 1, row_id(room->id, event->target));
	code = sqlite3_step(append->read);
	if (code == SQLITE_ROW)
		code = row_read(append->read, &target) ? SQLITE_OK : SQLITE_CORRUPT;
	else if (code == SQLITE_DONE)
		code = SQLITE_CORRUPT; /* the seqs of a room have no holes */
	if (code == SQLITE_OK && target.kind == CHAT_EV_msg && !target.deleted) {
		job->status = store_may_change(job, target.from) ? STORE_OK : STORE_FORBIDDEN;
		*rev = target.rev;
	}
	sqlite3_reset(append->read);
	return code;
}

/* Changes an event: one more edit, or without its data for good. */
static int change(struct sqlite_append *append, int64_t id, uint32_t rev)
{
	sqlite3_stmt *update = rev > 0 ? append->edited : append->erase;
	struct chat_event event;

	sqlite3_bind_int64(append->read, 1, id);
	const int code = sqlite3_step(append->read);

	if (code != SQLITE_ROW || !row_read(append->read, &event)) {
		sqlite3_reset(append->read);
		return code == SQLITE_ROW || code == SQLITE_DONE ? SQLITE_CORRUPT : code;
	}
	if (rev > 0) {
		event.rev = rev;
		sqlite3_bind_int64(update, 2, rev);
	} else {
		event.data = SPAN_NONE;
		event.deleted = true;
	}
	sqlite3_bind_int64(update, 1, id);
	sqlite3_bind_int64(update, rev > 0 ? 3 : 2, row_crc(id, &event));
	sqlite3_reset(append->read);
	return db_run(update);
}

static int erase_edits(struct sqlite_append *append, const struct sqlite_room *room, uint64_t target)
{
	sqlite3_stmt *edits = append->edits;
	int result = SQLITE_OK;
	int code;

	sqlite3_bind_int64(edits, 1, room->id);
	sqlite3_bind_int64(edits, 2, (int64_t)target);
	while (result == SQLITE_OK && (code = sqlite3_step(edits)) != SQLITE_DONE)
		result = code == SQLITE_ROW ? change(append, sqlite3_column_int64(edits, 0), 0) : code;
	sqlite3_reset(edits);
	return result;
}

static int change_target(struct sqlite_append *append, const struct sqlite_room *room, const struct chat_event *event)
{
	const int64_t id = row_id(room->id, event->target);
	int code = SQLITE_OK;

	if (event->kind == CHAT_EV_edit)
		return change(append, id, event->rev);
	if (event->kind == CHAT_EV_del) {
		code = change(append, id, 0);
		if (code == SQLITE_OK && !PLANTED(32)) /* what an edit said stays when its message is deleted */
			code = erase_edits(append, room, event->target);
	}
	return code;
}

/* `first` moves to the first event from which on the room has no more than so many bytes: one step, or the sums, which
 * only grow, are searched. */
static int retain_bytes(struct sqlite_append *append, struct sqlite_room *room, uint64_t bytes)
{
	uint64_t step = 1, low, high;
	struct sqlite_mark mark;
	int code;

	/* No sum of what is kept is more than that of what was ever kept. */
	if (room->upto <= bytes || room->first > room->last)
		return SQLITE_OK;
	code = standings_oldest(&append->rooms, room);
	if (code != SQLITE_OK || room->upto - room->oldest_upto <= bytes)
		return code;
	/* low goes in any case; high stays, or is none. */
	for (low = room->first; (high = low + step) <= room->last; step *= 2) {
		code = standings_mark(&append->rooms, room, high, &mark);
		if (code != SQLITE_OK)
			return code;
		if (room->upto - mark.before <= bytes)
			break;
		low = high;
	}
	if (high > room->last)
		high = room->last + 1;
	while (high - low > 1) {
		const uint64_t middle = low + (high - low) / 2;

		code = standings_mark(&append->rooms, room, middle, &mark);
		if (code != SQLITE_OK)
			return code;
		if (room->upto - mark.before <= bytes)
			high = middle;
		else
			low = middle;
	}
	room->first = high;
	return SQLITE_OK;
}

static int retain_age(struct sqlite_append *append, struct sqlite_room *room, uint64_t now_ms, uint64_t age_ms)
{
	sqlite3_stmt *young = append->young;
	int code;

	if (room->first > room->last || now_ms < age_ms)
		return SQLITE_OK;
	code = standings_oldest(&append->rooms, room);
	if (code != SQLITE_OK || room->oldest_ts > now_ms - age_ms)
		return code;
	sqlite3_bind_int64(young, 1, row_id(room->id, room->first));
	sqlite3_bind_int64(young, 2, row_id(room->id, room->last));
	sqlite3_bind_int64(young, 3, (int64_t)(now_ms - age_ms));
	code = sqlite3_step(young);
	if (code == SQLITE_ROW)
		room->first = (uint64_t)sqlite3_column_int64(young, 0) & UINT32_MAX;
	else if (code == SQLITE_DONE)
		room->first = room->last + 1;
	sqlite3_reset(young);
	return code == SQLITE_ROW || code == SQLITE_DONE ? SQLITE_OK : code;
}

int append_expire(struct sqlite_append *append, struct span name, uint64_t now_ms, uint64_t age_ms)
{
	struct sqlite_room *room;
	int code = standings_enter(&append->rooms, name, SPAN_NONE, &room);

	if (code != SQLITE_OK)
		return code;
	const uint64_t before = room->first;

	standings_touch(&append->rooms, room);
	room->age = age_ms;
	if (age_ms != 0)
		code = retain_age(append, room, now_ms, age_ms);
	append->overdue += room->first - before;
	return code == SQLITE_OK ? standings_flush(&append->rooms) : code;
}

/* Moves `first` past what is not to be kept any more. */
static int retain(struct sqlite_append *append, struct sqlite_room *room, const struct store_job *job)
{
	const struct store_retention *kept = &job->retention;
	const uint64_t before = room->first;
	int code = SQLITE_OK;

	if (kept->messages != 0 && room->last - room->first + 1 > kept->messages)
		room->first = room->last + 1 - kept->messages + PLANTED(36); /* one too few are kept */
	if (kept->bytes != 0)
		code = retain_bytes(append, room, kept->bytes);
	if (code == SQLITE_OK && kept->age_ms != 0)
		code = retain_age(append, room, job->now_ms, kept->age_ms);
	append->overdue += room->first - before;
	if (room->first != before || room->age != kept->age_ms) {
		room->age = kept->age_ms;
		standings_touch(&append->rooms, room);
	}
	return code;
}

static int set_state(struct sqlite_append *append, const struct sqlite_room *room, struct span state)
{
	sqlite3_stmt *statement = state.size > 0 ? append->keep_state : append->drop_state;

	sqlite3_bind_int64(statement, 1, room->id);
	if (state.size > 0) {
		sqlite3_bind_blob(statement, 2, state.bytes, (int)state.size, SQLITE_STATIC);
		sqlite3_bind_int64(statement, 3, row_state_crc(room->id, state));
	}
	return db_run(statement);
}

static int insert(struct sqlite_append *append, struct sqlite_room *room, struct store_job *job, uint32_t rev)
{
	struct chat_event *event = &job->event;

	if (room->last >= ROW_SEQ_MAX) {
		job->status = STORE_FULL;
		return SQLITE_OK;
	}
	event->seq = room->last + 1;
	event->rev = event->kind == CHAT_EV_edit ? rev + 1 : 0;
	row_bind(append->insert, room->id, event, room->upto + row_size(event));

	int code = db_run(append->insert);

	if (code != SQLITE_OK)
		return code;
	append->lately++;
	room->last = event->seq;
	room->upto += row_size(event);
	standings_touch(&append->rooms, room);
	code = change_target(append, room, event);
	if (code == SQLITE_OK && job->state.bytes)
		code = set_state(append, room, job->state);
	if (code != SQLITE_OK)
		return code;
	job->seq = event->seq;
	job->ts_ms = event->ts_ms;
	job->rev = event->rev;
	return retain(append, room, job);
}

static int append_one(struct sqlite_append *append, struct store_job *job)
{
	struct sqlite_room *room;
	bool duplicate = false;
	uint32_t rev = 0;
	int code = standings_enter(&append->rooms, job->room, job->epoch, &room);

	job->status = STORE_OK;
	/* What is too old by now is no target and no earlier event. */
	if (code == SQLITE_OK)
		code = retain(append, room, job);
	if (code == SQLITE_OK && job->event.producer.bytes)
		code = find_cid(append, room, job, &duplicate);
	if (code != SQLITE_OK)
		return code;
	if (duplicate)
		job->status = STORE_DUPLICATE;
	else if (job->look)
		job->status = STORE_ABSENT;
	else if (store_has_target(job->event.kind))
		code = judge_target(append, room, job, &rev);
	if (code == SQLITE_OK && job->status == STORE_OK)
		code = insert(append, room, job, rev);
	job->first = room->first;
	return code;
}

int append_begin(struct sqlite_append *append)
{
	return db_run(append->begin);
}

int append_end(struct sqlite_append *append, int code)
{
	if (code == SQLITE_OK)
		code = standings_flush(&append->rooms);
	if (code == SQLITE_OK)
		code = db_run(append->commit);
	if (code == SQLITE_OK)
		return 0;

	const int error = db_error(code);

	/* Some errors have rolled back already. */
	if (!sqlite3_get_autocommit(append->db) && db_run(append->rollback) != SQLITE_OK)
		return -EIO;
	if (!PLANTED(34)) /* a seq that was rolled back is not given again */
		standings_forget(&append->rooms);
	return error;
}

int append_checkpoint(struct sqlite_append *append)
{
	int pages, moved, error;
	const int code = sqlite3_wal_checkpoint_v2(append->db, NULL, SQLITE_CHECKPOINT_PASSIVE, &pages, &moved);

	/* What could not be moved, as somebody reads, or as there is no room, is moved the next time. */
	append->wal_due = code == SQLITE_OK && pages == moved ? WAL_PAGES_MAX : append->wal_pages + WAL_PAGES_AGAIN;
	append->wal_pages = 0;
	error = db_error(code);
	if (error == -EBADMSG) /* not of any one room */
		return -EIO;
	return error == -ENOSPC || error == -EAGAIN ? 0 : error;
}

/* A job that can be taken back alone: before it nothing is left to be written, so that all that is, is its. */
static int append_carefully(struct sqlite_append *append, struct store_job *job)
{
	int code = db_run(append->mark);

	if (code == SQLITE_OK)
		code = append_one(append, job);
	if (code == SQLITE_OK)
		code = standings_flush(&append->rooms);
	if (db_error(code) == -EBADMSG && !sqlite3_get_autocommit(append->db)) {
		job->status = STORE_CORRUPT;
		standings_forget_one(&append->rooms, job->room);
		code = db_run(append->unmark);
	}
	return code == SQLITE_OK ? db_run(append->release) : code;
}

static int append_all(struct sqlite_append *append, struct store_job **jobs, size_t count)
{
	int code = append_begin(append);

	for (size_t i = 0; i < count && code == SQLITE_OK; i++)
		code = append->careful ? append_carefully(append, jobs[i]) : append_one(append, jobs[i]);
	return append_end(append, code);
}

int append_batch(struct sqlite_append *append, struct store_job **jobs, size_t count)
{
	int error = append_all(append, jobs, count);

	if (error == -EBADMSG && !append->careful) {
		append->careful = true;
		error = append_all(append, jobs, count);
	}
	/* Not of any one room. */
	if (error == -EBADMSG)
		return -EIO;
	if (error == 0 && append->wal_pages >= append->wal_due)
		error = append_checkpoint(append);
	return error;
}
