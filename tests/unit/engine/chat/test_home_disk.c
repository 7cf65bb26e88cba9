/* Rooms of class disk, with a store that is played by the test: what is asked of it, and what its answers come to. */
#include <errno.h>

#include "tests/unit/engine/chat/disk_fixture.h"
#include "tests/unit/refused.h"

TestSuite(home_disk, .init = disk_setup, .fini = disk_teardown);

Test(home_disk, a_join_waits_until_the_room_is_loaded)
{
	RUN(0, "Ann", .op = CHAT_OP_join, .limit = 5);
	RUN(1, "Bob", .op = CHAT_OP_join, .limit = 2);
	expect_silence();
	answer_load(3, 8, 3);

	const struct chat_reply *reply = expect_reply(0, CHAT_REPLY_JOIN);

	cr_assert(span_equal(reply->page.epoch, SPAN(EPOCH)));
	cr_assert_eq(reply->page.class, CHAT_CLASS_DISK);
	cr_assert_eq(reply->page.first, 3);
	cr_assert_eq(reply->page.last, 8);
	cr_assert_eq(reply->page.event_count, 5);
	cr_assert_eq(reply->page.events[0].seq, 4);
	cr_assert(reply->page.more, "3 is kept too");
	cr_assert_eq(expect_reply(1, CHAT_REPLY_JOIN)->page.event_count, 2);
	cr_assert(!is_asked(STORE_READER), "loaded once");
}

Test(home_disk, a_room_that_cannot_be_loaded_is_refused_and_asked_for_again)
{
	RUN(0, "Ann", .op = CHAT_OP_join, .limit = 5);
	answer(STORE_READER, asked(STORE_READER, STORE_LOAD), STORE_UNAVAILABLE);
	expect_error(0, CHAT_ERR_unavailable);
	RUN(0, "Ann", .op = CHAT_OP_join, .limit = 5);
	answer(STORE_READER, asked(STORE_READER, STORE_LOAD), STORE_CORRUPT);
	expect_error(0, CHAT_ERR_internal);
	cr_assert_null(the_room(), "forgotten");
}

Test(home_disk, a_loaded_window_with_a_hole_is_damage)
{
	struct store_job *job;

	RUN(0, "Ann", .op = CHAT_OP_join, .limit = 5);
	job = asked(STORE_READER, STORE_LOAD);
	job->known = true;
	job->first = 1;
	job->last = 9;
	memcpy(job->room_epoch, EPOCH, sizeof(EPOCH));
	job->page = page_of(5, 8);
	answer(STORE_READER, job, STORE_OK);
	expect_error(0, CHAT_ERR_internal);
	cr_assert_null(the_room());
}

Test(home_disk, a_message_is_told_and_acknowledged_once_it_is_kept)
{
	joined(1, 2);
	RUN(0, "Ann", .op = CHAT_OP_send, .producer = SPAN("p"), .number = 4, .data = SPAN("\"hi\""));
	expect_silence();

	struct store_job *job = asked(STORE_WRITER, STORE_APPEND);

	cr_assert(span_equal(job->room, SPAN("room")));
	cr_assert(span_equal(job->epoch, SPAN(EPOCH)));
	cr_assert_eq(job->retention.messages, 500);
	cr_assert_eq(job->now_ms, wall_ms);
	cr_assert(span_equal(job->event.producer, SPAN("p")) && job->event.number == 4);
	job->seq = 3;
	job->ts_ms = 77;
	job->first = 1;
	answer(STORE_WRITER, job, STORE_OK);

	const struct chat_event *event = expect_event(0, CHAT_EV_msg);

	cr_assert(event->seq == 3 && event->ts_ms == 77 && span_equal(event->data, SPAN("\"hi\"")));
	const struct chat_reply *ack = expect_reply(0, CHAT_REPLY_ACK);

	cr_assert(ack->page.last == 3 && ack->time_ms == 77 && !ack->duplicate);
	cr_assert_eq(ack->page.class, CHAT_CLASS_DISK);
	cr_assert_eq(the_room()->log.last, 3);
}

Test(home_disk, what_the_store_refuses_is_answered_and_nobody_hears_of_it)
{
	static const struct {
		enum store_status status;
		enum chat_error error;
	} cases[] = {
		{ STORE_GONE, CHAT_ERR_gone },         { STORE_FORBIDDEN, CHAT_ERR_forbidden },
		{ STORE_FULL, CHAT_ERR_storage_full }, { STORE_UNAVAILABLE, CHAT_ERR_unavailable },
		{ STORE_CORRUPT, CHAT_ERR_internal },
	};

	joined(1, 2);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		RUN(0, "Ann", .op = CHAT_OP_edit, .target = 2, .data = SPAN("1"));
		answer(STORE_WRITER, asked(STORE_WRITER, STORE_APPEND), cases[i].status);
		expect_error(0, cases[i].error);
		expect_silence();
	}
	cr_assert_eq(the_room()->log.last, 2);
}

Test(home_disk, a_duplicate_is_acknowledged_with_the_first_one)
{
	joined(1, 2);
	RUN(0, "Ann", .op = CHAT_OP_send, .producer = SPAN("p"), .number = 4, .data = SPAN("1"));
	struct store_job *job = asked(STORE_WRITER, STORE_APPEND);

	job->seq = 2;
	job->ts_ms = 5;
	answer(STORE_WRITER, job, STORE_DUPLICATE);
	const struct chat_reply *ack = expect_reply(0, CHAT_REPLY_ACK);

	cr_assert(ack->duplicate && ack->page.last == 2 && ack->time_ms == 5);
	expect_silence();
}

Test(home_disk, edits_and_deletions_change_the_window_when_they_are_kept)
{
	joined(1, 2);
	RUN(0, "Ann", .op = CHAT_OP_edit, .target = 2, .data = SPAN("\"new\""));
	struct store_job *job = asked(STORE_WRITER, STORE_APPEND);

	job->seq = 3;
	job->rev = 1;
	job->first = 1;
	answer(STORE_WRITER, job, STORE_OK);
	cr_assert_eq(expect_event(0, CHAT_EV_edit)->rev, 1);
	hush();
	RUN(0, "Ann", .op = CHAT_OP_del, .target = 2);
	commit(4);
	hush();
	RUN(0, "Ann", .op = CHAT_OP_history, .from = CHAT_PAGE_AFTER, .seq = 1, .limit = 10);
	const struct chat_page *page = &expect_reply(0, CHAT_REPLY_HISTORY)->page;

	cr_assert_eq(page->event_count, 3);
	cr_assert(page->events[0].deleted && page->events[0].rev == 1);
	cr_assert_null(page->events[1].data.bytes, "the edit's data is gone too");
}

/* Ann deletes a message that has left the window; its edit has not. */
static void delete_of_old(void)
{
	struct store_job *job;

	joined(1, 50);
	RUN(0, "Ann", .op = CHAT_OP_edit, .target = 7, .data = SPAN("\"new\""));
	job = asked(STORE_WRITER, STORE_APPEND);
	job->seq = 51;
	job->rev = 1;
	job->first = 1;
	answer(STORE_WRITER, job, STORE_OK);
	hush();
	RUN(0, "Ann", .op = CHAT_OP_del, .target = 7);
}

Test(home_disk, a_deletion_takes_the_edits_of_a_message_that_left_the_window)
{
	delete_of_old();
	commit(52);
	hush();
	RUN(0, "Ann", .op = CHAT_OP_history, .from = CHAT_PAGE_AFTER, .seq = 50, .limit = 10);
	const struct chat_page *page = &expect_reply(0, CHAT_REPLY_HISTORY)->page;

	cr_assert_eq(page->event_count, 2);
	cr_assert_null(page->events[0].data.bytes);
}

Test(home_disk, a_page_that_was_read_before_a_deletion_is_for_those_alone_who_asked_before)
{
	struct store_job *before, *after;

	delete_of_old();
	run(0, SPAN("Ann"), (struct chat_command){ .op = (enum chat_op)MAIL_OP_FETCH, .seq = 3 });
	before = asked(STORE_READER, STORE_PAGE);
	commit(52);
	hush();
	run(0, SPAN("Ann"), (struct chat_command){ .op = (enum chat_op)MAIL_OP_FETCH, .seq = 3 });
	after = asked(STORE_READER, STORE_PAGE);
	before->first = after->first = 1;
	before->page = page_of(1, 50);
	after->page = page_of(1, 40);
	answer(STORE_READER, before, STORE_OK);
	cr_assert_eq(((const struct mail_page *)next_mail(0))->page.event_count, 47);
	expect_silence();
	answer(STORE_READER, after, STORE_OK);
	cr_assert_eq(((const struct mail_page *)next_mail(0))->page.event_count, 37);
}

Test(home_disk, a_resume_behind_the_window_is_caught_up_from_the_store)
{
	joined(1, 50);
	RUN(1, "Bob", .op = CHAT_OP_join, .has_since = true, .epoch = SPAN(EPOCH), .since_seq = 7);
	(void)expect_event(0, CHAT_EV_in);
	const struct chat_reply *reply = expect_reply(1, CHAT_REPLY_JOIN);

	cr_assert(reply->resume == CHAT_RESUME_OK && reply->page.more && reply->page.event_count == 0);
	cr_assert_eq(((const struct mail_reply *)((const uint8_t *)reply - offsetof(struct mail_reply, reply)))->after,
		     7);
	run(1, SPAN("Bob"), (struct chat_command){ .op = (enum chat_op)MAIL_OP_FETCH, .seq = 7 });
	struct store_job *job = asked(STORE_READER, STORE_PAGE);

	cr_assert(job->from == CHAT_PAGE_AFTER && job->seq_asked == 0 && job->limit == CHAT_PAGE_MAX);
	/* Two more are committed, of which this core has heard of the first alone. */
	RUN(0, "Ann", .op = CHAT_OP_send, .data = SPAN("51"));
	commit(51);
	hush();
	job->first = 1;
	job->last = 52;
	job->page = page_of(1, 52);
	answer(STORE_READER, job, STORE_OK);
	const struct mail_page *mail = (const struct mail_page *)next_mail(1);

	cr_assert(mail && mail->mail.kind == MAIL_PAGE && mail->after == 7);
	cr_assert(mail->page.event_count == 44 && mail->page.events[43].seq == 51 && !mail->page.more);
	cr_assert_eq(mail->page.last, 51);
}

Test(home_disk, a_resume_that_the_store_no_longer_keeps_is_a_gap)
{
	joined(20, 50);
	RUN(1, "Bob", .op = CHAT_OP_join, .has_since = true, .epoch = SPAN(EPOCH), .since_seq = 18, .limit = 3);
	(void)expect_event(0, CHAT_EV_in);
	cr_assert_eq(expect_reply(1, CHAT_REPLY_JOIN)->resume, CHAT_RESUME_GAP);
	RUN(2, "Cid", .op = CHAT_OP_join, .has_since = true, .epoch = SPAN(EPOCH), .since_seq = 19, .limit = 3);
	hush();
	RUN(2, "Dot", .op = CHAT_OP_join, .has_since = true, .epoch = SPAN(EPOCH), .since_seq = 51);
	hush();
}

Test(home_disk, search_is_answered_by_the_store)
{
	joined(1, 50);
	RUN(0, "Ann", .op = CHAT_OP_search, .id = 70, .query = SPAN("red eggs"), .seq = 40, .limit = 3);
	struct store_job *job = asked(STORE_SEARCHER, STORE_SEARCH);

	cr_assert(span_equal(job->query, SPAN("red eggs")) && span_equal(job->room, SPAN("room")));
	cr_assert(job->seq_asked == 40 && job->limit == 3);
	job->page = page_of(30, 32);
	job->page->more = true;
	job->page->events[1].rev = 2;
	answer(STORE_SEARCHER, job, STORE_OK);
	const struct chat_reply *reply = expect_reply(0, CHAT_REPLY_SEARCH);

	cr_assert(reply->re == 70 && reply->page.event_count == 3 && reply->page.more);
	cr_assert(reply->page.events[2].seq == 32 && reply->page.events[1].rev == 2);
	cr_assert(span_equal(reply->page.epoch, SPAN(EPOCH)));
	RUN(0, "Ann", .op = CHAT_OP_search, .query = SPAN("nothing"), .limit = 3);
	answer(STORE_SEARCHER, asked(STORE_SEARCHER, STORE_SEARCH), STORE_OK);
	reply = expect_reply(0, CHAT_REPLY_SEARCH);
	cr_assert(reply->page.event_count == 0 && !reply->page.more);
	RUN(0, "Ann", .op = CHAT_OP_search, .query = SPAN("..."), .limit = 3);
	answer(STORE_SEARCHER, asked(STORE_SEARCHER, STORE_SEARCH), STORE_BAD_QUERY);
	expect_error(0, CHAT_ERR_bad_request);
}

Test(home_disk, search_is_for_members_and_not_of_rooms_in_memory)
{
	joined(1, 50);
	RUN(1, "Bob", .op = CHAT_OP_search, .query = SPAN("a"), .limit = 3);
	expect_error(1, CHAT_ERR_not_joined);
	cr_assert(!is_asked(STORE_SEARCHER));
	RUN(1, "Bob", .op = CHAT_OP_join, .room = SPAN("mem:a"), .limit = 5);
	hush();
	RUN(1, "Bob", .op = CHAT_OP_search, .room = SPAN("mem:a"), .query = SPAN("a"), .limit = 3);
	expect_error(1, CHAT_ERR_unsupported);
}

Test(home_disk, a_room_that_nobody_is_in_is_forgotten_once_nothing_is_out)
{
	joined(1, 50);
	RUN(0, "Ann", .op = CHAT_OP_send, .data = SPAN("51"));
	run_as(0, SPAN("Ann"), CHAT_OP_leave, &(struct chat_command){ .op = CHAT_OP_leave, .room = SPAN("room") },
	       true);
	cr_assert_not_null(the_room());
	commit(51);
	cr_assert_null(the_room());
	cr_assert_eq(expect_reply(0, CHAT_REPLY_ACK)->page.last, 51, "it is told all the same");
	RUN(0, "Ann", .op = CHAT_OP_join, .limit = 5);
	answer_new();
	hush();
}

Test(home_disk, what_the_store_drops_leaves_the_window)
{
	joined(1, 10);
	RUN(0, "Ann", .op = CHAT_OP_send, .data = SPAN("11"));
	struct store_job *job = asked(STORE_WRITER, STORE_APPEND);

	job->seq = 11;
	job->first = 9;
	answer(STORE_WRITER, job, STORE_OK);
	hush();
	RUN(0, "Ann", .op = CHAT_OP_history, .from = CHAT_PAGE_LATEST, .limit = 10);
	const struct chat_page *page = &expect_reply(0, CHAT_REPLY_HISTORY)->page;

	cr_assert(page->first == 9 && page->event_count == 3 && !page->more);
}

Test(home_disk, age_is_that_of_the_class)
{
	joined(1, 10);
	now_ms += 100000;
	home_tick(home, now_ms, wall_ms);
	RUN(0, "Ann", .op = CHAT_OP_history, .from = CHAT_PAGE_LATEST, .limit = 10);
	const struct chat_page *page = &expect_reply(0, CHAT_REPLY_HISTORY)->page;

	cr_assert(page->first == 11 && page->last == 10 && page->event_count == 0);
	cr_assert(!is_asked(STORE_READER));
}

Test(home_disk, a_room_of_which_nothing_is_kept_goes_on_where_it_stood)
{
	RUN(0, "Ann", .op = CHAT_OP_join, .limit = 5);
	answer_load(11, 10, 11);
	const struct chat_page *page = &expect_reply(0, CHAT_REPLY_JOIN)->page;

	cr_assert(page->first == 11 && page->last == 10 && page->event_count == 0 && !page->more);
	RUN(0, "Ann", .op = CHAT_OP_send, .data = SPAN("11"));
	commit(11);
	cr_assert_eq(expect_event(0, CHAT_EV_msg)->seq, 11);
	hush();
}

Test(home_disk, when_too_much_is_out_a_send_is_refused)
{
	joined(1, 2);
	port.jobs_max = 1;
	RUN(0, "Ann", .op = CHAT_OP_send, .data = SPAN("3"));
	expect_silence();
	RUN(0, "Ann", .op = CHAT_OP_send, .data = SPAN("4"));
	expect_error(0, CHAT_ERR_unavailable);
	RUN(1, "Bob", .op = CHAT_OP_join, .room = SPAN("other"));
	expect_error(1, CHAT_ERR_limit);
	commit(3);
	hush();
}

Test(home_disk, what_waits_when_the_core_ends_is_given_back)
{
	struct store_job *job;

	joined(1, 50);
	run(0, SPAN("Ann"), (struct chat_command){ .op = (enum chat_op)MAIL_OP_FETCH, .seq = 7 });
	RUN(1, "Bob", .op = CHAT_OP_join, .room = SPAN("other"));
	job = asked(STORE_READER, STORE_PAGE);
	store_job_give(job);
	job = asked(STORE_READER, STORE_LOAD);
	store_job_give(job);
}

/* Ann joins, and the store's answer to the load meets no memory for allocation number `at`. False: there were fewer. */
static bool load_without_memory(uint32_t at)
{
	static const uint8_t locked[] = { 1, 1, 0, 0, 0, 0, 0, 0 };

	RUN(0, "Ann", .op = CHAT_OP_join, .limit = 5);
	struct store_job *job = asked(STORE_READER, STORE_LOAD);

	job->known = true;
	job->first = 1;
	job->last = 3;
	memcpy(job->room_epoch, EPOCH, sizeof(EPOCH));
	job->page = page_of(1, 3);
	job->kept_state = block_take(sizeof(*job->kept_state) + sizeof(locked));
	*job->kept_state =
		(struct store_state){ .size = sizeof(*job->kept_state) + sizeof(locked), .count = sizeof(locked) };
	memcpy(job->kept_state->bytes, locked, sizeof(locked));
	refused_arm(REFUSED_malloc, at, 1, ENOMEM);
	answer(STORE_READER, job, STORE_OK);
	return refused_came();
}

/* It is not damage: the same may be loaded later. */
Test(home_disk, a_room_that_there_is_no_memory_for_is_not_taken_for_damaged)
{
	uint32_t refused = 0;

	for (uint32_t at = 1; load_without_memory(at); at++) {
		const struct chat_reply *reply = (const struct chat_reply *)next_mail(0);

		cr_assert_not_null(reply, "allocation %u", at);
		const struct mail_reply *mail = (const struct mail_reply *)reply;

		if (mail->reply.kind == CHAT_REPLY_ERROR && mail->reply.error == CHAT_ERR_unavailable) {
			cr_assert_null(the_room(), "allocation %u: forgotten", at);
			refused++;
		} else {
			cr_assert_neq(mail->reply.error, CHAT_ERR_internal, "allocation %u", at);
			RUN(0, "Ann", .op = CHAT_OP_leave);
		}
		hush();
	}
	cr_assert_geq(refused, 4, "%u", refused);
}

static void answer_load_of(const char *epoch, uint64_t first, uint64_t last)
{
	struct store_job *job = asked(STORE_READER, STORE_LOAD);

	job->known = true;
	job->first = first;
	job->last = last;
	snprintf(job->room_epoch, sizeof(job->room_epoch), "%s", epoch);
	answer(STORE_READER, job, STORE_OK);
}

Test(home_disk, a_room_that_stands_nowhere_is_damage)
{
	RUN(0, "Ann", .op = CHAT_OP_join, .limit = 5);
	answer_load_of("short", 1, 0);
	expect_error(0, CHAT_ERR_internal);
	RUN(0, "Ann", .op = CHAT_OP_join, .limit = 5);
	answer_load_of(EPOCH, 8, 6);
	expect_error(0, CHAT_ERR_internal);
	RUN(0, "Ann", .op = CHAT_OP_join, .limit = 5);
	answer_load_of(EPOCH, 7, 6);
	cr_assert_eq(expect_reply(0, CHAT_REPLY_JOIN)->page.last, 6);
}

/* What a core says of a connection that ended has no id, and is not answered. */
Test(home_disk, a_leave_that_nobody_waits_for_is_not_refused)
{
	const struct chat_command end = { .op = CHAT_OP_leave, .room = SPAN("room") };

	for (uint64_t id = 0; id < 2; id++) {
		struct chat_command leave = end;

		leave.id = id;
		RUN(0, "Ann", .op = CHAT_OP_join, .limit = 5);
		run_as(0, SPAN("Ann"), CHAT_OP_leave, &leave, true);
		answer(STORE_READER, asked(STORE_READER, STORE_LOAD), STORE_UNAVAILABLE);
		expect_error(0, CHAT_ERR_unavailable);
		if (id != 0)
			expect_error(0, CHAT_ERR_unavailable);
		expect_silence();
	}
}

Test(home_disk, what_may_wait_is_bounded)
{
	const uint64_t before = home->waiting_bytes;

	home->waiting_bytes += 32 << 20;
	RUN(0, "Ann", .op = CHAT_OP_join, .limit = 5);
	expect_error(0, CHAT_ERR_unavailable);
	home->waiting_bytes = before;
	answer_load(1, 2, 1);
	cr_assert_null(the_room(), "nobody is in it");
	expect_silence();
}

Test(home_disk, without_memory_what_is_asked_is_refused)
{
	joined(1, 50);
	refused_arm(REFUSED_malloc, 1, 1, ENOMEM);
	RUN(0, "Ann", .op = CHAT_OP_send, .data = SPAN("1"));
	cr_assert(refused_came());
	expect_error(0, CHAT_ERR_unavailable);
	refused_arm(REFUSED_malloc, 1, 1, ENOMEM);
	RUN(0, "Ann", .op = CHAT_OP_search, .query = SPAN("eggs"), .limit = 3);
	cr_assert(refused_came());
	expect_error(0, CHAT_ERR_unavailable);
	RUN(1, "Bob", .op = CHAT_OP_join, .room = SPAN("other"));
	refused_arm(REFUSED_malloc, 1, 1, ENOMEM);
	RUN(0, "Cid", .op = CHAT_OP_join, .room = SPAN("other"));
	cr_assert(refused_came());
	expect_error(0, CHAT_ERR_unavailable);
	answer_new();
	expect_reply(1, CHAT_REPLY_JOIN);
}

Test(home_disk, a_loaded_window_with_a_hole_in_it_is_damage_too)
{
	RUN(0, "Ann", .op = CHAT_OP_join, .limit = 5);
	struct store_job *job = asked(STORE_READER, STORE_LOAD);

	job->known = true;
	job->first = 1;
	job->last = 8;
	memcpy(job->room_epoch, EPOCH, sizeof(EPOCH));
	job->page = page_of(5, 8);
	job->page->events[2].seq = 17;
	answer(STORE_READER, job, STORE_OK);
	expect_error(0, CHAT_ERR_internal);
	cr_assert_null(the_room());
}

/* The window is empty then, and the store has it. */
Test(home_disk, what_is_kept_is_told_though_there_is_no_memory_for_it)
{
	joined(1, 5);
	RUN(0, "Ann", .op = CHAT_OP_send, .data = SPAN("6"));
	refused_arm(REFUSED_malloc, 1, 1, ENOMEM);
	commit(6);
	cr_assert(refused_came());
	cr_assert_eq(expect_event(0, CHAT_EV_msg)->seq, 6);
	cr_assert_eq(expect_reply(0, CHAT_REPLY_ACK)->page.last, 6);
	cr_assert(the_room()->log.count == 0 && the_room()->log.last == 6);
}

Test(home_disk, a_room_with_something_under_way_gives_no_way_to_a_new_one)
{
	const uint32_t most = home->rooms.item_max;

	joined(1, 5);
	RUN(0, "Ann", .op = CHAT_OP_send, .data = SPAN("6"));
	RUN(0, "Ann", .op = CHAT_OP_leave);
	RUN(0, "Bob", .op = CHAT_OP_join, .room = SPAN("mem:a"));
	RUN(0, "Bob", .op = CHAT_OP_send, .room = SPAN("mem:a"), .data = SPAN("1"));
	RUN(0, "Bob", .op = CHAT_OP_leave, .room = SPAN("mem:a"));
	home->rooms.item_max = 2;
	hush();
	RUN(0, "Bob", .op = CHAT_OP_join, .room = SPAN("mem:b"));
	expect_reply(0, CHAT_REPLY_JOIN);
	home->rooms.item_max = most;
	cr_assert_not_null(the_room());
	cr_assert_null(room_find(home, SPAN("mem:a"), directory_hash(&names, SPAN("mem:a"))));
	commit(6);
	cr_assert_null(the_room());
}
