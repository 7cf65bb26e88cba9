#include "engine/store/sqlite_append.h"

#include <errno.h>

#include "engine/core/mutant.h"
#include "engine/store/sqlite_row.h"

int append_open(struct sqlite_append *append, sqlite3 *db)
{
	*append = (struct sqlite_append){
		.db = db,
		.begin = db_prepare(db, "BEGIN IMMEDIATE"),
		.commit = db_prepare(db, "COMMIT"),
		.rollback = db_prepare(db, "ROLLBACK"),
		.insert = db_prepare(db, ROW_INSERT),
		.by_cid = db_prepare(db, "SELECT id, ts FROM events WHERE producer = ? AND n = ?"),
		.target = db_prepare(db, "SELECT kind, sender, deleted, rev FROM events WHERE id = ?"),
		.edited = db_prepare(db, "UPDATE events SET rev = rev + 1 WHERE id = ?"),
		.read = db_prepare(db, "SELECT " ROW_COLUMNS " FROM events WHERE id = ?"),
		.edits = db_prepare(db, "SELECT id FROM events WHERE kind = 'edit' AND id >> 32 = ? AND target = ?"),
		.erase = db_prepare(db, "UPDATE events SET data = NULL, deleted = ?2, crc = ?3 WHERE id = ?1"),
		.kept = db_prepare(db, "SELECT upto - size FROM events WHERE id = ?"),
	};
	const bool prepared = append->begin && append->commit && append->rollback && append->insert && append->by_cid &&
			      append->target && append->edited && append->read && append->edits && append->erase &&
			      append->kept;

	return standings_open(&append->rooms, db) == 0 && prepared ? 0 : -1;
}

void append_close(struct sqlite_append *append)
{
	sqlite3_stmt *const statements[] = {
		append->begin,  append->commit, append->rollback, append->insert, append->by_cid, append->target,
		append->edited, append->read,   append->edits,    append->erase,  append->kept,
	};

	for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++)
		sqlite3_finalize(statements[i]);
	standings_close(&append->rooms);
}

/* The earlier event of the job's cid, if the room keeps one: *found. */
static int find_cid(struct sqlite_append *append, const struct sqlite_room *room, struct store_job *job, bool *found)
{
	sqlite3_stmt *by_cid = append->by_cid;
	int code;

	db_bind_span(by_cid, 1, job->event.producer);
	sqlite3_bind_int64(by_cid, 2, (int64_t)job->event.number);
	while ((code = sqlite3_step(by_cid)) == SQLITE_ROW) {
		const int64_t id = sqlite3_column_int64(by_cid, 0);
		const uint64_t seq = (uint64_t)id & UINT32_MAX;

		if (id >> 32 != room->id || (seq < room->first && !PLANTED(31))) /* what is no longer kept counts as sent */
			continue;
		job->seq = seq;
		job->ts_ms = (uint64_t)sqlite3_column_int64(by_cid, 1);
		*found = true;
		code = SQLITE_DONE;
		break;
	}
	sqlite3_reset(by_cid);
	return code == SQLITE_DONE ? SQLITE_OK : code;
}

/* Whether the author may do that to the target: job->status; and the target's edits so far. */
static int judge_target(struct sqlite_append *append, const struct sqlite_room *room, struct store_job *job,
			uint32_t *rev)
{
	const struct chat_event *event = &job->event;
	sqlite3_stmt *target = append->target;

	job->status = STORE_GONE;
	if (event->target < room->first || event->target > room->last)
		return SQLITE_OK;
	sqlite3_bind_int64(target, 1, row_id(room->id, event->target));

	const int code = sqlite3_step(target);

	if (code == SQLITE_ROW && span_equal(db_span(target, 0), SPAN("msg")) && sqlite3_column_int(target, 2) == 0) {
		const bool own = span_equal(db_span(target, 1), event->from);

		job->status = own || event->kind == CHAT_EV_react ? STORE_OK : STORE_FORBIDDEN;
		*rev = (uint32_t)sqlite3_column_int64(target, 3);
	}
	sqlite3_reset(target);
	if (code == SQLITE_DONE)
		return SQLITE_CORRUPT; /* the seqs of a room have no holes */
	return code == SQLITE_ROW ? SQLITE_OK : code;
}

/* Drops an event's data for good. */
static int erase(struct sqlite_append *append, int64_t id)
{
	struct chat_event event;

	sqlite3_bind_int64(append->read, 1, id);
	int code = sqlite3_step(append->read);

	if (code != SQLITE_ROW || !row_read(append->read, &event)) {
		sqlite3_reset(append->read);
		return code == SQLITE_ROW || code == SQLITE_DONE ? SQLITE_CORRUPT : code;
	}
	event.data = SPAN_NONE;
	event.deleted = true;
	sqlite3_bind_int64(append->erase, 1, id);
	sqlite3_bind_int(append->erase, 2, 1);
	sqlite3_bind_int64(append->erase, 3, row_crc(id, &event));
	sqlite3_reset(append->read);
	return db_run(append->erase);
}

static int erase_edits(struct sqlite_append *append, const struct sqlite_room *room, uint64_t target)
{
	sqlite3_stmt *edits = append->edits;
	int result = SQLITE_OK;
	int code;

	sqlite3_bind_int64(edits, 1, room->id);
	sqlite3_bind_int64(edits, 2, (int64_t)target);
	while (result == SQLITE_OK && (code = sqlite3_step(edits)) != SQLITE_DONE)
		result = code == SQLITE_ROW ? erase(append, sqlite3_column_int64(edits, 0)) : code;
	sqlite3_reset(edits);
	return result;
}

static int change_target(struct sqlite_append *append, const struct sqlite_room *room, const struct chat_event *event)
{
	const int64_t id = row_id(room->id, event->target);
	int code = SQLITE_OK;

	if (event->kind == CHAT_EV_edit) {
		sqlite3_bind_int64(append->edited, 1, id);
		return db_run(append->edited);
	}
	if (event->kind == CHAT_EV_del) {
		code = erase(append, id);
		if (code == SQLITE_OK && !PLANTED(32)) /* what an edit said stays when its message is deleted */
			code = erase_edits(append, room, event->target);
	}
	return code;
}

/* The oldest event moves on by one. */
static void step(struct sqlite_room *room)
{
	room->first++;
	room->first_ts = 0;
}

static int retain_bytes(struct sqlite_append *append, struct sqlite_room *room, uint64_t bytes)
{
	int code = SQLITE_OK;

	/* No sum of what is kept is more than that of what was ever kept. */
	while (room->upto > bytes && code == SQLITE_OK && room->first <= room->last) {
		sqlite3_bind_int64(append->kept, 1, row_id(room->id, room->first));
		code = sqlite3_step(append->kept);
		const uint64_t before = (uint64_t)sqlite3_column_int64(append->kept, 0);

		sqlite3_reset(append->kept);
		if (code == SQLITE_DONE)
			return SQLITE_CORRUPT;
		if (code == SQLITE_ROW)
			code = SQLITE_OK;
		if (room->upto - before <= bytes)
			break;
		step(room);
	}
	return code;
}

static int retain_age(struct sqlite_append *append, struct sqlite_room *room, uint64_t now_ms, uint64_t age_ms)
{
	uint64_t ts;
	int code;

	while ((code = standings_first_ts(&append->rooms, room, &ts)) == SQLITE_OK && ts != UINT64_MAX &&
	       ts + age_ms <= now_ms)
		step(room);
	return code;
}

int append_expire(struct sqlite_append *append, struct span name, struct span epoch, uint64_t now_ms)
{
	struct sqlite_room *room;
	int code = standings_enter(&append->rooms, name, epoch, &room);

	if (code != SQLITE_OK)
		return code;
	standings_touch(&append->rooms, room);
	return room->age != 0 ? retain_age(append, room, now_ms, room->age) : SQLITE_OK;
}

/* Moves `first` past what is not to be kept any more. */
static int retain(struct sqlite_append *append, struct sqlite_room *room, const struct store_job *job)
{
	const struct store_retention *kept = &job->retention;
	const uint64_t before = room->first;
	int code = SQLITE_OK;

	if (kept->messages != 0 && room->last - room->first + 1 > kept->messages) {
		room->first = room->last + 1 - kept->messages + PLANTED(36); /* one too few are kept */
		room->first_ts = 0;
	}
	if (kept->bytes != 0)
		code = retain_bytes(append, room, kept->bytes);
	if (code == SQLITE_OK && kept->age_ms != 0)
		code = retain_age(append, room, job->now_ms, kept->age_ms);
	if (room->first != before || room->age != kept->age_ms) {
		room->age = kept->age_ms;
		standings_touch(&append->rooms, room);
	}
	return code;
}

static int insert(struct sqlite_append *append, struct sqlite_room *room, struct store_job *job, uint32_t rev)
{
	struct chat_event *event = &job->event;

	if (room->last >= ROW_SEQ_MAX)
		return SQLITE_FULL;
	event->seq = room->last + 1;
	event->rev = event->kind == CHAT_EV_edit ? rev + 1 : 0;
	row_bind(append->insert, room->id, event, room->upto + row_size(event));

	int code = db_run(append->insert);

	if (code != SQLITE_OK)
		return code;
	room->last = event->seq;
	room->upto += row_size(event);
	standings_touch(&append->rooms, room);
	code = change_target(append, room, event);
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
	else if (job->event.kind != CHAT_EV_msg)
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

	const int error = db_error(append->db, code);

	/* Some errors have rolled back already. */
	if (!sqlite3_get_autocommit(append->db) && db_run(append->rollback) != SQLITE_OK)
		return -EIO;
	if (!PLANTED(34)) /* a seq that was rolled back is not given again */
		standings_forget(&append->rooms);
	return error;
}

static int append_all(struct sqlite_append *append, struct store_job **jobs, size_t count)
{
	int code = append_begin(append);

	for (size_t i = 0; i < count && code == SQLITE_OK; i++)
		code = append_one(append, jobs[i]);
	return append_end(append, code);
}

int append_batch(struct sqlite_append *append, struct store_job **jobs, size_t count)
{
	int error = append_all(append, jobs, count);

	if (error != -EBADMSG)
		return error;
	/* Some room is damaged: each job for itself, so that the others' go on. */
	for (size_t i = 0; i < count; i++) {
		error = append_all(append, &jobs[i], 1);
		if (error == -EBADMSG)
			jobs[i]->status = STORE_CORRUPT;
		else if (error != 0)
			return i == 0 ? error : -EIO; /* what was kept before cannot be taken back */
	}
	return 0;
}
