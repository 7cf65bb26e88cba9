/* What rooms keep: each bound at itself and one past it, and what comes back after a restart. */
#include "tests/unit/engine/chat/home_fixture.h"

#include <errno.h>
#include <signal.h>

#include "tests/unit/refused.h"

TestSuite(home_rooms);

static struct home_limits limits;

static void open_with(uint32_t rooms_max, uint32_t members_max, uint32_t roster_max)
{
	limits = roomy;
	limits.rooms_max = rooms_max;
	limits.members_max = members_max;
	limits.roster_max = roster_max;
	home_setup_of(&limits);
}

static struct span room_of(uint32_t number)
{
	static char name[16];

	snprintf(name, sizeof(name), "room%u", number);
	return span_of(name, strlen(name));
}

static void join_room(uint32_t number, struct span user)
{
	run(0, user, (struct chat_command){ .op = CHAT_OP_join, .limit = 50, .room = room_of(number) });
}

static void leave_room(uint32_t number, struct span user, bool last)
{
	run_as(0, user, CHAT_OP_leave, &(struct chat_command){ .room = room_of(number) }, last);
	hush();
}

static void say_in(uint32_t number, struct span user, size_t size)
{
	static char text[20000];

	memset(text, '1', sizeof(text));
	hush();
	run(0, user, (struct chat_command){ .op = CHAT_OP_send, .room = room_of(number), .data = span_of(text, size) });
	cr_assert_eq(((const struct mail *)post_peek(&outbox[0]))->kind, MAIL_EVENT);
	hush();
}

static const struct room *find(uint32_t number)
{
	return room_find(home, room_of(number), directory_hash(&names, room_of(number)));
}

Test(home_rooms, one_member_past_the_limit_is_refused)
{
	open_with(10, 2, 10);
	join(0, SPAN("Ann"));
	join(0, SPAN("Ann"));
	RUN(0, "Bob", .op = CHAT_OP_join);
	expect_error(0, CHAT_ERR_limit);
	expect_silence();
	cr_assert(the_room()->connections == 2 && the_room()->users == 1);
	home_teardown();
}

Test(home_rooms, one_user_past_the_roster_is_refused_and_leaves_no_room)
{
	open_with(10, 10, 2);
	join_room(1, SPAN("Ann"));
	join_room(2, SPAN("Ann"));
	hush();
	join_room(3, SPAN("Ann"));
	expect_error(0, CHAT_ERR_limit);
	cr_assert_null(find(3));
	expect_silence();
	home_teardown();
}

Test(home_rooms, one_room_past_the_limit_is_refused_while_all_have_members)
{
	open_with(2, 10, 10);
	join_room(1, SPAN("Ann"));
	join_room(2, SPAN("Ann"));
	hush();
	say_in(1, SPAN("Ann"), 5);
	join_room(3, SPAN("Ann"));
	expect_error(0, CHAT_ERR_limit);
	cr_assert(find(1) && find(2) && !find(3));
	cr_assert_eq(find(1)->log.count, 1, "and nobody loses anything");
	home_teardown();
}

Test(home_rooms, a_new_room_makes_the_longest_silent_empty_one_give_way)
{
	open_with(3, 10, 10);
	for (uint32_t i = 1; i <= 3; i++) {
		join_room(i, SPAN("Ann"));
		hush();
		say_in(i, SPAN("Ann"), 5);
	}
	say_in(1, SPAN("Ann"), 5);
	leave_room(1, SPAN("Ann"), true);
	leave_room(2, SPAN("Ann"), true);
	cr_assert(find(1) && find(2), "kept for those who come back");
	join_room(4, SPAN("Bob"));
	expect_reply(0, CHAT_REPLY_JOIN);
	cr_assert(find(1) && !find(2) && find(3) && find(4));
	home_teardown();
}

/* Who was banned there would be let in again. */
Test(home_rooms, a_room_that_is_moderated_gives_no_way)
{
	open_with(3, 10, 10);
	rights_now |= CHAT_RIGHT_moderate;
	for (uint32_t i = 1; i <= 3; i++) {
		join_room(i, SPAN("Ann"));
		say_in(i, SPAN("Ann"), 5);
	}
	run(0, SPAN("Ann"),
	    (struct chat_command){
		    .op = CHAT_OP_mod, .act = CHAT_MOD_ban, .whom = SPAN("Eve"), .room = room_of(1), .id = 99 });
	say_in(2, SPAN("Ann"), 5);
	say_in(3, SPAN("Ann"), 5);
	for (uint32_t i = 1; i <= 3; i++)
		leave_room(i, SPAN("Ann"), true);
	join_room(4, SPAN("Bob"));
	expect_reply(0, CHAT_REPLY_JOIN);
	cr_assert(find(1) && !find(2) && find(3) && find(4));
	home_teardown();
}

/* Looking for one that may takes no longer the more rooms there are. */
Test(home_rooms, of_many_rooms_not_all_are_looked_at)
{
	open_with(66, 10, 100);
	for (uint32_t i = 1; i <= 66; i++) {
		join_room(i, SPAN("Ann"));
		say_in(i, SPAN("Ann"), 5);
	}
	leave_room(65, SPAN("Ann"), true);
	join_room(67, SPAN("Bob"));
	expect_error(0, CHAT_ERR_limit);
	leave_room(64, SPAN("Ann"), true);
	join_room(67, SPAN("Bob"));
	expect_reply(0, CHAT_REPLY_JOIN);
	cr_assert(!find(64) && find(65));
	home_teardown();
}

/* What somebody says who is no member is in a room for as long as it is said, however little is kept. */
Test(home_rooms, what_is_said_from_outside_may_be_too_much_to_keep)
{
	open_with(10, 10, 10);
	home->limits.history_bytes_all = 1;
	outside_now = true;
	RUN(0, "Ann", .op = CHAT_OP_send, .data = SPAN("1"));
	cr_assert_eq(expect_reply(0, CHAT_REPLY_ACK)->page.last, 1);
	cr_assert_null(the_room());
	outside_now = false;
	home_teardown();
}

Test(home_rooms, of_class_disk_without_a_store_are_in_memory)
{
	static const struct room_classes classes = { .classes = { { .disk = true } }, .count = 1 };

	limits = roomy;
	limits.classes = &classes;
	home_setup_of(&limits);
	join(0, SPAN("Ann"));
	cr_assert_eq(the_room()->disk, 0);
	cr_assert_eq(say(0, SPAN("Ann"), "1"), 1);
	home_teardown();
}

Test(home_rooms, without_memory_nothing_is_said_and_no_number_is_given)
{
	open_with(10, 10, 10);
	join(0, SPAN("Ann"));
	for (uint64_t n = 1; n <= 220; n++)
		for (uint32_t at = 1, came = 1; came; at++) {
			refused_arm(REFUSED_malloc, at, 1, ENOMEM);
			RUN(0, "Ann", .op = CHAT_OP_send, .data = SPAN("1"), .number = n,
			    .producer = n % 16 == 1 ? SPAN_NONE : SPAN("p"));
			came = refused_came();
			cr_assert_eq(the_room()->log.last, came ? n - 1 : n, "%u", at);
			if (came)
				expect_error(0, CHAT_ERR_unavailable);
			hush();
		}
	cr_assert_eq(home->dedup.entries.used, 206);
	home_teardown();
}

/* Cids of one hash, by their number or by their producer. */
struct hashed {
	uint32_t hash, i;
};

static struct span producer_of(uint32_t i, bool by_number)
{
	static char name[16];

	snprintf(name, sizeof(name), "p%u", by_number ? 0 : i);
	return span_of(name, strlen(name));
}

static int by_hash(const void *left, const void *right)
{
	const struct hashed *a = left, *b = right;

	return (a->hash > b->hash) - (a->hash < b->hash);
}

static const struct hashed *find_alike(bool by_number)
{
	static struct hashed all[400000];

	for (uint32_t i = 0; i < 400000; i++) {
		const struct dedup_cid cid = { room_index(home, the_room()), SPAN("Ann"), producer_of(i, by_number),
					       by_number ? i + 1 : 1 };

		all[i] = (struct hashed){ dedup_probe(&home->dedup, &cid).hash, i };
	}
	qsort(all, 400000, sizeof(all[0]), by_hash);
	for (uint32_t i = 1; i < 400000; i++)
		if (all[i].hash == all[i - 1].hash)
			return &all[i - 1];
	cr_assert_fail("no two of 400,000");
	return NULL;
}

Test(home_rooms, cids_of_one_hash_are_told_apart)
{
	open_with(10, 10, 10);
	join(0, SPAN("Ann"));
	for (int by_number = 0; by_number < 2; by_number++) {
		const struct hashed *alike = find_alike(by_number);

		for (uint32_t i = 0; i < 4; i++) {
			const uint32_t number = alike[i % 2].i;

			RUN(0, "Ann", .op = CHAT_OP_send, .data = SPAN("1"), .producer = producer_of(number, by_number),
			    .number = by_number ? number + 1 : 1);
			if (i < 2)
				expect_event(0, CHAT_EV_msg);
			const struct chat_reply *reply = expect_reply(0, CHAT_REPLY_ACK);

			cr_assert_eq(reply->duplicate, i >= 2);
			cr_assert_eq(reply->page.last, 2u * (unsigned)by_number + i % 2 + 1);
		}
	}
	home_teardown();
}

Test(home_rooms, keeps_so_many_messages_and_not_one_more)
{
	open_with(10, 10, 10);
	home->limits.history_messages = 5;
	join(0, SPAN("Ann"));
	for (uint64_t i = 1; i <= 12; i++) {
		say(0, SPAN("Ann"), "1");
		cr_assert_eq(the_room()->log.count, i < 5 ? i : 5);
	}
	RUN(0, "Ann", .op = CHAT_OP_edit, .target = 7, .data = SPAN("1"));
	expect_error(0, CHAT_ERR_gone);
	RUN(0, "Ann", .op = CHAT_OP_edit, .target = 8, .data = SPAN("1"));
	cr_assert_eq(expect_event(0, CHAT_EV_edit)->target, 8, "at the limit, which it leaves by its own edit");
	hush();
	RUN(0, "Ann", .op = CHAT_OP_history, .from = CHAT_PAGE_AFTER, .seq = 8, .limit = 50);
	cr_assert_eq(expect_reply(0, CHAT_REPLY_HISTORY)->page.event_count, 5);
	RUN(0, "Ann", .op = CHAT_OP_history, .from = CHAT_PAGE_AFTER, .seq = 7, .limit = 50);
	expect_error(0, CHAT_ERR_gone);
	home_teardown();
}

Test(home_rooms, keeping_none_still_delivers_and_counts)
{
	open_with(10, 10, 10);
	home->limits.history_messages = 0;
	join(0, SPAN("Ann"));
	cr_assert_eq(say(0, SPAN("Ann"), "1"), 1);
	cr_assert_eq(say(0, SPAN("Ann"), "1"), 2);
	cr_assert_eq(the_room()->log.count, 0);
	cr_assert_eq(counter_read(&counters, COUNTER_history_bytes), 0);
	home_teardown();
}

Test(home_rooms, keeps_so_many_bytes_and_not_one_more)
{
	open_with(10, 10, 10);
	home->limits.history_bytes = 3 * (sizeof(struct record) + strlen("Ann") + 100);
	join_room(1, SPAN("Ann"));
	hush();
	for (int i = 0; i < 3; i++)
		say_in(1, SPAN("Ann"), 100);
	cr_assert_eq(find(1)->log.count, 3);
	say_in(1, SPAN("Ann"), 100);
	cr_assert_eq(find(1)->log.count, 3);
	say_in(1, SPAN("Ann"), 101);
	cr_assert_eq(find(1)->log.count, 2);
	home_teardown();
}

Test(home_rooms, keeps_for_so_long_and_not_longer)
{
	open_with(10, 10, 10);
	join(0, SPAN("Ann"));
	say(0, SPAN("Ann"), "1");
	now_ms += 1000;
	say(0, SPAN("Ann"), "2");
	now_ms += limits.history_age_ms - 1001;
	wall_ms -= 1000000; /* ages do not follow a clock that jumps */
	home_tick(home, now_ms, wall_ms);
	cr_assert_eq(the_room()->log.count, 2);
	home_tick(home, now_ms + 1, wall_ms);
	cr_assert_eq(the_room()->log.count, 1);
	run_as(0, SPAN("Ann"), CHAT_OP_leave, &(struct chat_command){ .room = SPAN("room") }, true);
	hush();
	home_tick(home, now_ms + 1000, wall_ms);
	cr_assert_not_null(the_room());
	home_tick(home, now_ms + 1001, wall_ms);
	cr_assert_null(the_room(), "nobody is in and nothing is kept");
	cr_assert_eq(counter_read(&counters, COUNTER_history_bytes), 0);
	home_teardown();
}

Test(home_rooms, all_that_is_too_old_goes_at_one_tick)
{
	open_with(10, 10, 10);
	for (uint32_t room = 1; room <= 5; room++) {
		join_room(room, SPAN("Ann"));
		hush();
		say_in(room, SPAN("Ann"), 10);
		leave_room(room, SPAN("Ann"), true);
	}
	home_tick(home, now_ms + limits.history_age_ms, wall_ms);
	cr_assert_eq(counter_read(&counters, COUNTER_rooms), 0);
	home_teardown();
}

Test(home_rooms, over_the_cores_bytes_the_longest_silent_room_gives_way)
{
	const size_t one = sizeof(struct record) + strlen("Ann") + 100;

	open_with(10, 10, 10);
	home->limits.history_bytes_all = 6 * one;
	for (uint32_t room = 1; room <= 3; room++) {
		join_room(room, SPAN("Ann"));
		hush();
		say_in(room, SPAN("Ann"), 100);
		say_in(room, SPAN("Ann"), 100);
	}
	say_in(1, SPAN("Ann"), 100);
	cr_assert(find(1)->log.count == 3 && find(2)->log.count == 1 && find(3)->log.count == 2);
	say_in(1, SPAN("Ann"), 100);
	say_in(1, SPAN("Ann"), 100);
	cr_assert(find(1)->log.count == 5 && find(2)->log.count == 0 && find(3)->log.count == 1);
	leave_room(3, SPAN("Ann"), true);
	say_in(1, SPAN("Ann"), 100);
	cr_assert(find(1)->log.count == 6 && !find(3), "and goes with its last message");
	say_in(1, SPAN("Ann"), 100);
	cr_assert_eq(find(1)->log.count, 6, "at last the one that speaks");
	cr_assert_eq(home->history_bytes, 6 * one);
	home_teardown();
}

Test(home_rooms, a_cid_is_forgotten_with_its_event)
{
	open_with(10, 10, 10);
	home->limits.history_messages = 2;
	join(0, SPAN("Ann"));
	for (uint64_t number = 1; number <= 3; number++) {
		RUN(0, "Ann", .op = CHAT_OP_send, .data = SPAN("1"), .producer = SPAN("p"), .number = number);
		hush();
	}
	cr_assert_eq(home->dedup.entries.used, 2);
	RUN(0, "Ann", .op = CHAT_OP_send, .data = SPAN("1"), .producer = SPAN("p"), .number = 2);
	cr_assert(expect_reply(0, CHAT_REPLY_ACK)->duplicate);
	RUN(0, "Ann", .op = CHAT_OP_send, .data = SPAN("1"), .producer = SPAN("p"), .number = 1);
	expect_event(0, CHAT_EV_msg);
	cr_assert_eq(expect_reply(0, CHAT_REPLY_ACK)->page.last, 4);
	home_teardown();
}

/* What home_save() says, kept for home_restore(). */
static struct kept {
	char room[16], epoch[ROOM_EPOCH_SIZE];
	size_t room_size;
	struct record *record;
} kept[64];
static uint32_t kept_count, stop_after = UINT32_MAX;

static int keep(void *context, struct span room, struct span epoch, const struct chat_event *event)
{
	struct kept *at = &kept[kept_count];

	cr_assert_eq(context, kept);
	if (kept_count == stop_after)
		return -ENOSPC;
	cr_assert_eq(epoch.size, ROOM_EPOCH_SIZE);
	memcpy(at->room, room.bytes, room.size);
	memcpy(at->epoch, epoch.bytes, epoch.size);
	at->room_size = room.size;
	at->record = record_make(event);
	kept_count++;
	return 0;
}

static void put_back(uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		cr_assert_eq(home_restore(home, span_of(kept[i].room, kept[i].room_size),
					  span_of(kept[i].epoch, ROOM_EPOCH_SIZE), &kept[i].record->event, now_ms),
			     0);
}

static void forget_kept(void)
{
	while (kept_count > 0)
		record_give(kept[--kept_count].record);
}

Test(home_rooms, come_back_as_they_were_saved)
{
	char epoch[ROOM_EPOCH_SIZE];
	const struct chat_reply *reply;

	open_with(10, 10, 10);
	home->limits.history_messages = 4;
	for (uint32_t room = 1; room <= 2; room++) {
		join_room(room, SPAN("Ann"));
		hush();
		for (uint32_t i = 0; i < 3 * room; i++)
			say_in(room, SPAN("Ann"), 10 * room);
	}
	run(0, SPAN("Ann"),
	    (struct chat_command){
		    .op = CHAT_OP_send, .room = room_of(2), .data = SPAN("1"), .producer = SPAN("p"), .number = 9 });
	hush();
	memcpy(epoch, find(2)->epoch, sizeof(epoch));
	cr_assert_eq(home_save(home, keep, kept), 0);
	cr_assert_eq(kept_count, 3 + 4);
	home_close(home);
	directory_close(&names);
	cr_assert_eq(directory_open(&names, 1000, 5, 1), 0);
	home = home_open(&limits, &names, &post, &counters, 7, NULL);
	put_back(7);
	cr_assert_eq(counter_read(&counters, COUNTER_rooms) - 2, 2);
	run(0, SPAN("Bob"),
	    (struct chat_command){ .op = CHAT_OP_join,
				   .limit = 50,
				   .room = room_of(2),
				   .has_since = true,
				   .since_seq = 5,
				   .epoch = span_of(epoch, sizeof(epoch)) });
	reply = expect_reply(0, CHAT_REPLY_JOIN);
	cr_assert_eq(reply->resume, CHAT_RESUME_OK);
	cr_assert(reply->page.first == 4 && reply->page.last == 7 && reply->page.event_count == 2);
	cr_assert(span_equal(reply->page.events[0].from, SPAN("Ann")));
	join_room(2, SPAN("Ann"));
	hush();
	run(0, SPAN("Ann"),
	    (struct chat_command){
		    .op = CHAT_OP_send, .room = room_of(2), .data = SPAN("1"), .producer = SPAN("p"), .number = 9 });
	reply = expect_reply(0, CHAT_REPLY_ACK);
	cr_assert(reply->duplicate && reply->page.last == 7, "a retry over a restart");
	say_in(2, SPAN("Bob"), 1);
	cr_assert_eq(find(2)->log.last, 8);
	forget_kept();
	home_teardown();
}

Test(home_rooms, saving_ends_with_the_first_error)
{
	open_with(10, 10, 10);
	join(0, SPAN("Ann"));
	for (int i = 0; i < 5; i++)
		say(0, SPAN("Ann"), "1");
	stop_after = 3;
	cr_assert_eq(home_save(home, keep, kept), -ENOSPC);
	cr_assert_eq(kept_count, 3);
	forget_kept();
	home_teardown();
}

Test(home_rooms, a_log_with_a_hole_is_not_put_back)
{
	const struct span epoch = SPAN("abcdefghijkl");
	struct chat_event event = { .kind = CHAT_EV_msg, .from = SPAN("Ann"), .data = SPAN("1"), .seq = 5 };

	open_with(10, 10, 10);
	cr_assert_eq(home_restore(home, SPAN("room"), epoch, &event, now_ms), 0);
	cr_assert_lt(home_restore(home, SPAN("room"), epoch, &event, now_ms), 0, "twice");
	event.seq = 7;
	cr_assert_lt(home_restore(home, SPAN("room"), epoch, &event, now_ms), 0);
	event.seq = 6;
	cr_assert_eq(home_restore(home, SPAN("room"), epoch, &event, now_ms), 0);
	cr_assert(the_room()->log.count == 2 && the_room()->log.last == 6);
	cr_assert(span_equal(room_epoch(the_room()), epoch));
	home_teardown();
}

Test(home_rooms, an_epoch_of_another_size_makes_no_room)
{
	const struct chat_event event = { .kind = CHAT_EV_msg, .from = SPAN("Ann"), .data = SPAN("1"), .seq = 5 };

	open_with(10, 10, 10);
	cr_assert_lt(home_restore(home, SPAN("room"), SPAN("abc"), &event, now_ms), 0);
	cr_assert_null(the_room());
	cr_assert_eq(counter_read(&counters, COUNTER_rooms), 0);
	home_teardown();
}

static void restore(uint64_t seq, uint64_t age_ms)
{
	const struct chat_event event = { .kind = CHAT_EV_msg, .seq = seq, .from = SPAN("Ann"), .data = SPAN("1") };

	cr_assert_eq(home_restore(home, SPAN("room"), SPAN("abcdefghijkl"), &event, now_ms - age_ms), 0);
}

/* The machine has just been started; and a clock that was wrong had said that an older message is younger. */
Test(home_rooms, what_is_older_than_the_clock_gets_too_old)
{
	open_with(10, 10, 10);
	now_ms = 60000;
	restore(1, 1800000);
	restore(2, 0);
	restore(3, 7200000);
	home_tick(home, 60000 + 1799999, wall_ms);
	cr_assert_eq(the_room()->log.count, 3);
	home_tick(home, 60000 + 1800000, wall_ms);
	cr_assert_eq(the_room()->log.count, 2);
	home_tick(home, 60000 + 3599999, wall_ms);
	cr_assert_eq(the_room()->log.count, 2);
	home_tick(home, 60000 + 3600000, wall_ms);
	cr_assert_null(the_room());
	home_teardown();
}
