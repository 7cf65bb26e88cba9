/* Housekeeping of a store, with every statement of it refused in its turn: what is to be done is done in the end. */
#include "tests/unit/engine/store/count_rows.h"
#include "tests/unit/engine/store/sqlite_refused.h"

TestSuite(sqlite_refused_house, .init = setup, .fini = teardown, .timeout = 300);

/* Slice after slice until nothing is left. What is damaged is given up, what is not is done in the end. */
static void tend_all(uint32_t at)
{
	int more = 1;

	for (int i = 0; i < 1000 && more > 0; i++)
		more = backend.maintain(handles[STORE_WRITER], now_ms);
	cr_assert_eq(more, 0, "code %d at %u: %d", *code, at, more);
}

static void each_slice(void (*make)(void), uint32_t least)
{
	for (code = codes; code < codes + sizeof(codes) / sizeof(codes[0]); code++)
		for (uint32_t at = 1;; at++) {
			make();
			refused_arm(REFUSED_sqlite3_step, at, 1, *code);
			int more = 1;

			for (int i = 0; i < 1000 && more > 0; i++)
				more = backend.maintain(handles[STORE_WRITER], now_ms);
			const bool came = refused_came();

			cr_assert(more == 0 || more == -EAGAIN || more == -ENOSPC || more == -EIO, "code %d at %u: %d",
				  *code, at, more);
			if (more == -EIO || *code == SQLITE_CORRUPT || *code == SQLITE_IOERR_READ) {
				close_all(); /* it may have taken the file for damaged */
				open_all();
			}
			tend_all(at);
			expect_newest(at);
			cr_assert(came || at > least, "%u statements", at - 1);
			if (!came)
				break;
		}
}

static void words_to_learn(void)
{
	const uint64_t target = say(CHAT_EV_msg, 0);

	say(CHAT_EV_edit, target);
	if (said % 3 == 0)
		say(CHAT_EV_del, target);
}

Test(sqlite_refused_house, words_are_learnt_in_the_end)
{
	each_slice(words_to_learn, 8);
}

static void rows_to_drop(void)
{
	for (int i = 0; i < 70; i++) {
		append_job(CHAT_EV_msg, 0);
		job.event.data = SPAN("1");
		job.retention.messages = 3;
		cr_assert_eq(append(), 0);
		acked = job.seq;
	}
}

Test(sqlite_refused_house, rows_are_dropped_in_the_end)
{
	each_slice(rows_to_drop, 8);
}

static uint64_t rows_of(const char *where)
{
	char sql[128];

	snprintf(sql, sizeof(sql), "SELECT count(*) FROM %s", where);
	return (uint64_t)count_rows_in(path, sql);
}

#define BATCH 1000

/* Messages of one batch, of a class that keeps so many. */
static void say_many(struct span room, uint64_t kept)
{
	static struct store_job jobs[BATCH];
	static struct store_job *list[BATCH];

	for (uint32_t i = 0; i < BATCH; i++) {
		append_job(CHAT_EV_msg, 0);
		list[i] = &jobs[i];
		jobs[i] = job;
		jobs[i].room = room;
		jobs[i].event.data = SPAN("1");
		jobs[i].retention.messages = kept;
	}
	cr_assert_eq(backend.append(handles[STORE_WRITER], list, BATCH), 0);
}

/* Of rooms that share a transaction the one that is damaged is given up; the others come to their turn again. */
Test(sqlite_refused_house, damage_in_one_room_keeps_no_other_from_its_turn)
{
	static const int damage = SQLITE_CORRUPT;
	uint64_t rows = 0;
	uint32_t given_up = 0;

	code = &damage;
	for (uint32_t at = 1, came = 1; came; at++) {
		const uint64_t before = rows;

		for (int i = 0; i < 4; i++) {
			char name[16];

			snprintf(name, sizeof(name), "%u-%d", at, i);
			say_many(span_of(name, strlen(name)), 3);
		}
		refused_arm(REFUSED_sqlite3_step, at, 1, damage);
		for (int i = 0, more = 1; i < 1000 && more > 0; i++)
			more = backend.maintain(handles[STORE_WRITER], now_ms);
		came = refused_came();
		close_all(); /* it may have taken the file for damaged */
		open_all();
		tend_all(at);
		rows = rows_of("events");
		cr_assert(rows - before == 4 * 3 || (came && rows - before == 3 * 3 + BATCH), "at %u: %u rows", at,
			  (unsigned)(rows - before));
		given_up += rows - before != 4 * 3;
		cr_assert(came || at > 12, "%u statements", at);
	}
	cr_assert_geq(given_up, 4, "%u", given_up);
}

/* Rows past their retention by the tens of thousands: who sends is to wait until they are gone. */
Test(sqlite_refused_house, far_behind_it_says_so)
{
	int more, behind = 0;

	for (int i = 0; i < 50; i++)
		say_many(SPAN("r"), 0);
	cr_assert_neq(backend.maintain(handles[STORE_WRITER], now_ms), STORE_BEHIND, "nothing is past its retention");
	for (int i = 0; i < 5; i++)
		say_many(SPAN("r"), 1);
	while ((more = backend.maintain(handles[STORE_WRITER], now_ms)) == STORE_BEHIND)
		behind++;
	cr_assert_gt(behind, 0);
	cr_assert_eq(more, 1);
	/* 54,999 were to go, 4,096 a slice, until no more than 32,768 are left to. */
	cr_assert_leq(rows_of("events"), 32768 + 1);
	cr_assert_gt(rows_of("events"), 32768 + 1 - 4096);
	tend_all(0);
	cr_assert_eq(rows_of("events"), 1);
}

/* A slice for each large batch, of which every one is followed by a checkpoint: the slices win. */
Test(sqlite_refused_house, however_large_batches_are_it_catches_up)
{
	uint64_t rows;

	for (int i = 0; i < 60; i++)
		say_many(SPAN("r"), 0);
	cr_assert_eq(backend.maintain(handles[STORE_WRITER], now_ms), 1);
	rows = rows_of("events");
	cr_assert_eq(rows, 60 * BATCH);
	for (int round = 0; round < 5; round++) {
		for (int i = 0; i < 6; i++)
			say_many(SPAN("r"), 1);
		cr_assert_eq(backend.maintain(handles[STORE_WRITER], now_ms), STORE_BEHIND, "%d", round);
		cr_assert_eq(rows_of("events"), rows - 4096, "%d", round);
		rows = rows_of("events");
	}
}

static void rooms_to_expire(void)
{
	for (int i = 0; i < 2; i++) {
		append_job(CHAT_EV_msg, 0);
		job.retention.age_ms = AGE;
		cr_assert_eq(append(), 0);
		acked = job.seq;
		now_ms += AGE / 2;
	}
	now_ms += AGE / 4;
}

/* Of rooms that the writer has not met since it began. */
static void unknown_rooms_to_expire(void)
{
	rooms_to_expire();
	close_all();
	open_all();
}

Test(sqlite_refused_house, what_is_too_old_goes_after_a_start)
{
	each_slice(unknown_rooms_to_expire, 6);
}

/* More rooms than one slice looks at. */
Test(sqlite_refused_house, of_many_rooms_all_are_looked_at)
{
	char names[70][16];

	for (int i = 0; i < 70; i++) {
		append_job(CHAT_EV_msg, 0);
		snprintf(names[i], sizeof(names[i]), "n%d", i);
		job.room = span_of(names[i], strlen(names[i]));
		job.retention.age_ms = AGE;
		cr_assert_eq(append(), 0);
	}
	now_ms += AGE + 1;
	cr_assert_geq(backend.maintain(handles[STORE_WRITER], now_ms), 0);
	cr_assert_eq(rows_of("rooms WHERE expires IS NULL"), 64, "a slice's");
	tend();
	for (int i = 0; i < 70; i++) {
		struct store_job load = { .op = STORE_LOAD, .limit = 8, .page_bytes = 1 << 20, .now_ms = now_ms };

		load.room = span_of(names[i], strlen(names[i]));
		backend.read(handles[STORE_READER], &load);
		cr_assert(load.status == STORE_OK && load.first == 2 && load.last == 1, "%d", i);
		give(&load);
	}
}

Test(sqlite_refused_house, what_is_too_old_goes_in_the_end)
{
	each_slice(rooms_to_expire, 6);
}

/* More pages of the log than housekeeping leaves, and than an append does. */
static void say_much(int messages)
{
	static uint8_t data[60000];

	memset(data, 'x', sizeof(data));
	data[0] = data[sizeof(data) - 1] = '"';
	for (int i = 0; i < messages; i++) {
		append_job(CHAT_EV_msg, 0);
		job.event.data = span_of(data, sizeof(data));
		cr_assert_eq(append(), 0);
		acked = job.seq;
	}
}

Test(sqlite_refused_house, the_log_is_moved_or_stays)
{
	static const struct {
		int code, result;
	} rows[] = { { SQLITE_BUSY, 1 }, { SQLITE_FULL, 1 }, { SQLITE_IOERR_FSYNC, -EIO }, { SQLITE_CORRUPT, -EIO } };

	code = codes;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		say_much(300);
		refused_arm(REFUSED_sqlite3_wal_checkpoint_v2, 1, 1, rows[i].code);
		cr_assert_eq(backend.maintain(handles[STORE_WRITER], now_ms), rows[i].result);
		cr_assert(refused_came());
		expect_newest(0);
	}
}

/* Somebody reads what was there before: what came since cannot be moved. */
Test(sqlite_refused_house, the_log_waits_for_who_reads)
{
	sqlite3 *db;

	code = codes;
	cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK);
	cr_assert_eq(sqlite3_exec(db, "BEGIN; SELECT count(*) FROM rooms", NULL, NULL, NULL), SQLITE_OK);
	say_much(300);
	cr_assert_eq(backend.maintain(handles[STORE_WRITER], now_ms), 1);
	expect_newest(0);
	sqlite3_close(db);
	say_much(300);
	tend();
	expect_newest(0);
}

static void edits_of_what_is_gone(void)
{
	const uint64_t target = say(CHAT_EV_msg, 0);

	for (int i = 0; i < 100; i++)
		say(CHAT_EV_msg, 0);
	say(CHAT_EV_edit, target);
	append_job(CHAT_EV_msg, 0);
	job.retention.messages = 5;
	cr_assert_eq(append(), 0);
	acked = job.seq;
}

Test(sqlite_refused_house, an_edit_of_what_is_gone_has_no_words)
{
	each_slice(edits_of_what_is_gone, 8);
}

/* More than one slice learns, and of one that is longer than any nothing. */
Test(sqlite_refused_house, words_of_many_messages)
{
	static char data[70000];

	code = codes;
	for (int i = 0; i < 600; i++)
		say(CHAT_EV_msg, 0);
	memset(data, 'x', sizeof(data));
	data[0] = data[sizeof(data) - 1] = '"';
	append_job(CHAT_EV_msg, 0);
	job.event.data = span_of(data, sizeof(data));
	cr_assert_eq(append(), 0);
	acked = job.seq;
	for (int indexed = 0; indexed < 2; indexed++) {
		struct store_job found = ask(STORE_SEARCH, CHAT_PAGE_LATEST);

		cr_assert(found.status == STORE_OK && found.page->count == 8 && found.page->events[7].seq == 600);
		give(&found);
		tend_all(0);
	}
}
