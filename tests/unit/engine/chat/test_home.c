/* The judge of a room: who may what, in which order it is told, and to whom. */
#include "tests/unit/engine/chat/home_fixture.h"

TestSuite(home, .init = home_setup);

Test(home, a_join_makes_the_room_and_says_where_it_stands)
{
	const struct chat_reply *reply;

	RUN(1, "Ann", .op = CHAT_OP_join, .limit = 50, .id = 5);
	cr_assert_null(next_mail(0));
	reply = expect_reply(1, CHAT_REPLY_JOIN);
	cr_assert(reply->re == 5 && reply->count == 1 && reply->read == 0 && !reply->with_users);
	cr_assert(reply->resume == CHAT_RESUME_NOT_ASKED && reply->rights == CHAT_RIGHTS_MEMBER);
	cr_assert(span_equal(reply->page.room, SPAN("room")));
	cr_assert(reply->page.first == 1 && reply->page.last == 0 && reply->page.event_count == 0 && !reply->page.more);
	cr_assert_eq(reply->page.epoch.size, ROOM_EPOCH_SIZE);
	for (size_t i = 0; i < ROOM_EPOCH_SIZE; i++)
		cr_assert_not_null(strchr("abcdefghijklmnopqrstuvwxyz0123456789", reply->page.epoch.bytes[i]));
	expect_silence();
	home_teardown();
}

Test(home, an_answer_names_who_asked)
{
	const struct mail_origin want = origin_of(2);
	const struct mail_reply *mail;

	RUN(2, "Ann", .op = CHAT_OP_join);
	mail = (const struct mail_reply *)next_mail(2);
	cr_assert_eq(memcmp(&mail->origin, &want, sizeof(want)), 0);
	cr_assert(span_equal(mail->user, SPAN("Ann")));
	cr_assert_eq(mail->op, CHAT_OP_join);
	home_teardown();
}

Test(home, comings_and_goings_are_told_to_cores_with_members_alone)
{
	const struct chat_event *event;

	join(1, SPAN("Ann"));
	RUN(2, "Bob", .op = CHAT_OP_join);
	event = expect_event(1, CHAT_EV_in);
	cr_assert(span_equal(event->from, SPAN("Bob")) && event->count == 2);
	expect_reply(2, CHAT_REPLY_JOIN);
	expect_silence();
	RUN(2, "Bob", .op = CHAT_OP_join);
	expect_reply(2, CHAT_REPLY_JOIN);
	cr_assert_null(next_mail(1), "a second connection is not a second Bob");
	RUN(2, "Bob", .op = CHAT_OP_leave);
	expect_reply(2, CHAT_REPLY_EMPTY);
	cr_assert_null(next_mail(1));
	run_as(2, SPAN("Bob"), CHAT_OP_leave, &(struct chat_command){ .room = SPAN("room") }, true);
	event = expect_event(1, CHAT_EV_out);
	cr_assert(span_equal(event->from, SPAN("Bob")) && event->count == 1);
	expect_silence();
	RUN(1, "Ann", .op = CHAT_OP_presence);
	cr_assert_eq(expect_reply(1, CHAT_REPLY_PRESENCE)->user_count, 1);
	home_teardown();
}

Test(home, the_last_to_leave_takes_an_empty_room_along)
{
	const uint64_t before = block_bytes_out();

	join(0, SPAN("Ann"));
	cr_assert_not_null(the_room());
	run_as(0, SPAN("Ann"), CHAT_OP_leave, &(struct chat_command){ .room = SPAN("room") }, true);
	cr_assert_null(the_room());
	cr_assert_eq(block_bytes_out(), before);
	cr_assert_eq(counter_read(&counters, COUNTER_rooms), 0);
	expect_silence();
	home_teardown();
}

Test(home, whoever_is_not_in_is_told_so_for_every_op)
{
	join(1, SPAN("Ann"));
	for (int op = 0; op < CHAT_OP_COUNT; op++) {
		if (op == CHAT_OP_join || op == CHAT_OP_hello || op == CHAT_OP_ping || op == CHAT_OP_pong)
			continue;
		run(0, SPAN("Eve"), (struct chat_command){ .op = op, .data = SPAN("1"), .key = SPAN("k") });
		expect_error(0, CHAT_ERR_not_joined);
		run(0, SPAN("Eve"), (struct chat_command){ .op = op, .room = SPAN("nowhere") });
		expect_error(0, CHAT_ERR_not_joined);
	}
	run_as(0, SPAN("Eve"), CHAT_OP_leave, &(struct chat_command){ .room = SPAN("room") }, false);
	expect_silence();
	cr_assert_eq(the_room()->log.last, 0);
	home_teardown();
}

Test(home, a_message_is_told_once_to_each_core_and_acknowledged_to_one)
{
	const struct mail_origin want = origin_of(1);
	const struct chat_reply *ack;
	const struct chat_event *event;

	join(1, SPAN("Ann"));
	join(2, SPAN("Bob"));
	join(2, SPAN("Cat"));
	RUN(1, "Ann", .op = CHAT_OP_send, .data = SPAN("{\"a\":1}"), .producer = SPAN("p"), .number = 4, .id = 77);
	event = expect_event(1, CHAT_EV_msg);
	cr_assert_eq(memcmp(&((const struct mail_event *)((const uint8_t *)event - offsetof(struct mail_event, event)))
				     ->author,
			    &want, sizeof(want)),
		     0);
	ack = expect_reply(1, CHAT_REPLY_ACK);
	cr_assert(ack->re == 77 && ack->page.last == 1 && ack->time_ms == wall_ms && !ack->duplicate);
	cr_assert(span_equal(ack->page.epoch, room_epoch(the_room())));
	event = expect_event(2, CHAT_EV_msg);
	cr_assert(event->seq == 1 && event->ts_ms == wall_ms && event->number == 4);
	cr_assert(span_equal(event->from, SPAN("Ann")) && span_equal(event->producer, SPAN("p")));
	cr_assert(span_equal(event->data, SPAN("{\"a\":1}")) && span_equal(event->room, SPAN("room")));
	expect_silence();
	home_teardown();
}

Test(home, a_cid_makes_one_event_however_often_it_comes)
{
	const uint64_t first_ms = wall_ms;
	const struct chat_reply *ack;

	join(1, SPAN("Ann"));
	RUN(1, "Ann", .op = CHAT_OP_send, .data = SPAN("1"), .producer = SPAN("p"), .number = 1);
	hush();
	say(1, SPAN("Ann"), "2");
	wall_ms += 5000;
	RUN(1, "Ann", .op = CHAT_OP_send, .data = SPAN("other"), .producer = SPAN("p"), .number = 1);
	ack = expect_reply(1, CHAT_REPLY_ACK);
	cr_assert(ack->page.last == 1 && ack->time_ms == first_ms && ack->duplicate);
	expect_silence();
	RUN(1, "Ann", .op = CHAT_OP_send, .data = SPAN("1"), .producer = SPAN("p"), .number = 2);
	expect_event(1, CHAT_EV_msg);
	cr_assert_not(expect_reply(1, CHAT_REPLY_ACK)->duplicate);
	RUN(1, "Ann", .op = CHAT_OP_edit, .data = SPAN("1"), .target = 1, .producer = SPAN("p"), .number = 2);
	cr_assert(expect_reply(1, CHAT_REPLY_ACK)->duplicate, "of whatever op");
	cr_assert_eq(the_room()->log.last, 3);
	cr_assert_eq(counter_read(&counters, COUNTER_duplicates), 2);
	home_teardown();
}

Test(home, a_cid_is_its_authors)
{
	join(1, SPAN("Ann"));
	join(1, SPAN("Bob"));
	join(1, SPAN("guest-abcdefghij"));
	join(1, SPAN("guest-kmnpqrstuv"));
	RUN(1, "Ann", .op = CHAT_OP_send, .data = SPAN("1"));
	RUN(1, "Bob", .op = CHAT_OP_react, .target = 1, .key = SPAN("+"), .producer = SPAN("p"), .number = 2);
	hush();
	for (int i = 0; i < 2; i++) {
		RUN(1, "Ann", .op = CHAT_OP_send, .data = SPAN("2"), .producer = SPAN("p"), .number = 2);
		if (i == 0)
			expect_event(1, CHAT_EV_msg);
		const struct chat_reply *ack = expect_reply(1, CHAT_REPLY_ACK);

		cr_assert(ack->page.last == 3 && ack->duplicate == (i == 1));
		RUN(1, "Bob", .op = CHAT_OP_send, .data = SPAN("3"), .producer = SPAN("p"), .number = 2);
		ack = expect_reply(1, CHAT_REPLY_ACK);
		cr_assert(ack->page.last == 2 && ack->duplicate);
		expect_silence();
	}
	RUN(1, "guest-abcdefghij", .op = CHAT_OP_send, .data = SPAN("4"), .producer = SPAN("p"), .number = 2);
	expect_event(1, CHAT_EV_msg);
	cr_assert_not(expect_reply(1, CHAT_REPLY_ACK)->duplicate);
	RUN(1, "guest-kmnpqrstuv", .op = CHAT_OP_send, .data = SPAN("4"), .producer = SPAN("p"), .number = 2);
	cr_assert_eq(expect_reply(1, CHAT_REPLY_ACK)->page.last, 4, "given another name with another connection");
	expect_silence();
	home_teardown();
}

Test(home, only_authors_edit_and_revisions_count)
{
	join(1, SPAN("Ann"));
	join(1, SPAN("Bob"));
	say(1, SPAN("Ann"), "1");
	RUN(1, "Bob", .op = CHAT_OP_edit, .target = 1, .data = SPAN("x"));
	expect_error(1, CHAT_ERR_forbidden);
	for (uint32_t rev = 1; rev <= 3; rev++) {
		const struct chat_event *event;

		RUN(1, "Ann", .op = CHAT_OP_edit, .target = 1, .data = SPAN("x"));
		event = expect_event(1, CHAT_EV_edit);
		cr_assert(event->rev == rev && event->target == 1 && event->seq == 1 + rev);
		cr_assert_eq(expect_reply(1, CHAT_REPLY_ACK)->page.last, 1 + rev);
	}
	RUN(1, "Ann", .op = CHAT_OP_edit, .target = 2, .data = SPAN("x"));
	expect_error(1, CHAT_ERR_gone);
	RUN(1, "Ann", .op = CHAT_OP_edit, .target = 5, .data = SPAN("x"));
	expect_error(1, CHAT_ERR_gone);
	RUN(1, "Ann", .op = CHAT_OP_edit, .target = CHAT_INTEGER_MAX, .data = SPAN("x"));
	expect_error(1, CHAT_ERR_gone);
	expect_silence();
	cr_assert_eq(the_room()->log.last, 4);
	home_teardown();
}

Test(home, a_target_of_another_epoch_is_gone)
{
	const enum chat_op ops[] = { CHAT_OP_react, CHAT_OP_edit, CHAT_OP_del };

	join(1, SPAN("Ann"));
	say(1, SPAN("Ann"), "1");
	for (int op = 0; op < 3; op++) {
		RUN(1, "Ann", .op = ops[op], .target = 1, .epoch = SPAN("anotherepoch"), .data = SPAN("2"),
		    .key = SPAN("k"), .producer = SPAN("p"), .number = 1 + (uint64_t)op);
		expect_error(1, CHAT_ERR_gone);
		expect_silence();
		RUN(1, "Ann", .op = ops[op], .target = 1, .epoch = room_epoch(the_room()), .data = SPAN("2"),
		    .key = SPAN("k"), .producer = SPAN("p"), .number = 1 + (uint64_t)op);
		hush();
		cr_assert_eq(the_room()->log.last, 2 + (uint64_t)op);
	}
	home_teardown();
}

Test(home, a_deletion_takes_the_data_and_that_of_its_edits_and_no_other)
{
	const struct chat_page *page;

	join(1, SPAN("Ann"));
	join(1, SPAN("Bob"));
	say(1, SPAN("Ann"), "\"one\"");
	say(1, SPAN("Ann"), "\"two\"");
	RUN(1, "Ann", .op = CHAT_OP_edit, .target = 1, .data = SPAN("\"uno\""));
	RUN(1, "Ann", .op = CHAT_OP_edit, .target = 2, .data = SPAN("\"due\""));
	hush();
	RUN(1, "Bob", .op = CHAT_OP_del, .target = 1);
	expect_error(1, CHAT_ERR_forbidden);
	RUN(1, "Ann", .op = CHAT_OP_del, .target = 1);
	cr_assert_eq(expect_event(1, CHAT_EV_del)->target, 1);
	expect_reply(1, CHAT_REPLY_ACK);
	for (int op = 0; op < 3; op++) {
		const enum chat_op ops[] = { CHAT_OP_del, CHAT_OP_edit, CHAT_OP_react };

		RUN(1, "Ann", .op = ops[op], .target = 1, .data = SPAN("1"), .key = SPAN("k"));
		expect_error(1, CHAT_ERR_gone);
	}
	RUN(1, "Bob", .op = CHAT_OP_history, .limit = 50);
	page = &expect_reply(1, CHAT_REPLY_HISTORY)->page;
	cr_assert_eq(page->event_count, 5);
	cr_assert(page->events[0].deleted && !page->events[0].data.bytes);
	cr_assert(span_equal(page->events[1].data, SPAN("\"two\"")) && !page->events[1].deleted);
	cr_assert_null(page->events[2].data.bytes);
	cr_assert(span_equal(page->events[3].data, SPAN("\"due\"")));
	cr_assert_eq(counter_read(&counters, COUNTER_history_bytes), the_room()->log.bytes);
	home_teardown();
}

Test(home, every_member_may_react)
{
	const struct chat_event *event;

	join(1, SPAN("Ann"));
	join(1, SPAN("Bob"));
	say(1, SPAN("Ann"), "1");
	RUN(1, "Bob", .op = CHAT_OP_react, .target = 1, .key = SPAN("+1"), .on = true);
	event = expect_event(1, CHAT_EV_react);
	cr_assert(event->seq == 2 && event->target == 1 && event->on && span_equal(event->key, SPAN("+1")));
	cr_assert_eq(expect_reply(1, CHAT_REPLY_ACK)->page.last, 2);
	RUN(1, "Bob", .op = CHAT_OP_react, .target = 2, .key = SPAN("+1"), .on = true);
	expect_error(1, CHAT_ERR_gone);
	home_teardown();
}

Test(home, a_mark_only_rises_and_not_above_the_room)
{
	join(1, SPAN("Ann"));
	join(1, SPAN("Bob"));
	say(1, SPAN("Ann"), "1");
	say(1, SPAN("Ann"), "2");
	RUN(1, "Bob", .op = CHAT_OP_read, .seq = 1);
	cr_assert_eq(expect_event(1, CHAT_EV_read)->seq, 1);
	expect_reply(1, CHAT_REPLY_EMPTY);
	RUN(1, "Bob", .op = CHAT_OP_read, .seq = 1);
	expect_reply(1, CHAT_REPLY_EMPTY);
	RUN(1, "Bob", .op = CHAT_OP_read, .seq = 99);
	cr_assert_eq(expect_event(1, CHAT_EV_read)->seq, 2);
	expect_reply(1, CHAT_REPLY_EMPTY);
	RUN(1, "Bob", .op = CHAT_OP_read, .seq = 1);
	expect_reply(1, CHAT_REPLY_EMPTY);
	expect_silence();
	RUN(1, "Bob", .op = CHAT_OP_join);
	cr_assert_eq(expect_reply(1, CHAT_REPLY_JOIN)->read, 2, "the user's, on every connection");
	home_teardown();
}

Test(home, typing_is_passed_on_and_not_answered)
{
	const struct chat_event *event;

	join(1, SPAN("Ann"));
	join(2, SPAN("Bob"));
	RUN(1, "Ann", .op = CHAT_OP_typing);
	event = expect_event(2, CHAT_EV_typing);
	cr_assert(span_equal(event->from, SPAN("Ann")) && event->ttl_ms == 6000);
	expect_event(1, CHAT_EV_typing);
	expect_silence();
	home_teardown();
}

/* Another home, of rooms whose class has no presence and that keep three events. */
static void setup_quiet(void)
{
	static const struct room_classes classes = {
		.classes = { { .kept = { .messages = 3 } }, { .prefix = "loud", .presence = true } },
		.count = 2,
	};
	struct home_limits limits = roomy;

	limits.classes = &classes;
	home_teardown();
	home_setup_of(&limits);
}

Test(home, in_a_room_without_presence_nobody_is_told_who_comes_goes_types_and_reads)
{
	setup_quiet();
	join(1, SPAN("Ann"));
	RUN(2, "Bob", .op = CHAT_OP_join);
	expect_reply(2, CHAT_REPLY_JOIN);
	RUN(2, "Bob", .op = CHAT_OP_typing);
	expect_silence();
	say(1, SPAN("Ann"), "1");
	RUN(2, "Bob", .op = CHAT_OP_read, .seq = 1);
	expect_reply(2, CHAT_REPLY_EMPTY);
	expect_silence();
	RUN(0, "Bob", .op = CHAT_OP_join);
	cr_assert_eq(expect_reply(0, CHAT_REPLY_JOIN)->read, 1, "but the mark is kept");
	for (uint32_t core = 0; core <= 2; core += 2) {
		RUN(core, "Bob", .op = CHAT_OP_leave);
		expect_reply(core, CHAT_REPLY_EMPTY);
	}
	expect_silence();
	RUN(1, "Ann", .op = CHAT_OP_join, .room = SPAN("loud"));
	expect_reply(1, CHAT_REPLY_JOIN);
	RUN(2, "Bob", .op = CHAT_OP_join, .room = SPAN("loud"));
	expect_event(1, CHAT_EV_in);
	hush();
	home_teardown();
}

Test(home, a_room_keeps_what_its_class_says)
{
	setup_quiet();
	join(1, SPAN("Ann"));
	for (int i = 0; i < 3; i++)
		say(1, SPAN("Ann"), "x");
	cr_assert_eq(room_log_first(&the_room()->log), 1);
	say(1, SPAN("Ann"), "x");
	cr_assert_eq(room_log_first(&the_room()->log), 2);
	home_teardown();
}

static void crowd(uint32_t from, uint32_t to)
{
	char name[16];

	for (uint32_t i = from; i < to; i++) {
		snprintf(name, sizeof(name), "user%u", i);
		join(0, span_of(name, strlen(name)));
	}
}

Test(home, presence_lists_two_hundred_users_and_says_when_there_are_more)
{
	const struct chat_reply *reply;

	crowd(0, 200);
	join(0, SPAN("user7"));
	RUN(0, "user1", .op = CHAT_OP_presence);
	reply = expect_reply(0, CHAT_REPLY_PRESENCE);
	cr_assert(reply->count == 201 && reply->user_count == 200 && !reply->users_more);
	for (uint32_t i = 0; i < 200; i++)
		cr_assert_eq(reply->users[i].connections, span_equal(reply->users[i].id, SPAN("user7")) ? 2 : 1);
	crowd(200, 201);
	RUN(0, "user1", .op = CHAT_OP_presence);
	reply = expect_reply(0, CHAT_REPLY_PRESENCE);
	cr_assert(reply->count == 202 && reply->user_count == 200 && reply->users_more);
	RUN(0, "user1", .op = CHAT_OP_join, .presence = true);
	reply = expect_reply(0, CHAT_REPLY_JOIN);
	cr_assert(reply->with_users && reply->user_count == 200 && reply->users_more);
	home_teardown();
}

Test(home, above_two_hundred_connections_only_counts_are_told_and_once_a_second)
{
	crowd(0, 199);
	RUN(0, "Ann", .op = CHAT_OP_join);
	cr_assert_eq(expect_event(0, CHAT_EV_in)->count, 200);
	hush();
	now_ms = 60000;
	home_tick(home, now_ms, wall_ms);
	expect_silence();
	now_ms += 1;
	RUN(0, "Bob", .op = CHAT_OP_join);
	expect_reply(0, CHAT_REPLY_JOIN);
	RUN(0, "Bob", .op = CHAT_OP_typing);
	RUN(0, "Bob", .op = CHAT_OP_read, .seq = 1);
	expect_reply(0, CHAT_REPLY_EMPTY);
	crowd(200, 203);
	expect_silence();
	home_tick(home, 60999, wall_ms);
	expect_silence();
	home_tick(home, 61000, wall_ms);
	cr_assert_eq(expect_event(0, CHAT_EV_count)->count, 204);
	home_tick(home, 62000, wall_ms);
	expect_silence();
	home_teardown();
}

Test(home, a_crowd_that_leaves_before_its_count_is_told_leaves_nothing)
{
	char name[16];

	crowd(0, 201);
	for (uint32_t i = 0; i < 201; i++) {
		snprintf(name, sizeof(name), "user%u", i);
		run_as(0, span_of(name, strlen(name)), CHAT_OP_leave, &(struct chat_command){ .room = SPAN("room") },
		       i == 200);
	}
	hush();
	cr_assert_not_null(the_room(), "until its count was told");
	home_tick(home, 90000, wall_ms);
	cr_assert_null(the_room());
	cr_assert_eq(counter_read(&counters, COUNTER_rooms), 0);
	home_teardown();
}

/* Where a member that had a position goes on. The room keeps 11..20 of 20. */
static const struct resume_row {
	uint64_t since;
	bool same_epoch;
	enum chat_resume want;
	uint64_t first, last; /* events given */
} resume_rows[] = {
	{ 20, true, CHAT_RESUME_OK, 21, 20 },     { 19, true, CHAT_RESUME_OK, 20, 20 },
	{ 15, true, CHAT_RESUME_OK, 16, 20 },     { 10, true, CHAT_RESUME_OK, 11, 20 },
	{ 9, true, CHAT_RESUME_GAP, 17, 20 },     { 0, true, CHAT_RESUME_GAP, 17, 20 },
	{ 21, true, CHAT_RESUME_GAP, 17, 20 },    { CHAT_INTEGER_MAX, true, CHAT_RESUME_GAP, 17, 20 },
	{ 20, false, CHAT_RESUME_EPOCH, 17, 20 }, { 0, false, CHAT_RESUME_EPOCH, 17, 20 },
};

Test(home, a_resume_is_judged_by_epoch_and_position)
{
	struct home_limits limits = roomy;
	char epoch[ROOM_EPOCH_SIZE];

	limits.history_messages = 10;
	home_teardown();
	home_setup_of(&limits);
	join(0, SPAN("Ann"));
	for (int i = 0; i < 20; i++)
		say(0, SPAN("Ann"), "1");
	memcpy(epoch, the_room()->epoch, sizeof(epoch));
	for (size_t i = 0; i < sizeof(resume_rows) / sizeof(resume_rows[0]); i++) {
		const struct resume_row *row = &resume_rows[i];
		const struct chat_page *page;

		RUN(1, "Bob", .op = CHAT_OP_join, .limit = 4, .has_since = true, .since_seq = row->since,
		    .epoch = row->same_epoch ? span_of(epoch, sizeof(epoch)) : SPAN("another"));
		const struct chat_reply *reply = expect_reply(1, CHAT_REPLY_JOIN);

		cr_assert_eq(reply->resume, row->want, "row %zu", i);
		page = &reply->page;
		cr_assert(page->first == 11 && page->last == 20);
		cr_assert_eq(page->event_count, row->last + 1 - row->first, "row %zu: %u", i, page->event_count);
		for (uint32_t at = 0; at < page->event_count; at++)
			cr_assert_eq(page->events[at].seq, row->first + at);
		hush();
		run_as(1, SPAN("Bob"), CHAT_OP_leave, &(struct chat_command){ .room = SPAN("room") }, true);
		hush();
	}
	home_teardown();
}

Test(home, a_resume_of_more_than_a_page_is_fetched_in_pages)
{
	const struct mail_page *page;
	uint64_t has = 0;

	join(0, SPAN("Ann"));
	for (int i = 0; i < 450; i++)
		say(0, SPAN("Ann"), "1");
	do {
		run_as(0, SPAN("Ann"), MAIL_OP_FETCH, &(struct chat_command){ .room = SPAN("room"), .seq = has },
		       false);
		page = (const struct mail_page *)next_mail(0);
		cr_assert_eq(page->mail.kind, MAIL_PAGE);
		cr_assert_eq(page->after, has);
		cr_assert_leq(page->page.event_count, CHAT_PAGE_MAX);
		for (uint32_t i = 0; i < page->page.event_count; i++)
			cr_assert_eq(page->page.events[i].seq, ++has);
	} while (page->page.more);
	cr_assert_eq(has, 450);
	expect_silence();
	home_teardown();
}

/* A few bytes each, 64 KiB each in answer: many in one turn would be more memory than all else together. */
Test(home, makes_no_pages_while_too_much_waits)
{
	post.waiting_bytes_max = 100000;
	RUN(1, "Ann", .op = CHAT_OP_join);
	RUN(1, "Ann", .op = CHAT_OP_send, .data = SPAN("1"));
	hush();
	post.waiting_bytes = 50000;
	RUN(1, "Ann", .op = CHAT_OP_history, .limit = 50);
	expect_reply(1, CHAT_REPLY_HISTORY);
	post.waiting_bytes++;
	RUN(1, "Ann", .op = CHAT_OP_history, .limit = 50);
	expect_error(1, CHAT_ERR_unavailable);
	RUN(1, "Ann", .op = CHAT_OP_presence);
	expect_error(1, CHAT_ERR_unavailable);
	RUN(1, "Bob", .op = CHAT_OP_join);
	expect_error(1, CHAT_ERR_unavailable);
	RUN(1, "Ann", .op = CHAT_OP_send, .data = SPAN("2"));
	expect_event(1, CHAT_EV_msg);
	expect_reply(1, CHAT_REPLY_ACK);
	expect_silence();
	post.waiting_bytes = 0;
	RUN(1, "Ann", .op = CHAT_OP_history, .limit = 50);
	cr_assert_eq(expect_reply(1, CHAT_REPLY_HISTORY)->page.event_count, 2);
	home_teardown();
}

static void setup_traffic(void)
{
	struct home_limits limits = roomy;

	limits.traffic_kib_per_s = 40;
	home_teardown();
	home_setup_of(&limits);
}

/* 10 members and 864 bytes of data are 10 KiB. */
static void say_ten_kib(uint64_t id)
{
	static char data[864];

	memset(data, '1', sizeof(data));
	RUN(0, "m0", .op = CHAT_OP_send, .data = span_of(data, sizeof(data)), .id = id);
}

static uint32_t acks(void)
{
	const struct mail *mail;
	uint32_t count = 0;

	while ((mail = next_mail(0)) != NULL)
		count += mail->kind == MAIL_REPLY && ((const struct mail_reply *)mail)->reply.kind == CHAT_REPLY_ACK;
	return count;
}

Test(home, a_room_has_its_share_of_traffic_and_no_more)
{
	const struct chat_reply *reply;
	char name[8];

	setup_traffic();
	for (int i = 0; i < 10; i++)
		join(0, span_of(name, (size_t)snprintf(name, sizeof(name), "m%d", i)));
	say_ten_kib(1);
	cr_assert_eq(acks(), 1, "at once an eighth of a second's share, or one message");
	say_ten_kib(5);
	reply = expect_reply(0, CHAT_REPLY_ERROR);
	cr_assert_eq(reply->error, CHAT_ERR_rate_limited);
	cr_assert_eq(reply->retry_ms, 125, "10 KiB of 40 a second, less the 5 more that there were");
	now_ms += 124;
	say_ten_kib(6);
	expect_error(0, CHAT_ERR_rate_limited);
	now_ms += 1;
	say_ten_kib(7);
	cr_assert_eq(acks(), 1, "one passes as soon as there is anything, and is charged");
	now_ms += 249;
	say_ten_kib(8);
	expect_error(0, CHAT_ERR_rate_limited);
	now_ms += 1;
	say_ten_kib(9);
	cr_assert_eq(acks(), 1);
	RUN(0, "m0", .op = CHAT_OP_join, .room = SPAN("other"), .limit = 1);
	hush();
	RUN(0, "m0", .op = CHAT_OP_send, .room = SPAN("other"), .data = SPAN("1"));
	cr_assert_eq(acks(), 1, "other rooms have their own");
	home_teardown();
}
