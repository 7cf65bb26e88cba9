/* One thing at a time that a store does, with every statement of it refused in its turn by every code that SQLite has
 * for it: what was not acknowledged is not there, what was is; the error is told as what it is; and the same again
 * succeeds. */
#include <criterion/criterion.h>
#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/core/slab.h"
#include "engine/store/sqlite.h"
#include "tests/unit/refused.h"

#define NOW 1000000000000ull
#define AGE 1000 /* ms, where a room has a bound of age */

static const int codes[] = { SQLITE_BUSY,    SQLITE_FULL,       SQLITE_NOMEM,
			     SQLITE_CORRUPT, SQLITE_IOERR_READ, SQLITE_IOERR_FSYNC };

static char directory[64], why[256];
static struct store_backend backend;
static void *handles[STORE_WORKERS];
static uint64_t said, now_ms; /* messages so far, each with its own number; and the clock */
static uint64_t acked; /* the newest seq that was acknowledged in the room */
static const int *code; /* what is refused */
static bool again; /* what is appended is kept already */

static void open_all(void)
{
	for (int worker = 0; worker < STORE_WORKERS; worker++) {
		handles[worker] = backend.open(backend.context, (enum store_worker)worker, why, sizeof(why));
		cr_assert(handles[worker], "%s", why);
	}
}

static void close_all(void)
{
	for (int worker = STORE_WORKERS - 1; worker >= 0; worker--)
		backend.close(handles[worker]);
}

static void setup(void)
{
	snprintf(directory, sizeof(directory), "/dev/shm/uproar-refused-XXXXXX");
	cr_assert(mkdtemp(directory));
	backend = sqlite_backend(directory);
	now_ms = NOW;
	open_all();
}

static void teardown(void)
{
	static const char *const names[] = { "uproar.db", "uproar.db-wal", "uproar.db-shm" };
	char path[128];

	refused_came();
	close_all();
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", directory, names[i]);
		unlink(path);
	}
	rmdir(directory);
}

TestSuite(sqlite_refused, .init = setup, .fini = teardown, .timeout = 300);

static struct store_job job; /* what is appended, or asked */

static void append_job(enum chat_event_kind kind, uint64_t target)
{
	static char data[64];

	said++;
	snprintf(data, sizeof(data), "\"words of %llu\"", (unsigned long long)said);
	job = (struct store_job){
		.op = STORE_APPEND,
		.room = SPAN("r"),
		.epoch = SPAN("abcdefghijkl"),
		.now_ms = now_ms,
		.event = { .kind = kind,
			   .from = SPAN("Ann"),
			   .ts_ms = now_ms,
			   .producer = SPAN("p"),
			   .number = said,
			   .target = target,
			   .data = kind == CHAT_EV_del ? SPAN_NONE : span_of(data, strlen(data)) },
	};
}

static int append(void)
{
	struct store_job *list[] = { &job };

	return backend.append(handles[STORE_WRITER], list, 1);
}

static uint64_t say(enum chat_event_kind kind, uint64_t target)
{
	append_job(kind, target);
	cr_assert_eq(append(), 0);
	cr_assert_eq(job.status, STORE_OK, "%d", job.status);
	acked = job.seq;
	return job.seq;
}

static struct store_job ask(enum store_op op, enum chat_page_from from)
{
	struct store_job asked = { .op = op,
				   .room = SPAN("r"),
				   .query = op == STORE_SEARCH ? SPAN("words") : SPAN_NONE,
				   .from = from,
				   .seq_asked = from == CHAT_PAGE_AFTER && acked > 3 ? acked - 3 : acked,
				   .limit = 8,
				   .page_bytes = 1 << 20,
				   .retention = { .age_ms = AGE },
				   .now_ms = now_ms };

	backend.read(handles[op == STORE_SEARCH ? STORE_SEARCHER : STORE_READER], &asked);
	return asked;
}

static void give(struct store_job *answered)
{
	if (answered->page)
		block_give(answered->page, answered->page->size);
	if (answered->kept_state)
		block_give(answered->kept_state, answered->kept_state->size);
	answered->page = NULL;
	answered->kept_state = NULL;
}

/* The newest seq that is there, which is the newest acknowledged. */
static void expect_newest(uint32_t at)
{
	struct store_job load = ask(STORE_LOAD, CHAT_PAGE_LATEST);

	if (load.status == STORE_UNAVAILABLE) /* what a refused end has left open is ended by now */
		load = ask(STORE_LOAD, CHAT_PAGE_LATEST);
	cr_assert_eq(load.status, STORE_OK, "code %d at %u: %d", *code, at, load.status);
	cr_assert_eq(load.last, acked, "code %d at %u: %u is there, %u was acknowledged", *code, at,
		     (unsigned)load.last, (unsigned)acked);
	give(&load);
}

/* What append may say to a code, and what then is true. */
static void judge_append(int result, uint32_t at)
{
	static const int wanted[] = { -EAGAIN, -ENOSPC, -EAGAIN, -EIO, -EIO, -EIO };

	if (result != 0)
		cr_assert(result == wanted[code - codes] || result == -EIO, "code %d at %u: %d", *code, at, result);
	cr_assert(!again || result != 0 || job.status != STORE_OK, "code %d at %u: kept twice", *code, at);
	if (result == 0 && job.status == STORE_OK)
		acked = job.seq;
	else if (result == 0)
		cr_assert(job.status == STORE_CORRUPT || job.status == STORE_DUPLICATE, "code %d at %u: %d", *code, at,
			  job.status);
	if (result == -EIO) { /* the process ends, and begins again */
		close_all();
		open_all();
	}
	expect_newest(at);
	/* The same again is kept once. */
	cr_assert_eq(append(), 0, "code %d at %u", *code, at);
	cr_assert(job.status == STORE_OK || (job.status == STORE_DUPLICATE && job.seq <= acked), "code %d at %u: %d",
		  *code, at, job.status);
	if (job.status == STORE_OK)
		acked = job.seq;
	expect_newest(at);
}

/* make() brings about a job, which is then appended with each of its statements refused. Both as a writer does who has
 * seen no damage yet, and as one who takes each job back by itself. */
static void each_append(void (*make)(void), uint32_t least)
{
	for (code = codes; code < codes + sizeof(codes) / sizeof(codes[0]); code++)
		for (uint32_t at = 1;; at++) {
			const bool damage = *code == SQLITE_CORRUPT || *code == SQLITE_IOERR_READ;

			if (damage && at % 2) { /* forgets that there was any */
				close_all();
				open_all();
			}
			make();
			refused_arm(REFUSED_sqlite3_step, at, 1, *code);
			const int result = append();

			if (!refused_came()) {
				cr_assert(result == 0 && at > least, "%u statements", at - 1);
				if (job.status == STORE_OK)
					acked = job.seq;
				break;
			}
			judge_append(result, at);
		}
}

static void a_message(void)
{
	append_job(CHAT_EV_msg, 0);
}

Test(sqlite_refused, a_message_is_kept_or_not)
{
	each_append(a_message, 3);
}

static void a_message_again(void)
{
	say(CHAT_EV_msg, 0);
}

/* A number that is not looked for is kept twice. */
Test(sqlite_refused, a_duplicate_is_found_or_nothing_is_kept)
{
	again = true;
	each_append(a_message_again, 3);
}

static void a_first_message(void)
{
	static char name[32];

	append_job(CHAT_EV_msg, 0);
	snprintf(name, sizeof(name), "new %llu", (unsigned long long)said);
	job.room = span_of(name, strlen(name));
}

static struct span room_of_before;

static void judge_first(int result, uint32_t at)
{
	struct store_job load = { .op = STORE_LOAD, .limit = 8, .page_bytes = 1 << 20, .now_ms = now_ms };

	if (result == -EIO) {
		close_all();
		open_all();
	}
	load.room = room_of_before;
	backend.read(handles[STORE_READER], &load);
	cr_assert_eq(load.status, STORE_OK);
	cr_assert_eq(load.last, result == 0 && job.status == STORE_OK, "code %d at %u", *code, at);
	give(&load);
	cr_assert_eq(append(), 0);
	cr_assert_eq(job.seq, 1, "code %d at %u", *code, at);
}

Test(sqlite_refused, a_room_comes_to_be_with_its_first_message)
{
	for (code = codes; code < codes + sizeof(codes) / sizeof(codes[0]); code++)
		for (uint32_t at = 1;; at++) {
			a_first_message();
			room_of_before = job.room;
			refused_arm(REFUSED_sqlite3_step, at, 1, *code);
			const int result = append();

			if (!refused_came())
				break;
			judge_first(result, at);
		}
}

static void an_edit(void)
{
	const uint64_t target = say(CHAT_EV_msg, 0);

	append_job(CHAT_EV_edit, target);
}

Test(sqlite_refused, an_edit_changes_its_message_or_not)
{
	each_append(an_edit, 5);
}

static void a_deletion(void)
{
	const uint64_t target = say(CHAT_EV_msg, 0);

	say(CHAT_EV_edit, target);
	say(CHAT_EV_edit, target);
	append_job(CHAT_EV_del, target);
}

/* No edit keeps its data where the message has lost its own, and none loses it where the message has not. */
static void expect_whole_deletions(void)
{
	struct store_job page = ask(STORE_LOAD, CHAT_PAGE_LATEST);
	uint64_t deleted = 0;

	cr_assert_eq(page.status, STORE_OK);
	for (uint32_t i = 0; page.page && i < page.page->count; i++) {
		const struct chat_event *event = &page.page->events[i];

		if (event->kind == CHAT_EV_msg && event->deleted)
			deleted = event->seq;
		if (event->kind == CHAT_EV_edit && i >= 1)
			cr_assert_eq(event->deleted, event->target == deleted, "%u", (unsigned)event->seq);
	}
	give(&page);
}

Test(sqlite_refused, a_deletion_takes_all_or_nothing)
{
	each_append(a_deletion, 8);
	expect_whole_deletions();
}

static void a_message_past_the_bytes(void)
{
	append_job(CHAT_EV_msg, 0);
	job.retention.bytes = 100;
}

Test(sqlite_refused, what_is_too_much_goes_with_what_is_kept)
{
	for (int i = 0; i < 10; i++)
		say(CHAT_EV_msg, 0);
	each_append(a_message_past_the_bytes, 5);
}

static void a_message_past_the_age(void)
{
	now_ms += AGE;
	append_job(CHAT_EV_msg, 0);
	job.retention.age_ms = AGE;
}

Test(sqlite_refused, what_is_too_old_goes_with_what_is_kept)
{
	each_append(a_message_past_the_age, 5);
}

static void a_state(void)
{
	append_job(CHAT_EV_msg, 0);
	job.state = said % 2 ? SPAN("banned: all") : SPAN("");
}

Test(sqlite_refused, a_state_is_kept_with_its_event)
{
	each_append(a_state, 4);
}

/* Each question's statements; what is told is told whole, or not. */
static void each_read(enum store_op op, enum chat_page_from from)
{
	struct store_job whole = ask(op, from);
	const uint32_t count = whole.page ? whole.page->count : 0;

	cr_assert_eq(whole.status, STORE_OK);
	give(&whole);
	for (code = codes; code < codes + sizeof(codes) / sizeof(codes[0]); code++)
		for (uint32_t at = 1;; at++) {
			refused_arm(REFUSED_sqlite3_step, at, 1, *code);
			struct store_job answered = ask(op, from);
			const bool came = refused_came(), good = answered.status == STORE_OK;

			cr_assert(good || answered.status == STORE_UNAVAILABLE || answered.status == STORE_CORRUPT);
			cr_assert(!answered.page || good);
			cr_assert(!good || (answered.page ? answered.page->count : 0) == count, "code %d at %u", *code,
				  at);
			give(&answered);
			if (!came)
				break;
			expect_newest(at);
			struct store_job repeated = ask(op, from);

			if (repeated.status == STORE_UNAVAILABLE) /* as expect_newest() says */
				repeated = ask(op, from);
			cr_assert(repeated.status == STORE_OK && (repeated.page ? repeated.page->count : 0) == count,
				  "code %d at %u", *code, at);
			give(&repeated);
		}
}

static void tend(void)
{
	while (backend.maintain(handles[STORE_WRITER], now_ms) > 0)
		;
}

static void fill(void)
{
	for (int i = 0; i < 4; i++) {
		const uint64_t target = say(CHAT_EV_msg, 0);

		say(CHAT_EV_edit, target);
		say(CHAT_EV_edit, target);
		if (i == 1)
			tend(); /* the index has some */
		if (i == 2)
			say(CHAT_EV_del, target);
	}
}

Test(sqlite_refused, pages_are_given_whole)
{
	fill();
	each_read(STORE_LOAD, CHAT_PAGE_LATEST);
	each_read(STORE_PAGE, CHAT_PAGE_AFTER);
	each_read(STORE_PAGE, CHAT_PAGE_BEFORE);
	each_read(STORE_PAGE, CHAT_PAGE_AROUND);
	now_ms += AGE - 1; /* and some are too old */
	say(CHAT_EV_msg, 0);
	now_ms++;
	each_read(STORE_LOAD, CHAT_PAGE_LATEST);
}

Test(sqlite_refused, what_is_found_is_all_there_is)
{
	fill();
	each_read(STORE_SEARCH, CHAT_PAGE_LATEST);
	tend();
	each_read(STORE_SEARCH, CHAT_PAGE_LATEST);
}

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

Test(sqlite_refused, words_are_learnt_in_the_end)
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

Test(sqlite_refused, rows_are_dropped_in_the_end)
{
	each_slice(rows_to_drop, 8);
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

Test(sqlite_refused, what_is_too_old_goes_in_the_end)
{
	each_slice(rooms_to_expire, 6);
}
