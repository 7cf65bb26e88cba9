/* One thing at a time that a store does, with every statement of it refused in its turn by every code that SQLite has
 * for it: what was not acknowledged is not there, what was is; the error is told as what it is; and the same again
 * succeeds. */
#include "tests/unit/engine/store/sqlite_refused.h"

TestSuite(sqlite_refused, .init = setup, .fini = teardown, .timeout = 300);

static bool again; /* what is appended is kept already */

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
static void each_append_of(void (*make)(void), uint32_t times, uint32_t least)
{
	for (code = codes; code < codes + sizeof(codes) / sizeof(codes[0]); code++)
		for (uint32_t at = 1;; at++) {
			const bool damage = *code == SQLITE_CORRUPT || *code == SQLITE_IOERR_READ;

			if (damage && at % 2) { /* forgets that there was any */
				close_all();
				open_all();
			}
			make();
			refused_arm(REFUSED_sqlite3_step, at, times, *code);
			const int result = append();

			if (!refused_came()) {
				cr_assert(times > 1 || (result == 0 && at > least), "%u statements", at - 1);
				if (job.status == STORE_OK)
					acked = job.seq;
				break;
			}
			judge_append(result, at);
		}
}

static void each_append(void (*make)(void), uint32_t least)
{
	each_append_of(make, 1, least);
}

static void a_message(void)
{
	append_job(CHAT_EV_msg, 0);
}

Test(sqlite_refused, a_message_is_kept_or_not)
{
	each_append(a_message, 3);
}

/* What cannot be taken back either ends the process. */
Test(sqlite_refused, a_message_that_cannot_be_taken_back)
{
	each_append_of(a_message, 2, 3);
}

/* One that was deleted, or is none, has nothing more to be done to it; a target whose row is damaged is told so. */
static void an_edit_of_nothing(void)
{
	const uint64_t target = say(CHAT_EV_msg, 0);

	say(CHAT_EV_del, target);
	append_job(CHAT_EV_edit, target);
}

Test(sqlite_refused, an_edit_of_nothing_is_none)
{
	for (code = codes; code < codes + sizeof(codes) / sizeof(codes[0]); code++)
		for (uint32_t at = 1, came = 1; came; at++) {
			an_edit_of_nothing();
			refused_arm(REFUSED_sqlite3_step, at, 1, *code);
			int result = append();

			came = refused_came();
			if (result == -EIO) {
				close_all();
				open_all();
			}
			expect_newest(at);
			result = append();
			cr_assert(result == 0 && job.status == STORE_GONE, "code %d at %u: %d", *code, at, job.status);
		}
}

/* Each statement that a store is opened with. */
Test(sqlite_refused, a_store_opens_with_all_its_statements_or_not)
{
	uint32_t met = 0;

	close_all();
	for (int worker = 0; worker < STORE_WORKERS; worker++)
		for (uint32_t at = 1;; at++) {
			refused_arm(REFUSED_sqlite3_prepare_v3, at, 1, SQLITE_ERROR);
			void *handle = backend.open(backend.context, (enum store_worker)worker, why, sizeof(why));

			if (!refused_came()) {
				backend.close(handle);
				break;
			}
			cr_assert(!handle && strstr(why, "does not have the tables"), "%d %u: %s", worker, at, why);
			met++;
		}
	cr_assert_geq(met, 45, "%u", met);
	open_all();
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

/* So many that where the room begins is searched for. */
static void a_message_past_many(void)
{
	for (int i = 0; i < 20; i++)
		say(CHAT_EV_msg, 0);
	append_job(CHAT_EV_msg, 0);
	job.retention.bytes = 7 * row_size(&job.event);
}

Test(sqlite_refused, what_is_too_much_is_found)
{
	each_append(a_message_past_many, 8);
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

/* Without memory for what is told it is not told. */
static void each_allocation(enum store_op op, enum chat_page_from from)
{
	code = codes;
	for (uint32_t at = 1, came = 1; came; at++) {
		refused_arm(REFUSED_malloc, at, 1, ENOMEM);
		struct store_job answered = ask(op, from);

		came = refused_came();
		cr_assert_eq(answered.status, came ? STORE_UNAVAILABLE : STORE_OK, "%u", at);
		cr_assert(!came || !answered.page);
		give(&answered);
	}
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
	append_job(CHAT_EV_msg, 0);
	job.state = SPAN("banned: all");
	cr_assert_eq(append(), 0);
	acked = job.seq;
	each_allocation(STORE_LOAD, CHAT_PAGE_LATEST);
	each_allocation(STORE_PAGE, CHAT_PAGE_AROUND);
	each_allocation(STORE_SEARCH, CHAT_PAGE_LATEST);
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

/* Words of what has none, of what is no message, and of what is gone by the time they are looked for. */
Test(sqlite_refused, what_has_no_words_is_not_found)
{
	static const char *const data[] = { "1", "\"\"", "\"words\"", "{\"words\":2}", "\"of words\"" };
	uint64_t seqs[5];

	for (int i = 0; i < 5; i++) {
		append_job(CHAT_EV_msg, 0);
		job.event.data = span_of(data[i], strlen(data[i]));
		cr_assert_eq(append(), 0);
		seqs[i] = acked = job.seq;
	}
	append_job(CHAT_EV_react, seqs[2]);
	job.event.key = SPAN("+1");
	cr_assert_eq(append(), 0);
	acked = job.seq;
	for (int again_ = 0; again_ < 2; again_++) {
		now_ms -= AGE; /* nothing is too old */
		struct store_job found = ask(STORE_SEARCH, CHAT_PAGE_LATEST);

		now_ms += AGE;
		cr_assert(found.status == STORE_OK && found.page->count == 2, "%u", found.page->count);
		give(&found);
		tend();
	}
	say(CHAT_EV_edit, seqs[2]);
	say(CHAT_EV_del, seqs[4]);
	say(CHAT_EV_edit, seqs[0]);
	say(CHAT_EV_del, seqs[0]);
	now_ms -= AGE;
	struct store_job found = ask(STORE_SEARCH, CHAT_PAGE_LATEST);

	now_ms += AGE;
	cr_assert(found.status == STORE_OK && found.page->count == 1 && found.page->events[0].seq == seqs[2]);
	give(&found);
}

/* A search ends, whatever SQLite finds. */
Test(sqlite_refused, an_index_that_has_no_end_is_left)
{
	uint32_t left = 0;

	fill();
	for (uint32_t at = 1; at < 40; at++) {
		refused_arm(REFUSED_sqlite3_step, at, 10000, SQLITE_ROW);
		struct store_job answered = ask(STORE_SEARCH, CHAT_PAGE_LATEST);

		refused_came();
		left += answered.status == STORE_UNAVAILABLE;
		give(&answered);
		close_all();
		open_all();
	}
	cr_assert_geq(left, 1);
}

/* A row that SQLite had a moment ago. */
Test(sqlite_refused, what_is_gone_between_two_looks_is_damage)
{
	static void (*const makes[])(void) = { an_edit, a_deletion };
	uint32_t met = 0;

	for (size_t i = 0; i < 2; i++)
		for (uint32_t at = 1; at < 14; at++) {
			append_job(CHAT_EV_msg, 0);
			refused_arm(REFUSED_sqlite3_step, 1, 1, SQLITE_CORRUPT); /* it looks but once from now on */
			cr_assert_eq(append(), 0);
			makes[i]();
			refused_arm(REFUSED_sqlite3_step, at, 1, SQLITE_DONE);
			met += append() == 0 && job.status == STORE_CORRUPT;
			teardown(); /* what SQLite says to have done and has not is nothing to go on with */
			setup();
		}
	cr_assert_geq(met, 4, "%u: the target as it is judged and as it is changed", met);
}
