#include "engine/store/sqlite_keep.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "engine/store/backend.h"
#include "engine/store/sqlite_row.h"
#include "engine/store/sqlite_text.h"

#define EXPIRE_ROOMS 64 /* a slice */
#define AGE_ROOMS 512 /* looked at in a slice; as many as expire in one may change */
#define TRIM_EVENTS 4096
#define OVERDUE_MAX 32768 /* rows to be dropped: when there are more, those that come are held up */
#define INDEX_EVENTS 512
#define CHECKPOINT_PAGES 2000

/* One thing a slice does in one room. */
struct chore {
	int64_t room;
	uint64_t done, first, last; /* trimmed or indexed so far, or the age it had */
	char name[CHAT_ROOM_SIZE_MAX];
	size_t name_size;
};

/* What is done in every room that has it to do, in turns. */
struct round {
	sqlite3_stmt *which, *set_done;
	int (*run)(struct sqlite_keep *keep, const struct chore *chore, uint64_t *left);
	bool to_first; /* done with when `first` is reached; otherwise when `last` is */
};

static bool prepare(struct sqlite_keep *keep, sqlite3 *db)
{
	keep->expired = db_prepare(db, "SELECT id, age, first, last, name FROM rooms WHERE expires IS NOT NULL AND"
				       " expires <= ? ORDER BY expires LIMIT 1");
	keep->to_trim = db_prepare(db, "SELECT id, trimmed, first, last, name FROM rooms WHERE first > trimmed AND"
				       " (first - trimmed >= 64 OR first > last) AND id > ? ORDER BY id LIMIT 1");
	keep->to_index = db_prepare(db, "SELECT id, indexed, first, last, name FROM rooms WHERE indexed < last AND"
					" id > ? ORDER BY id LIMIT 1");
	keep->aged = db_prepare(db, "SELECT id, age, first, last, name FROM rooms WHERE id > ? ORDER BY id LIMIT 1");
	keep->set_age = db_prepare(db, "UPDATE rooms SET expires = NULL, age = ?2 WHERE id = ?1");
	keep->drop = db_prepare(db, "DELETE FROM events WHERE id >= ? AND id < ?");
	keep->drop_words = db_prepare(db, "DELETE FROM words WHERE rowid >= ? AND rowid < ?");
	keep->set_trimmed = db_prepare(db, "UPDATE rooms SET trimmed = ?2 WHERE id = ?1");
	keep->set_expired = db_prepare(db, "UPDATE rooms SET expires = NULL WHERE id = ?1");
	keep->events = db_prepare(db, "SELECT " ROW_COLUMNS " FROM events WHERE id >= ? AND id <= ? ORDER BY id"
				      " LIMIT ?");
	keep->target = db_prepare(db, "SELECT 1 FROM events WHERE id = ? AND deleted = 0");
	keep->forget = db_prepare(db, "DELETE FROM words WHERE rowid = ?");
	keep->learn = db_prepare(db, "INSERT INTO words (rowid, text) VALUES (?, ?)");
	keep->set_indexed = db_prepare(db, "UPDATE rooms SET indexed = ?2 WHERE id = ?1");
	return keep->expired && keep->to_trim && keep->to_index && keep->aged && keep->set_age && keep->drop &&
	       keep->drop_words && keep->set_trimmed && keep->set_expired && keep->events && keep->target &&
	       keep->forget && keep->learn && keep->set_indexed;
}

int keep_open(struct sqlite_keep *keep, struct sqlite_append *append)
{
	*keep = (struct sqlite_keep){ .append = append, .text = malloc(CHAT_DATA_SIZE_MAX) };
	return prepare(keep, append->db) && keep->text ? 0 : -1;
}

void keep_close(struct sqlite_keep *keep)
{
	sqlite3_stmt *const statements[] = {
		keep->expired,     keep->to_trim,     keep->to_index, keep->drop,    keep->drop_words,
		keep->set_trimmed, keep->events,      keep->target,   keep->forget,  keep->learn,
		keep->set_indexed, keep->set_expired, keep->aged,     keep->set_age,
	};

	for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++)
		sqlite3_finalize(statements[i]);
	free(keep->text);
}

/* The next room that `which` names behind `after`: SQLITE_ROW; SQLITE_DONE: there is none. */
static int next_chore(sqlite3_stmt *which, int64_t after, struct chore *chore)
{
	sqlite3_bind_int64(which, 1, after);
	const int code = sqlite3_step(which);

	chore->room = 0;
	if (code == SQLITE_ROW) {
		const struct span name = db_span(which, 4);

		chore->room = sqlite3_column_int64(which, 0);
		chore->done = (uint64_t)sqlite3_column_int64(which, 1);
		chore->first = (uint64_t)sqlite3_column_int64(which, 2);
		chore->last = (uint64_t)sqlite3_column_int64(which, 3);
		chore->name_size = name.size < CHAT_ROOM_SIZE_MAX ? name.size : CHAT_ROOM_SIZE_MAX;
		memcpy(chore->name, name.bytes, chore->name_size);
	}
	sqlite3_reset(which);
	return code;
}

static int run_numbers(sqlite3_stmt *statement, int64_t one, int64_t two)
{
	sqlite3_bind_int64(statement, 1, one);
	if (sqlite3_bind_parameter_count(statement) > 1)
		sqlite3_bind_int64(statement, 2, two);
	return db_run(statement);
}

/* Ends a chore's transaction. A damaged room is left alone from now on: it is marked as done with. */
static int end_chore(struct sqlite_keep *keep, int code, const struct chore *chore, sqlite3_stmt *give_up,
		     uint64_t upto)
{
	int error = append_end(keep->append, code);

	if (error != -EBADMSG)
		return error;
	code = chore->room != 0 ? append_begin(keep->append) : SQLITE_CORRUPT;
	if (code == SQLITE_OK)
		code = run_numbers(give_up, chore->room, (int64_t)upto);
	error = append_end(keep->append, code);
	if (error == -EBADMSG) {
		keep->spoilt = true;
		return 0;
	}
	return error;
}

static struct span name_of(const struct chore *chore)
{
	return span_of(chore->name, chore->name_size);
}

/* How old what the room keeps may be. `done` is what it was. */
static uint64_t age_of(const struct sqlite_keep *keep, const struct chore *chore)
{
	return keep->ages ? keep->ages->of(keep->ages->context, name_of(chore), chore->done) : chore->done;
}

/* The next room of the round: SQLITE_DONE: there is none. */
static int age_next(struct sqlite_keep *keep, struct chore *chore, int64_t after, uint64_t wall_ms, int *changed)
{
	int code = next_chore(keep->aged, after, chore);

	if (code != SQLITE_ROW)
		return code;
	const uint64_t age_ms = age_of(keep, chore);

	if (age_ms == chore->done)
		return SQLITE_OK;
	chore->done = age_ms;
	++*changed;
	return append_expire(keep->append, name_of(chore), wall_ms, age_ms);
}

/* Rooms that nobody has spoken in since they were given another age: nothing else would tell when they expire. A
 * damaged one is given it and left alone, and the slice begins anew. 1: there may be more, 0, or an error. */
static int age_rooms(struct sqlite_keep *keep, uint64_t wall_ms)
{
	struct chore chore = { 0 };
	int64_t after = keep->aged_upto;
	int changed = 0;
	int code = append_begin(keep->append);

	for (int i = 0; i < AGE_ROOMS && changed < EXPIRE_ROOMS && code == SQLITE_OK; i++) {
		code = age_next(keep, &chore, after, wall_ms, &changed);
		after = chore.room;
	}
	const bool over = code == SQLITE_DONE;
	const bool done = over || code == SQLITE_OK;
	const int error = end_chore(keep, over ? SQLITE_OK : code, &chore, keep->set_age, chore.done);

	if (error != 0)
		return error;
	if (done) {
		keep->aged_upto = over ? 0 : after;
		keep->aging = !over;
	}
	return keep->aging;
}

/* Whether some rooms may be of another age than they are to be. */
static bool must_age(struct sqlite_keep *keep)
{
	const uint32_t version = keep->ages ? atomic_load(&keep->ages->version) : keep->ages_version;

	if (version != keep->ages_version) {
		keep->ages_version = version;
		keep->aged_upto = 0;
		keep->aging = true;
	}
	return keep->aging;
}

/* Rooms whose oldest event is too old. 1: there may be more, 0, or an error. */
static int expire(struct sqlite_keep *keep, uint64_t wall_ms)
{
	struct chore chore = { 0 };
	int more = 1;
	int code = append_begin(keep->append);

	for (int i = 0; i < EXPIRE_ROOMS && code == SQLITE_OK; i++) {
		code = next_chore(keep->expired, (int64_t)wall_ms, &chore);
		if (code == SQLITE_DONE) {
			code = SQLITE_OK;
			more = 0;
			break;
		}
		if (code == SQLITE_ROW)
			code = append_expire(keep->append, name_of(&chore), wall_ms, age_of(keep, &chore));
	}
	const int error = end_chore(keep, code, &chore, keep->set_expired, 0);

	return error != 0 ? error : more;
}

static void overdue_less(struct sqlite_append *append, uint64_t dropped)
{
	append->overdue -= dropped < append->overdue ? dropped : append->overdue;
}

/* Rows below `first`. */
static int trim_room(struct sqlite_keep *keep, const struct chore *chore, uint64_t *left)
{
	const uint64_t to = chore->first - chore->done > *left ? chore->done + *left : chore->first;
	const int64_t from_id = row_id(chore->room, chore->done), to_id = row_id(chore->room, to);
	int code = run_numbers(keep->drop, from_id, to_id);

	*left -= to - chore->done;
	overdue_less(keep->append, to - chore->done);
	if (code == SQLITE_OK)
		code = run_numbers(keep->drop_words, from_id, to_id);
	return code == SQLITE_OK ? run_numbers(keep->set_trimmed, chore->room, (int64_t)to) : code;
}

static int learn(struct sqlite_keep *keep, int64_t id, struct span data, bool known)
{
	size_t size;
	int code = SQLITE_OK;

	if (known)
		code = run_numbers(keep->forget, id, 0);
	if (code != SQLITE_OK || !data.bytes || data.size > CHAT_DATA_SIZE_MAX)
		return code;
	size = text_of_json(keep->text, data);
	if (size == 0)
		return SQLITE_OK;
	sqlite3_bind_int64(keep->learn, 1, id);
	db_bind_span(keep->learn, 2, span_of(keep->text, size));
	return db_run(keep->learn);
}

/* What an event changes of the words that can be found. */
static int index_event(struct sqlite_keep *keep, int64_t room, const struct chat_event *event)
{
	if (event->kind == CHAT_EV_msg)
		return learn(keep, row_id(room, event->seq), event->data, false);
	if (event->kind == CHAT_EV_del)
		return learn(keep, row_id(room, event->target), SPAN_NONE, true);
	if (event->kind != CHAT_EV_edit || event->deleted)
		return SQLITE_OK;
	/* Of a target that is gone by now nothing is to be found. */
	sqlite3_bind_int64(keep->target, 1, row_id(room, event->target));
	const int code = sqlite3_step(keep->target);

	sqlite3_reset(keep->target);
	if (code == SQLITE_DONE)
		return SQLITE_OK;
	return code == SQLITE_ROW ? learn(keep, row_id(room, event->target), event->data, true) : code;
}

static int index_room(struct sqlite_keep *keep, const struct chore *chore, uint64_t *left)
{
	const uint64_t from = chore->done + 1 > chore->first ? chore->done + 1 : chore->first;
	uint64_t seq = from - 1;
	int result = SQLITE_OK;
	int code = SQLITE_DONE;

	sqlite3_bind_int64(keep->events, 1, row_id(chore->room, from));
	sqlite3_bind_int64(keep->events, 2, row_id(chore->room, chore->last));
	sqlite3_bind_int64(keep->events, 3, (int64_t)*left);
	while (result == SQLITE_OK && (code = sqlite3_step(keep->events)) == SQLITE_ROW) {
		struct chat_event event;

		result = row_read(keep->events, &event) ? index_event(keep, chore->room, &event) : SQLITE_CORRUPT;
		seq = event.seq;
		(*left)--;
	}
	sqlite3_reset(keep->events);
	if (result != SQLITE_OK || code != SQLITE_DONE)
		return result != SQLITE_OK ? result : code;
	/* Where a row is missing the rest is not waited for. */
	if (*left > 0)
		seq = chore->last;
	return run_numbers(keep->set_indexed, chore->room, (int64_t)seq);
}

/* A round's next rooms, from the one behind `after` on, until `left` events are done with. Many rooms a transaction:
 * each costs a sync, and would write the newest segment of the index anew. 1: there may be more, 0, or an error. */
static int next_rooms(struct sqlite_keep *keep, const struct round *round, int64_t *after, uint64_t left)
{
	struct chore chore = { 0 };
	bool from_start = *after == 0, more = true;
	int code = append_begin(keep->append);

	while (code == SQLITE_OK && left > 0 && more) {
		code = next_chore(round->which, *after, &chore);
		if (code == SQLITE_ROW) {
			*after = chore.room;
			code = round->run(keep, &chore, &left);
		} else if (code == SQLITE_DONE) {
			code = SQLITE_OK;
			more = !from_start;
			from_start = true;
			*after = 0;
		}
	}
	const int error = end_chore(keep, code, &chore, round->set_done, round->to_first ? chore.first : chore.last);

	return error != 0 ? error : more;
}

static bool is_behind(const struct sqlite_keep *keep)
{
	return keep->append->overdue > OVERDUE_MAX;
}

/* Where it is behind, more than has come since: it gets nearer with every slice, however large batches are. */
static int trim(struct sqlite_keep *keep)
{
	const struct round round = { keep->to_trim, keep->set_trimmed, trim_room, true };
	const uint64_t most = TRIM_EVENTS + (is_behind(keep) ? keep->append->lately : 0);

	return next_rooms(keep, &round, &keep->trim_after, most);
}

static int index_words(struct sqlite_keep *keep)
{
	const struct round round = { keep->to_index, keep->set_indexed, index_room, false };

	return next_rooms(keep, &round, &keep->index_after, INDEX_EVENTS);
}

static int none_overdue(struct sqlite_keep *keep)
{
	keep->append->overdue = 0;
	return 0;
}

static bool something_to_do(sqlite3_stmt *statement, int64_t bound)
{
	sqlite3_bind_int64(statement, 1, bound);
	const bool there = sqlite3_step(statement) == SQLITE_ROW;

	sqlite3_reset(statement);
	return there;
}

static int slice(struct sqlite_keep *keep, uint64_t wall_ms)
{
	int more = 0;

	if (keep->append->wal_pages >= CHECKPOINT_PAGES) {
		const int error = append_checkpoint(keep->append);

		if (error != 0 || !is_behind(keep))
			return error != 0 ? error : 1;
	}
	if (!keep->spoilt && must_age(keep))
		more = age_rooms(keep, wall_ms);
	if (more >= 0 && !keep->spoilt && something_to_do(keep->expired, (int64_t)wall_ms)) {
		const int expired = expire(keep, wall_ms);

		more = expired < 0 ? expired : more | expired;
	}
	if (more >= 0 && !keep->spoilt) {
		const int trimmed = something_to_do(keep->to_trim, 0) ? trim(keep) : none_overdue(keep);

		more = trimmed < 0 ? trimmed : more | trimmed;
	}
	if (more >= 0 && !keep->spoilt && something_to_do(keep->to_index, 0)) {
		const int indexed = index_words(keep);

		more = indexed < 0 ? indexed : more | indexed;
	}
	return more;
}

void keep_go_by(struct sqlite_keep *keep, const struct store_ages *ages)
{
	keep->ages = ages;
	keep->ages_version = atomic_load(&ages->version);
	keep->aged_upto = 0;
	keep->aging = true;
}

int keep_slice(struct sqlite_keep *keep, uint64_t wall_ms)
{
	const int more = slice(keep, wall_ms);

	keep->append->lately = 0;
	return more > 0 && is_behind(keep) ? STORE_BEHIND : more;
}
