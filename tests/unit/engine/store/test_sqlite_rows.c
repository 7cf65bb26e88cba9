/* Rows with right sums that no Uproar has written, bounds at which a room or a file ends, and what the system refuses
 * of the directory: each is told as what it is, and nothing of it is given out. */
#include <errno.h>
#include <string.h>

#include "engine/core/hash.h"
#include "engine/core/slab.h"
#include "engine/store/sqlite_row.h"
#include "tests/unit/engine/store/sqlite_files.h"
#include "tests/unit/refused.h"

#define NOW 1000000000000ull

static void setup(void)
{
	files_make("/dev/shm/uproar-rows-XXXXXX");
	open_all();
}

static void teardown(void)
{
	close_all();
	files_remove();
	rmdir(directory);
}

TestSuite(sqlite_rows, .init = setup, .fini = teardown, .timeout = 60);

static void run_sql(const char *sql)
{
	sqlite3 *db;
	char *error = NULL;

	close_all();
	cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK);
	cr_assert_eq(sqlite3_exec(db, sql, NULL, NULL, &error), SQLITE_OK, "%s: %s", sql, error);
	sqlite3_close(db);
	open_all();
}

static struct store_job message(const char *room)
{
	return (struct store_job){
		.op = STORE_APPEND,
		.room = span_of(room, strlen(room)),
		.epoch = SPAN("abcdefghijkl"),
		.now_ms = NOW,
		.event = { .kind = CHAT_EV_msg, .from = SPAN("Ann"), .ts_ms = NOW, .data = SPAN("\"red eggs\"") },
	};
}

static int append(struct store_job *job)
{
	return backend.append(handles[STORE_WRITER], &job, 1);
}

static struct store_job say(const char *room)
{
	struct store_job job = message(room);

	cr_assert_eq(append(&job), 0);
	cr_assert_eq(job.status, STORE_OK, "%d", job.status);
	return job;
}

static enum store_status take_cid(const char *from)
{
	struct store_job job = message("cids");

	job.event.from = span_of(from, strlen(from));
	job.event.producer = SPAN("p");
	job.event.number = 1;
	cr_assert_eq(append(&job), 0);
	return job.status;
}

Test(sqlite_rows, of_the_authors_of_one_cid_the_newest_are_looked_at)
{
	char name[16] = "u000";

	cr_assert_eq(take_cid("Ann"), STORE_OK);
	for (int i = 0; i < 255; i++) {
		snprintf(name, sizeof(name), "u%d", i);
		cr_assert_eq(take_cid(name), STORE_OK);
	}
	cr_assert_eq(take_cid("Ann"), STORE_DUPLICATE);
	cr_assert_eq(take_cid("Bob"), STORE_OK);
	cr_assert_eq(take_cid("u0"), STORE_DUPLICATE);
	cr_assert_eq(take_cid("Ann"), STORE_OK, "kept twice, not lost");
	cr_assert_eq(take_cid("Ann"), STORE_DUPLICATE);
}

static struct store_job ask(enum store_op op, const char *room, struct store_retention kept, uint64_t now_ms)
{
	struct store_job job = { .op = op,
				 .room = span_of(room, strlen(room)),
				 .query = SPAN("eggs"),
				 .limit = 200,
				 .page_bytes = 1 << 20,
				 .retention = kept,
				 .now_ms = now_ms };

	backend.read(handles[op == STORE_SEARCH ? STORE_SEARCHER : STORE_READER], &job);
	return job;
}

static uint32_t give(struct store_job *job)
{
	const uint32_t count = job->page ? job->page->count : 0;

	if (job->page)
		block_give(job->page, job->page->size);
	return count;
}

/* Room "r" stands there, with the sum of it. */
static void stand(const char *id, uint64_t first, uint64_t last)
{
	char sql[300];

	snprintf(sql, sizeof(sql), "UPDATE rooms SET id = %s, first = %llu, last = %llu, crc = %u WHERE name = 'r'", id,
		 (unsigned long long)first, (unsigned long long)last, row_room_crc(SPAN("r"), first, last));
	run_sql(sql);
}

static void expect_damage(const char *what)
{
	static const struct store_retention all;
	struct store_job job = message("r"), load = ask(STORE_LOAD, "r", all, NOW);

	cr_assert_eq(load.status, STORE_CORRUPT, "%s: %d", what, load.status);
	give(&load);
	cr_assert_eq(append(&job), 0, "%s", what);
	cr_assert_eq(job.status, STORE_CORRUPT, "%s: %d", what, job.status);
	say("another");
}

Test(sqlite_rows, a_room_that_stands_nowhere)
{
	say("r");
	run_sql("UPDATE rooms SET epoch = hex(zeroblob(50))");
	expect_damage("an epoch longer than any");
	run_sql("UPDATE rooms SET epoch = 'abcdefghijkl'");
	say("r");
	stand("id", 0, 2);
	expect_damage("first is 0");
	stand("id", 4, 2);
	expect_damage("first is behind last");
	stand("id", 1, 1ull << 32);
	expect_damage("more seqs than there are");
	stand("-1", 1, 2);
	expect_damage("no number of a room");
	stand("2147483648", 1, 2);
	expect_damage("more rooms than there are");
}

Test(sqlite_rows, a_room_and_a_file_end_where_their_numbers_do)
{
	struct store_job job = message("r");

	say("r");
	stand("id", UINT32_MAX + 1ull, UINT32_MAX);
	cr_assert_eq(append(&job), 0);
	cr_assert_eq(job.status, STORE_FULL);
	stand("2147483647", UINT32_MAX + 1ull, UINT32_MAX);
	job = message("one more");
	cr_assert_eq(append(&job), -ENOSPC);
}

Test(sqlite_rows, sums_of_bytes_that_cannot_be)
{
	struct store_job job = message("r");

	for (int i = 0; i < 5; i++)
		say("r");
	job.retention.bytes = 40;
	run_sql("UPDATE events SET upto = upto + 1000000000 WHERE id & 4294967295 = 1");
	cr_assert_eq(append(&job), 0);
	cr_assert_eq(job.status, STORE_CORRUPT);
	run_sql("UPDATE events SET upto = upto - 1000000000 WHERE id & 4294967295 = 1;"
		"UPDATE events SET upto = upto + 1000000000 WHERE id & 4294967295 = 5");
	cr_assert_eq(append(&job), 0);
	cr_assert_eq(job.status, STORE_CORRUPT);
	run_sql("UPDATE events SET upto = upto - 1000000000 WHERE id & 4294967295 = 5");
	cr_assert_eq(append(&job), 0);
	cr_assert(job.status == STORE_OK && job.seq == 6 && job.first == 4, "%u", (unsigned)job.first);
}

/* An act on what nothing is left of comes after all that is too old has gone. */
Test(sqlite_rows, all_of_a_room_may_be_too_old)
{
	const struct store_retention kept = { .messages = 10, .bytes = 1, .age_ms = 1000 };
	struct store_job job = message("r");

	job.retention = kept;
	cr_assert_eq(append(&job), 0);
	job.event.kind = CHAT_EV_edit;
	job.event.target = 1;
	job.now_ms = 999; /* a clock that stands before all ages */
	cr_assert_eq(append(&job), 0);
	cr_assert_eq(job.status, STORE_GONE, "%d: of more bytes than one", job.status);
	struct store_job load = ask(STORE_LOAD, "r", kept, 999);

	cr_assert(load.status == STORE_OK && load.first == 2 && load.last == 1);
	give(&load);
	load = ask(STORE_LOAD, "r", kept, NOW);
	cr_assert(load.status == STORE_OK && load.first == 2 && load.last == 1);
	give(&load);
	job = message("t");
	job.retention.age_ms = 1000;
	job.now_ms = 999;
	cr_assert(append(&job) == 0 && append(&job) == 0 && job.seq == 2 && job.first == 1);
	for (int i = 0; i < 3; i++) {
		job = message("s");
		job.retention.age_ms = 1000;
		cr_assert_eq(append(&job), 0);
	}
	load = ask(STORE_LOAD, "s", (struct store_retention){ .messages = 2, .age_ms = 1000 }, NOW);
	cr_assert(load.status == STORE_OK && load.first == 2, "a class that keeps less by now");
	cr_assert_eq(give(&load), 2);
	load = ask(STORE_LOAD, "s", (struct store_retention){ .messages = 3 }, NOW);
	cr_assert_eq(give(&load), 3);
	load = ask(STORE_LOAD, "s", (struct store_retention){ .age_ms = 1000 }, NOW + 1000);
	cr_assert(load.status == STORE_OK && load.first == 4 && load.last == 3);
	cr_assert_eq(give(&load), 0);
	load = ask(STORE_LOAD, "s", (struct store_retention){ .age_ms = 1000 }, 999);
	cr_assert_eq(give(&load), 3);
	job.event.kind = CHAT_EV_edit;
	job.event.target = 3;
	job.now_ms = NOW + 1000;
	cr_assert_eq(append(&job), 0);
	cr_assert(job.status == STORE_GONE && job.first == 4);
	/* Nor does what must not expire. */
	run_sql("UPDATE rooms SET age = 0, expires = 1");
	cr_assert_eq(backend.maintain(handles[STORE_WRITER], NOW) < 0, 0);
	load = ask(STORE_LOAD, "r", (struct store_retention){ 0 }, NOW);
	cr_assert_eq(load.status, STORE_OK);
	give(&load);
}

Test(sqlite_rows, the_directory_must_be_synced)
{
	static const enum refused calls[] = { REFUSED_open, REFUSED_fsync };

	close_all();
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		/* The first open is that of the file itself, by which it is made for its user alone. */
		refused_arm(calls[i], calls[i] == REFUSED_open ? 2 : 1, 1, EIO);
		cr_assert(!try_open());
		cr_assert(refused_came() && strstr(why, "its directory cannot be synced (Input/output error)"), "%s",
			  why);
	}
	open_all();
}

Test(sqlite_rows, a_file_in_the_directory_that_one_is_in)
{
	char here[512];

	close_all();
	cr_assert(getcwd(here, sizeof(here)) && chdir(directory) == 0);
	sqlite3 *db = db_open("uproar.db", true, why, sizeof(why));

	cr_assert(db, "%s", why);
	sqlite3_close(db);
	cr_assert_eq(chdir(here), 0);
	open_all();
}

/* More events than are searched without the index: the newest of them. */
Test(sqlite_rows, of_what_is_not_indexed_the_newest_are_found)
{
	static struct store_job jobs[4100];
	static struct store_job *list[4100];

	for (size_t i = 0; i < 4100; i++) {
		jobs[i] = message("r");
		if (i == 2)
			jobs[i].event.data = SPAN("\"blue eggs\"");
		list[i] = &jobs[i];
	}
	cr_assert_eq(backend.append(handles[STORE_WRITER], list, 4100), 0);
	struct store_job job = ask(STORE_SEARCH, "r", (struct store_retention){ 0 }, NOW);

	cr_assert(job.status == STORE_OK && job.page->count == 200 && job.page->events[199].seq == 4100);
	give(&job);
	job.query = SPAN("blue");
	job.page = NULL;
	backend.read(handles[STORE_SEARCHER], &job);
	cr_assert(job.status == STORE_OK && give(&job) == 0, "not yet");
}

/* Messages whose rows say something else than their edits, or that are none by now, in what is not indexed. */
Test(sqlite_rows, words_of_rows_that_are_damaged_are_not_given_out)
{
	static const char *const changes[] = {
		"UPDATE events SET crc = crc + 1 WHERE id & 4294967295 = 1",
		"UPDATE events SET crc = crc + 1 WHERE kind = 'edit'",
		"DELETE FROM events WHERE kind = 'edit'",
	};
	struct store_job edit = message("r"), job;

	say("r");
	edit.event.kind = CHAT_EV_edit;
	edit.event.target = 1;
	cr_assert_eq(append(&edit), 0);
	for (size_t i = 0; i < 2 * sizeof(changes) / sizeof(changes[0]); i++) {
		const char *change = changes[i % (sizeof(changes) / sizeof(changes[0]))];

		/* First what the index does not have yet, then what it has. */
		while (i == sizeof(changes) / sizeof(changes[0]) && backend.maintain(handles[STORE_WRITER], NOW) > 0)
			;
		run_sql("DROP TABLE IF EXISTS kept; CREATE TABLE kept AS SELECT * FROM events");
		run_sql(change);
		job = ask(STORE_SEARCH, "r", (struct store_retention){ 0 }, NOW);
		/* An edit that is missing is seen where the index says that there was one. */
		cr_assert(job.status == STORE_CORRUPT && !job.page, "%zu %s: %d", i, change, job.status);
		if (i % 3 == 0) {
			edit.event.target = 1;
			cr_assert_eq(append(&edit), 0);
			cr_assert_eq(edit.status, STORE_CORRUPT, "its target is damaged");
		}
		run_sql("DELETE FROM events; INSERT INTO events SELECT * FROM kept; DROP TABLE kept");
	}
	job = ask(STORE_SEARCH, "r", (struct store_retention){ 0 }, NOW);
	cr_assert(job.status == STORE_OK && give(&job) == 1);
}

/* The row of this event is another one by now, with the sum of what the event says. */
static void set_row(const char *change, const struct chat_event *event)
{
	const int64_t id = row_id(1, event->seq);
	char sql[200];

	snprintf(sql, sizeof(sql), "UPDATE events SET %s, crc = %u WHERE id = %lld", change, row_crc(id, event),
		 (long long)id);
	run_sql(sql);
}

static void expect_found(enum store_status status, uint32_t count, const char *what)
{
	struct store_job job = ask(STORE_SEARCH, "r", (struct store_retention){ 0 }, NOW);

	cr_assert_eq(job.status, status, "%s: %d", what, job.status);
	cr_assert_eq(give(&job), count, "%s", what);
}

static void act(enum chat_event_kind kind, uint64_t target)
{
	struct store_job job = message("r");

	job.event.kind = kind;
	job.event.target = target;
	job.event.key = kind == CHAT_EV_react ? SPAN("+1") : SPAN_NONE;
	cr_assert(append(&job) == 0 && job.status == STORE_OK);
}

Test(sqlite_rows, an_edit_of_what_is_none_has_no_words)
{
	struct chat_event edit = {
		.kind = CHAT_EV_edit, .seq = 3, .from = SPAN("Ann"), .ts_ms = NOW, .data = SPAN("\"red eggs\"")
	};

	say("r");
	act(CHAT_EV_react, 1);
	act(CHAT_EV_edit, 1);
	expect_found(STORE_OK, 1, "as it is");
	edit.rev = 1;
	edit.target = 2;
	set_row("target = 2", &edit);
	expect_found(STORE_CORRUPT, 0, "the message says that it was edited");
	struct chat_event one = message("r").event;

	one.seq = 1;
	set_row("rev = 0", &one);
	expect_found(STORE_OK, 1, "an edit of a reaction");
	one.data = SPAN_NONE;
	set_row("data = NULL", &one);
	expect_found(STORE_OK, 0, "a message that says nothing");
	run_sql("DELETE FROM events WHERE id & 4294967295 = 2");
	expect_found(STORE_OK, 0, "an edit of what is not there");
}

Test(sqlite_rows, a_message_is_that_of_its_newest_edit_or_damaged)
{
	say("r");
	act(CHAT_EV_edit, 1);
	act(CHAT_EV_edit, 1);
	expect_found(STORE_OK, 1, "as it is");
	run_sql("DELETE FROM events WHERE kind = 'edit' AND rev = 2");
	expect_found(STORE_CORRUPT, 0, "the newest is missing");
}

/* What is not indexed begins where the room does; an edit of what is gone says nothing. */
Test(sqlite_rows, words_of_what_is_gone_are_not_looked_for)
{
	struct store_job job = message("r");

	say("r");
	say("r");
	act(CHAT_EV_edit, 1);
	job.retention.messages = 2;
	cr_assert(append(&job) == 0 && job.status == STORE_OK && job.first == 3);
	expect_found(STORE_OK, 1, "of four events two are left, of which one is an edit");
	job = ask(STORE_SEARCH, "r", (struct store_retention){ 0 }, NOW);
	cr_assert_eq(job.page->events[0].seq, 4);
	give(&job);
}

Test(sqlite_rows, what_is_longer_than_any_message_is_kept_without_its_words)
{
	static char data[CHAT_DATA_SIZE_MAX + 1] = "\"red eggs ";
	struct store_job job = message("r");

	say("r");
	memset(data + 10, 'x', sizeof(data) - 11);
	data[sizeof(data) - 1] = '"';
	job.event.data = span_of(data, sizeof(data));
	cr_assert(append(&job) == 0 && job.status == STORE_OK);
	expect_found(STORE_OK, 1, "a byte more than may be");
	data[sizeof(data) - 2] = '"';
	job.event.data.size--;
	cr_assert(append(&job) == 0 && job.status == STORE_OK);
	expect_found(STORE_OK, 2, "the longest");
}

/* One message at least, however long it is. */
Test(sqlite_rows, a_page_of_what_is_found_ends_at_its_bytes)
{
	const struct store_job one = message("r");
	struct store_job job = { .op = STORE_SEARCH,
				 .room = SPAN("r"),
				 .query = SPAN("eggs"),
				 .limit = 10,
				 .page_bytes = row_size(&one.event),
				 .now_ms = NOW };

	say("r");
	say("r");
	for (uint32_t count = 1; count <= 2; count++, job.page_bytes *= 2) {
		backend.read(handles[STORE_SEARCHER], &job);
		cr_assert(job.status == STORE_OK && job.page->count == count, "%u", job.page->count);
		cr_assert_eq(job.page->more, count == 1);
		cr_assert_eq(job.page->events[count - 1].seq, 2);
		give(&job);
		job.page = NULL;
	}
	job.page_bytes = 1;
	backend.read(handles[STORE_SEARCHER], &job);
	cr_assert(job.status == STORE_OK && give(&job) == 1);
}

/* Two rooms that have one place in the writer's memory, in one batch. */
Test(sqlite_rows, rooms_that_take_turns)
{
	struct store_job jobs[3], *list[3] = { &jobs[0], &jobs[1], &jobs[2] };
	const uint64_t key = 0x5f0ca7e5, place = hash_bytes("r", 1, key) & 65535;
	char other[16] = "";

	for (uint32_t i = 0; other[0] == 0 || (hash_bytes(other, strlen(other), key) & 65535) != place; i++)
		snprintf(other, sizeof(other), "o%u", i);
	for (uint32_t at = 1, came = 1, seq = 1; came; at++, seq += 2) {
		for (int i = 0; i < 3; i++) {
			jobs[i] = message(i == 1 ? other : "r");
			jobs[i].retention.age_ms = 1000;
		}
		refused_arm(REFUSED_sqlite3_step, at, 1, SQLITE_BUSY);
		int result = backend.append(handles[STORE_WRITER], list, 3);

		came = refused_came();
		cr_assert_eq(result, came ? -EAGAIN : 0, "%u", at);
		if (came)
			result = backend.append(handles[STORE_WRITER], list, 3);
		cr_assert_eq(result, 0);
		cr_assert(jobs[0].seq == seq && jobs[1].seq == (seq + 1) / 2 && jobs[2].seq == seq + 1, "%u: %u %u %u",
			  at, (unsigned)jobs[0].seq, (unsigned)jobs[1].seq, (unsigned)jobs[2].seq);
	}
}

Test(sqlite_rows, a_new_file_is_made_whole_or_not)
{
	close_all();
	for (uint32_t at = 1, came = 1; came; at++) {
		files_remove();
		refused_arm(REFUSED_sqlite3_exec, at, 1, SQLITE_FULL);
		const bool open = try_open();

		came = refused_came();
		cr_assert_eq(open, !came, "%u", at);
		/* The searcher makes a table in memory, too, of which SQLite says no more. */
		const bool full = strstr(why, "there is no room on the disk") != NULL;

		cr_assert(open || full || strstr(why, "does not have the tables"), "%s", why);
		if (open)
			close_all();
	}
	open_all();
}

static uint64_t any_age(void *context, struct span room, uint64_t was_ms)
{
	(void)context;
	(void)room;
	(void)was_ms;
	return 5000;
}

/* It is left alone, and does not keep the others from being what they are to be. */
Test(sqlite_rows, a_damaged_room_has_an_age_too)
{
	static const struct store_ages ages = { .of = any_age };
	static const char *const rooms[] = { "a", "b", "c" };

	for (size_t i = 0; i < 3; i++)
		say(rooms[i]);
	close_all();
	open_all();
	run_sql("UPDATE rooms SET crc = crc + 1 WHERE name = 'b'");
	backend.go_by(handles[STORE_WRITER], &ages);
	for (int slices = 0; backend.maintain(handles[STORE_WRITER], NOW + 5000) > 0; slices++)
		cr_assert_lt(slices, 10);
	for (size_t i = 0; i < 3; i++) {
		struct store_job load = ask(STORE_LOAD, rooms[i], (struct store_retention){ 0 }, NOW);

		cr_assert_eq(load.status, i == 1 ? STORE_CORRUPT : STORE_OK);
		cr_assert(i == 1 || load.first == 2, "%s", rooms[i]);
		give(&load);
	}
}
