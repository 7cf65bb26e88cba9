/* Pages that come from the store: who shares a read, whom a page serves that is kept, and what drops it. */
#include <errno.h>

#include "tests/unit/engine/chat/disk_fixture.h"
#include "tests/unit/refused.h"

TestSuite(home_reading, .init = disk_setup, .fini = disk_teardown);

Test(home_reading, those_who_ask_for_the_same_page_share_one_read)
{
	joined(1, 100);
	join(1, SPAN("Bob"));
	for (uint64_t i = 0; i < 20; i++)
		fetch(64 + i);
	cr_assert_eq(counter_read(&counters, COUNTER_store_reads), 1);
	answer_page(64, page_of(65, 100));
	cr_assert(!is_asked(STORE_READER));
	for (uint64_t i = 0; i < 20; i++)
		expect_page(65 + i, 100, false);
	expect_silence();
	cr_assert_eq(counter_read(&counters, COUNTER_store_reads), 1);
	cr_assert_eq(counter_read(&counters, COUNTER_store_reads_shared), 19);
}

Test(home_reading, a_fetch_asks_for_the_page_that_those_near_it_ask_for)
{
	joined(1, 300);
	join(1, SPAN("Bob"));
	fetch(63);
	fetch(64);
	answer_page(0, page_of(1, 200));
	answer_page(64, page_of(65, 264));
	expect_page(64, 200, true);
	expect_page(65, 264, true);
	expect_silence();
}

Test(home_reading, a_fetch_asks_for_nothing_that_is_known_to_be_gone)
{
	joined(70, 100);
	join(1, SPAN("Bob"));
	fetch(80);
	answer_page(69, page_of(70, 100));
	expect_page(81, 100, false);
}

Test(home_reading, a_page_serves_who_comes_within_a_second)
{
	joined(1, 300);
	join(1, SPAN("Bob"));
	fetch(7);
	answer_page(0, page_of(1, 200));
	expect_page(8, 200, true);
	now_ms += KEPT_MS - 1;
	home_tick(home, now_ms, wall_ms);
	fetch(0);
	expect_page(1, 200, true);
	fetch(199);
	expect_page(200, 200, true);
	cr_assert(!is_asked(STORE_READER));
	cr_assert_eq(counter_read(&counters, COUNTER_store_reads_shared), 2);
	/* It ends there. */
	fetch(200);
	answer_page(192, page_of(193, 300));
	expect_page(201, 300, false);
	/* That is the page that is kept now: the one before it is not. */
	fetch(192);
	expect_page(193, 300, false);
	fetch(191);
	answer_page(128, page_of(129, 300));
	expect_page(192, 300, false);
}

Test(home_reading, after_a_second_a_page_serves_nobody_and_is_given_back)
{
	joined(1, 300);
	join(1, SPAN("Bob"));
	const uint64_t before = block_bytes_out();

	fetch(7);
	answer_page(0, page_of(1, 200));
	hush();
	now_ms += KEPT_MS;
	fetch(7);
	answer_page(0, page_of(1, 200));
	expect_page(8, 200, true);
	cr_assert_eq(counter_read(&counters, COUNTER_store_reads_shared), 0);
	cr_assert_gt(block_bytes_out(), before);
	now_ms += KEPT_MS;
	home_tick(home, now_ms, wall_ms);
	cr_assert_eq(block_bytes_out(), before);
	cr_assert(home->kept_bytes == 0 && home->kept_oldest == 0 && home->kept_newest == 0);
}

Test(home_reading, a_deletion_drops_the_page_that_was_read_before_it)
{
	joined(1, 50);
	join(1, SPAN("Bob"));
	fetch(7);
	answer_page(0, page_of(1, 50));
	hush();
	RUN(0, "Ann", .op = CHAT_OP_del, .target = 9);
	commit(51);
	hush();
	fetch(7);
	answer_page(0, page_of(1, 51));
	expect_page(8, 51, false);
	/* A page that was asked for before a deletion and came after it is not kept. */
	now_ms += KEPT_MS;
	fetch(7);
	RUN(0, "Ann", .op = CHAT_OP_del, .target = 10);
	commit(52);
	hush();
	answer_page(0, page_of(1, 51));
	expect_page(8, 51, true);
	fetch(7);
	answer_page(0, page_of(1, 52));
	expect_page(8, 52, false);
}

Test(home_reading, a_page_whose_bytes_do_not_get_there_is_asked_for_from_the_place_itself)
{
	joined(1, 50);
	join(1, SPAN("Bob"));
	fetch(6);
	fetch(7);
	answer_page(0, page_of(1, 7));
	expect_page(7, 7, true);
	expect_silence();
	answer_page(7, page_of(8, 20));
	expect_page(8, 20, true);
	/* So is one that was gone or damaged before it. */
	fetch(30);
	answer(STORE_READER, asked(STORE_READER, STORE_PAGE), STORE_CORRUPT);
	expect_silence();
	answer_page(30, page_of(31, 50));
	expect_page(31, 50, false);
}

Test(home_reading, of_a_kept_page_nobody_is_told_what_is_not_heard_of_yet)
{
	joined(1, 50);
	join(1, SPAN("Bob"));
	fetch(7);
	answer_page(0, page_of(1, 52));
	expect_page(8, 50, false);
	fetch(7);
	expect_page(8, 50, false);
	RUN(0, "Ann", .op = CHAT_OP_send, .data = SPAN("51"));
	commit(51);
	hush();
	fetch(8);
	expect_page(9, 51, false);
	for (uint64_t seq = 52; seq <= 53; seq++) {
		RUN(0, "Ann", .op = CHAT_OP_send, .data = SPAN("52"));
		commit(seq);
	}
	hush();
	fetch(8);
	expect_page(9, 52, true);
	cr_assert_eq(counter_read(&counters, COUNTER_store_reads), 1);
}

Test(home_reading, a_kept_page_keeps_no_room_alive)
{
	joined(1, 50);
	run(0, SPAN("Ann"), (struct chat_command){ .op = (enum chat_op)MAIL_OP_FETCH, .seq = 7 });
	answer_page(0, page_of(1, 50));
	cr_assert_gt(home->kept_bytes, 0);
	run_as(0, SPAN("Ann"), CHAT_OP_leave, &(struct chat_command){ .op = CHAT_OP_leave, .room = SPAN("room") },
	       true);
	cr_assert_null(the_room());
	cr_assert(home->kept_bytes == 0 && home->kept_oldest == 0);
	hush();
}

Test(home_reading, pages_are_kept_up_to_a_bound)
{
	joined(1, 50);
	join(1, SPAN("Bob"));
	const struct room_disk *disk = room_disk(home, the_room());
	struct store_page *page = page_of(1, 50);
	const size_t spare = KEPT_BYTES_MAX - page->size;

	block_give(page, page->size);
	fetch(7);
	answer_page(0, page_with(1, 50, spare));
	cr_assert(disk->kept && home->kept_bytes == KEPT_BYTES_MAX);
	now_ms += KEPT_MS;
	fetch(7);
	answer_page(0, page_with(1, 50, spare + 1));
	cr_assert(!disk->kept && home->kept_bytes == 0);
	expect_page(8, 50, false);
	expect_page(8, 50, false);
}

Test(home_reading, the_pages_of_several_rooms_are_dropped_each_in_its_time)
{
	static const struct span rooms[] = { SPAN("room"), SPAN("b"), SPAN("c") };
	uint64_t bytes = 0;

	for (int i = 0; i < 3; i++) {
		RUN(1, "Bob", .op = CHAT_OP_join, .room = rooms[i]);
		answer_load(1, 50, 41);
		run(1, SPAN("Bob"),
		    (struct chat_command){ .op = (enum chat_op)MAIL_OP_FETCH, .room = rooms[i], .seq = 7 });
		answer_page(0, page_of(1, 50));
		bytes = home->kept_bytes / (uint64_t)(i + 1);
		now_ms += 100;
	}
	hush();
	/* The one in the middle goes first, by a deletion. */
	RUN(1, "Bob", .op = CHAT_OP_del, .room = rooms[1], .target = 9);
	commit(51);
	hush();
	cr_assert_eq(home->kept_bytes, 2 * bytes);
	now_ms += KEPT_MS - 300;
	home_tick(home, now_ms, wall_ms);
	cr_assert_eq(home->kept_bytes, bytes);
	run(1, SPAN("Bob"), (struct chat_command){ .op = (enum chat_op)MAIL_OP_FETCH, .room = rooms[2], .seq = 7 });
	expect_page(8, 50, false);
	now_ms += 200;
	home_tick(home, now_ms, wall_ms);
	cr_assert_eq(home->kept_bytes, 0);
}

Test(home_reading, a_fetch_that_begins_before_what_is_kept_goes_on_where_that_begins)
{
	joined(1, 50);
	run(0, SPAN("Ann"), (struct chat_command){ .op = (enum chat_op)MAIL_OP_FETCH, .seq = 7 });
	struct store_job *job = asked(STORE_READER, STORE_PAGE);

	job->first = 30;
	job->last = 50;
	answer(STORE_READER, job, STORE_GONE);
	job = asked(STORE_READER, STORE_PAGE);
	cr_assert_eq(job->seq_asked, 29);
	job->first = 30;
	job->last = 50;
	job->page = page_of(30, 50);
	answer(STORE_READER, job, STORE_OK);
	const struct mail_page *mail = (const struct mail_page *)next_mail(0);

	cr_assert(mail->after == 7 && mail->page.first == 30 && mail->page.event_count == 21);
}

Test(home_reading, a_fetch_from_a_damaged_room_goes_on_with_the_window)
{
	joined(1, 50);
	run(0, SPAN("Ann"), (struct chat_command){ .op = (enum chat_op)MAIL_OP_FETCH, .seq = 7 });
	for (int i = 0; i < 2; i++)
		answer(STORE_READER, asked(STORE_READER, STORE_PAGE), STORE_CORRUPT);
	const struct mail_page *mail = (const struct mail_page *)next_mail(0);

	cr_assert(mail->page.first == 41 && mail->page.events[0].seq == 41 && !mail->page.more);
}

Test(home_reading, a_fetch_waits_for_a_store_that_is_away_and_a_question_does_not)
{
	joined(1, 50);
	run(0, SPAN("Ann"), (struct chat_command){ .op = (enum chat_op)MAIL_OP_FETCH, .seq = 7 });
	RUN(0, "Ann", .op = CHAT_OP_history, .from = CHAT_PAGE_AFTER, .seq = 0, .limit = CHAT_PAGE_MAX);
	answer(STORE_READER, asked(STORE_READER, STORE_PAGE), STORE_UNAVAILABLE);
	expect_error(0, CHAT_ERR_unavailable);
	expect_silence();
	home_tick(home, now_ms, wall_ms);
	struct store_job *job = asked(STORE_READER, STORE_PAGE);

	job->first = 1;
	job->last = 50;
	job->page = page_of(1, 50);
	answer(STORE_READER, job, STORE_OK);
	cr_assert_eq(((const struct mail_page *)next_mail(0))->page.event_count, 43);
}

Test(home_reading, history_comes_from_the_window_where_that_suffices)
{
	joined(1, 50);
	RUN(0, "Ann", .op = CHAT_OP_history, .from = CHAT_PAGE_LATEST, .limit = 10);
	const struct chat_page *page = &expect_reply(0, CHAT_REPLY_HISTORY)->page;

	cr_assert(page->event_count == 10 && page->more && page->first == 1);
	RUN(0, "Ann", .op = CHAT_OP_history, .from = CHAT_PAGE_BEFORE, .seq = 45, .limit = 4);
	cr_assert_eq(expect_reply(0, CHAT_REPLY_HISTORY)->page.events[0].seq, 41);
	cr_assert(!is_asked(STORE_READER));
	RUN(0, "Ann", .op = CHAT_OP_history, .from = CHAT_PAGE_BEFORE, .seq = 45, .limit = 5);
	struct store_job *job = asked(STORE_READER, STORE_PAGE);

	cr_assert(job->from == CHAT_PAGE_BEFORE && job->seq_asked == 45 && job->limit == 5);
	job->first = 1;
	job->last = 50;
	job->page = page_of(40, 44);
	job->page->more = true;
	answer(STORE_READER, job, STORE_OK);
	page = &expect_reply(0, CHAT_REPLY_HISTORY)->page;
	cr_assert(page->event_count == 5 && page->more && page->class == CHAT_CLASS_DISK);
}

Test(home_reading, a_kept_page_is_given_back_when_the_core_ends)
{
	joined(1, 50);
	join(1, SPAN("Bob"));
	fetch(7);
	answer_page(0, page_of(1, 50));
	cr_assert_gt(home->kept_bytes, 0);
	hush();
}

/* Bob has gone on with what the window has. */
static void expect_the_window(void)
{
	const struct mail_page *mail = (const struct mail_page *)next_mail(1);

	cr_assert_not_null(mail);
	cr_assert(mail->mail.kind == MAIL_PAGE && mail->page.first == 41 && mail->page.events[0].seq == 41);
}

Test(home_reading, without_memory_a_fetch_goes_on_with_the_window_and_a_question_is_refused)
{
	joined(1, 50);
	join(1, SPAN("Bob"));
	for (uint32_t at = 1; at <= 2; at++) {
		refused_arm(REFUSED_malloc, at, 1, ENOMEM);
		fetch(7);
		cr_assert(refused_came());
		expect_the_window();
		refused_arm(REFUSED_malloc, at, 1, ENOMEM);
		RUN(0, "Ann", .op = CHAT_OP_history, .from = CHAT_PAGE_LATEST, .limit = 20);
		cr_assert(refused_came());
		expect_error(0, CHAT_ERR_unavailable);
	}
	cr_assert(!is_asked(STORE_READER));
}

Test(home_reading, a_page_that_there_is_no_job_for_is_asked_for_with_the_next_tick)
{
	joined(1, 50);
	join(1, SPAN("Bob"));
	port.jobs_max = 0;
	fetch(7);
	home_tick(home, now_ms, wall_ms);
	run_as(0, SPAN("Ann"), CHAT_OP_leave, &(struct chat_command){ .op = CHAT_OP_leave, .room = SPAN("room") },
	       true);
	run_as(1, SPAN("Bob"), CHAT_OP_leave, &(struct chat_command){ .op = CHAT_OP_leave, .room = SPAN("room") },
	       true);
	cr_assert_not_null(the_room(), "somebody waits for it");
	cr_assert(!is_asked(STORE_READER));
	port.jobs_max = 1000;
	home_tick(home, now_ms, wall_ms);
	hush();
	answer_page(0, page_of(1, 50));
	hush();
	cr_assert_null(the_room());
}

/* Damage, or less than was asked for, before the place; and then no memory to ask from there. */
Test(home_reading, a_page_that_does_not_get_there_and_no_memory)
{
	joined(1, 300);
	join(1, SPAN("Bob"));
	fetch(127);
	struct store_job *job = asked(STORE_READER, STORE_PAGE);

	job->first = 1;
	job->page = page_of(65, 100);
	refused_arm(REFUSED_malloc, 1, 1, ENOMEM);
	answer(STORE_READER, job, STORE_OK);
	cr_assert(refused_came());
	const struct mail_page *mail = (const struct mail_page *)next_mail(1);

	cr_assert(mail->page.first == 291 && mail->page.events[0].seq == 291);
}

/* While the page was read the window came to hold it. */
Test(home_reading, a_page_that_is_gone_may_be_in_the_window)
{
	joined(1, 50);
	join(1, SPAN("Bob"));
	fetch(7);
	struct store_job *job = asked(STORE_READER, STORE_PAGE);

	job->first = 45;
	answer(STORE_READER, job, STORE_GONE);
	expect_page(45, 50, false);
}

static struct store_job *ask_history(enum chat_page_from from, uint64_t seq, uint32_t limit)
{
	RUN(0, "Ann", .op = CHAT_OP_history, .from = from, .seq = seq, .limit = limit);
	return is_asked(STORE_READER) ? asked(STORE_READER, STORE_PAGE) : NULL;
}

Test(home_reading, history_after_a_seq_is_told_whether_there_is_more)
{
	static const uint64_t lasts[] = { 50, 30, 0 };

	joined(1, 50);
	for (size_t i = 0; i < 3; i++) {
		struct store_job *job = ask_history(CHAT_PAGE_AFTER, 20, 30);

		cr_assert_not_null(job);
		job->first = 1;
		job->last = 50;
		job->page = lasts[i] != 0 ? page_of(21, lasts[i]) : NULL;
		answer(STORE_READER, job, STORE_OK);
		const struct chat_page *page = &expect_reply(0, CHAT_REPLY_HISTORY)->page;

		cr_assert(page->event_count == (lasts[i] != 0 ? lasts[i] - 20 : 0) && page->more == (lasts[i] == 30));
		kept_expire(home);
		now_ms += KEPT_MS;
		home_tick(home, now_ms, wall_ms);
	}
	cr_assert_null(ask_history(CHAT_PAGE_AFTER, 40, 30), "41 is in the window");
	hush();
}

Test(home_reading, history_around_a_seq_comes_from_the_window_where_that_suffices)
{
	joined(1, 50);
	cr_assert_null(ask_history(CHAT_PAGE_AROUND, 45, 8));
	cr_assert_eq(expect_reply(0, CHAT_REPLY_HISTORY)->page.events[0].seq, 41);
	for (uint32_t i = 0; i < 2; i++) {
		struct store_job *job = ask_history(CHAT_PAGE_AROUND, i == 0 ? 44 : 41, 8);

		cr_assert_not_null(job);
		job->first = 1;
		job->last = 50;
		job->page = page_of(40, 47);
		answer(STORE_READER, job, STORE_OK);
		cr_assert_eq(expect_reply(0, CHAT_REPLY_HISTORY)->page.event_count, 8);
	}
	struct store_job *other = ask_history(CHAT_PAGE_BEFORE, 41, 8);

	cr_assert_not_null(other);
	answer(STORE_READER, other, STORE_UNAVAILABLE);
	expect_error(0, CHAT_ERR_unavailable);
}

/* What is before the end: the window has ten of it, and the store all. */
Test(home_reading, history_before_what_was_never_said_is_before_the_end)
{
	static const uint64_t seqs[] = { 51, 52, 1000000, UINT64_MAX };

	joined(1, 50);
	for (size_t i = 0; i < sizeof(seqs) / sizeof(seqs[0]); i++) {
		cr_assert_null(ask_history(CHAT_PAGE_BEFORE, seqs[i], 10));
		cr_assert_eq(expect_reply(0, CHAT_REPLY_HISTORY)->page.event_count, 10);
		cr_assert_null(ask_history(CHAT_PAGE_AROUND, seqs[i], 20));
		cr_assert_eq(expect_reply(0, CHAT_REPLY_HISTORY)->page.event_count, 10);
		for (int around = 0; around < 2; around++) {
			struct store_job *job =
				ask_history(around ? CHAT_PAGE_AROUND : CHAT_PAGE_BEFORE, seqs[i], around ? 22 : 11);

			cr_assert(job, "%d %zu", around, i);
			job->first = 1;
			job->last = 50;
			job->page = page_of(40, 50);
			answer(STORE_READER, job, STORE_OK);
			cr_assert_eq(expect_reply(0, CHAT_REPLY_HISTORY)->page.event_count, 11);
		}
	}
	cr_assert_null(ask_history(CHAT_PAGE_AFTER, 1000000, 10), "there is nothing, and nobody is asked");
	cr_assert_eq(expect_reply(0, CHAT_REPLY_HISTORY)->page.event_count, 0);
}

Test(home_reading, questions_of_other_lengths_do_not_share_a_read)
{
	joined(1, 50);
	struct store_job *jobs[] = { ask_history(CHAT_PAGE_BEFORE, 30, 4), ask_history(CHAT_PAGE_BEFORE, 30, 5),
				     ask_history(CHAT_PAGE_BEFORE, 31, 5), ask_history(CHAT_PAGE_LATEST, 31, 20) };

	cr_assert_null(ask_history(CHAT_PAGE_BEFORE, 30, 5), "this one does");
	for (size_t i = 0; i < 4; i++) {
		cr_assert_not_null(jobs[i]);
		answer(STORE_READER, jobs[i], STORE_OK);
	}
	for (size_t i = 0; i < 5; i++)
		cr_assert_eq(expect_reply(0, CHAT_REPLY_HISTORY)->page.event_count, 0);
}

Test(home_reading, those_who_wait_for_a_page_are_not_answered_into_a_flood)
{
	joined(1, 50);
	struct store_job *job = ask_history(CHAT_PAGE_BEFORE, 30, 4);

	job->page = page_of(26, 29);
	post.waiting_bytes_max = 2;
	post.unread_bytes = 2;
	answer(STORE_READER, job, STORE_OK);
	post.unread_bytes = 0;
	expect_error(0, CHAT_ERR_unavailable);
}

Test(home_reading, a_page_of_nothing_is_not_kept)
{
	joined(1, 50);
	struct store_job *job = ask_history(CHAT_PAGE_AFTER, 20, 20);

	job->first = 1;
	job->last = 50;
	job->page = page_of(21, 20);
	answer(STORE_READER, job, STORE_OK);
	cr_assert_eq(expect_reply(0, CHAT_REPLY_HISTORY)->page.event_count, 0);
	cr_assert_eq(home->kept_bytes, 0);
}
