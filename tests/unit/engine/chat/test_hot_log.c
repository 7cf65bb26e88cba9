/* Frames rendered once: who stands behind, what is kept for them, and what falls off. */
#include "tests/unit/engine/chat/hall_fixture.h"

#include <signal.h>

#include "engine/chat/room_class.h"

TestSuite(hot_log, .init = hall_setup);

Test(hot_log, gives_what_came_after_one_joined)
{
	static struct given given;
	struct cursor *ann = enter(1), *bob;

	say(100, true);
	say(100, true);
	bob = enter(2);
	say(100, true);
	hot_logs_settle(&hall);
	cr_assert(give(ann, 99, &given));
	expect_seqs(&given, 1, 3);
	cr_assert(give(bob, 99, &given));
	expect_seqs(&given, 3, 3);
	cr_assert(ann->state == CURSOR_LIVE && bob->state == CURSOR_LIVE);
	cr_assert_eq(segments.bytes_out, 0, "whoever keeps up costs nothing");
	gone(ann);
	gone(bob);
	hall_teardown();
}

Test(hot_log, settling_marks_each_owner_once)
{
	struct cursor *members[3] = { enter(1), enter(2), enter(3) };
	static struct given given;
	uint32_t owner, seen = 0;

	say(50, true);
	cr_assert_not(owner_next(&hall, &owner), "nobody before the turn is over");
	hot_logs_settle(&hall);
	say(50, false);
	hot_logs_settle(&hall);
	while (owner_next(&hall, &owner))
		seen += 1u << (4 * owner);
	cr_assert_eq(seen, 0x1110);
	for (int i = 0; i < 3; i++) {
		cr_assert_eq(hall.owners[i + 1].behind, cursor_index(&hall, members[i]));
		give(members[i], 99, &given);
		cr_assert(given.count == 1 && given.others == 1);
		gone(members[i]);
	}
	hall_teardown();
}

Test(hot_log, a_crowd_waits_by_itself_and_in_order)
{
	struct cursor *members[3] = { enter(1), enter(2), enter(3) };
	static struct given given;
	uint32_t owner;

	hall.limits.crowd_members = 4;
	say(50, true);
	hot_logs_settle(&hall);
	cr_assert_not(owner_next_crowd(&hall, &owner), "one fewer than a crowd");
	while (owner_next(&hall, &owner))
		give(members[owner - 1], 99, &given);
	hall.limits.crowd_members = 3;
	say(50, true);
	hot_logs_settle(&hall);
	owner_mark(&hall, 2);
	owner_mark_again(&hall, 3);
	cr_assert(owner_next(&hall, &owner) && owner == 2, "who is to be told something else need not wait for it");
	cr_assert_not(owner_next(&hall, &owner));
	for (uint32_t i = 0; i < 3; i++) {
		cr_assert(owner_next_crowd(&hall, &owner) && owner == 3 - i);
		if (i == 0)
			owner_mark_again(&hall, owner);
	}
	cr_assert(owner_next_crowd(&hall, &owner) && owner == 3, "behind the others");
	cr_assert_not(owner_next_crowd(&hall, &owner));
	for (int i = 0; i < 3; i++) {
		give(members[i], 99, &given);
		gone(members[i]);
	}
	hall_teardown();
}

Test(hot_log, goes_over_several_segments_without_a_break)
{
	static struct given given;
	struct cursor *ann = enter(1);

	for (int i = 0; i < 30; i++)
		say(300, true);
	hot_logs_settle(&hall);
	cr_assert_neq(hot()->first, hot()->last);
	give(ann, 99, &given);
	expect_seqs(&given, 1, 30);
	cr_assert_gt(given.ranges, 1);
	gone(ann);
	hall_teardown();
}

/* The first time it grows from small segments, then it knows; after quiet turns it begins small again. */
Test(hot_log, a_turn_like_the_last_one_is_one_piece)
{
	static struct given given;
	struct cursor *ann = enter(1);

	for (int turn = 0; turn < 3; turn++) {
		for (int i = 0; i < 16; i++)
			say(240, true);
		cr_assert_eq(hot()->first == hot()->last, turn > 0, "turn %d", turn);
		hot_logs_settle(&hall);
		give(ann, 99, &given);
		cr_assert_eq(hot()->bytes, 0);
	}
	for (int turn = 0; turn < 6; turn++) {
		say(240, true);
		hot_logs_settle(&hall);
		give(ann, 99, &given);
	}
	say(240, true);
	cr_assert_leq(hot()->first->capacity, 512);
	hot_logs_settle(&hall);
	give(ann, 99, &given);
	gone(ann);
	hall_teardown();
}

Test(hot_log, keeps_a_segment_for_whoever_stands_in_it_or_before)
{
	static struct given given;
	struct cursor *quick = enter(1), *slow = enter(2);

	for (int i = 0; i < 30; i++)
		say(300, true);
	hot_logs_settle(&hall);
	const uint64_t all = segments.bytes_out;

	give(quick, 99, &given);
	cr_assert_eq(segments.bytes_out, all);
	give(slow, 1, &given);
	cr_assert_lt(segments.bytes_out, all, "the first is passed by both");
	cr_assert_eq(hot()->first->readers, 1);
	gone(slow);
	cr_assert_eq(segments.bytes_out, 0);
	gone(quick);
	hall_teardown();
}

Test(hot_log, a_send_in_flight_holds_its_segment)
{
	struct cursor *ann = enter(1);
	struct cursor_range range;

	say(100, true);
	hot_logs_settle(&hall);
	cr_assert(cursor_next(&hall, ann, &range));
	segment_hold(range.segment);
	cursor_take(&hall, ann, &range);
	gone(ann);
	cr_assert_gt(segments.bytes_out, 0);
	cr_assert_eq(range.bytes[99], 1, "still as it was");
	segment_drop(&segments, range.segment);
	cr_assert_eq(segments.bytes_out, 0);
	hall_teardown();
}

/* One member before every frame, so also at every edge of a segment: who stands before the cut falls, nobody else. */
Test(hot_log, at_its_bound_all_stay_and_past_it_the_slowest_fall)
{
	struct cursor *members[OWNERS];
	uint32_t count = 0, fallen = 0, at_cut = 0;

	do {
		members[count] = enter(count);
		count++;
		say(500, true);
		hot_logs_settle(&hall);
	} while (hot()->bytes + 500 <= HOT_BYTES_MAX || hot()->last->capacity - hot()->last->used >= 500);
	cr_assert_leq(hot()->bytes, HOT_BYTES_MAX * 3 / 2, "past its bound by one segment at the most");
	cr_assert_eq(counter_read(&counters, COUNTER_fell_off), 0, "full is not over");
	say(500, true);
	cr_assert_leq(hot()->bytes - hot()->last->capacity + 500, HOT_BYTES_MAX / 4 * 3, "a quarter goes at once");
	for (uint32_t i = 0; i < count; i++) {
		at_cut += members[i]->position == hot()->first->start;
		cr_assert_eq(members[i]->seq, i, "it had what came before it");
		cr_assert_eq(members[i]->state == CURSOR_CATCHUP, members[i]->position < hot()->first->start);
		cr_assert_eq(members[i]->state == CURSOR_CATCHUP, members[i]->fell);
		fallen += members[i]->fell;
	}
	cr_assert_eq(at_cut, 1);
	cr_assert(fallen > 1 && fallen < count, "%u of %u fell", fallen, count);
	cr_assert_eq(counter_read(&counters, COUNTER_fell_off), fallen);
	for (uint32_t i = 0; i < count; i++)
		gone(members[i]);
	hall_teardown();
}

static struct cursor *enter_as(uint32_t owner, enum slow_policy slow)
{
	struct cursor *cursor = enter(owner);

	cursor->slow = slow;
	return cursor;
}

/* Each in its own way, and only who stood there: the others had no turn. */
Test(hot_log, who_does_not_take_what_is_there_is_late)
{
	static struct given given;
	struct cursor *slow[] = { enter_as(1, SLOW_CATCH_UP), enter_as(2, SLOW_LATEST), enter_as(3, SLOW_DISCONNECT) };
	struct cursor *quick[] = { enter_as(4, SLOW_LATEST), enter_as(5, SLOW_DISCONNECT) };

	say(500, true);
	hot_logs_settle(&hall);
	give(quick[0], 99, &given);
	give(quick[1], 99, &given);
	while (!quick[0]->fell)
		say(500, true);
	for (int i = 0; i < 3; i++) {
		cr_assert(slow[i]->fell && slow[i]->state == CURSOR_CATCHUP);
		cr_assert_eq(slow[i]->skips, slow[i]->slow == SLOW_LATEST);
		cr_assert_eq(hall.owners[slow[i]->owner].late, slow[i]->slow == SLOW_DISCONNECT);
	}
	for (int i = 0; i < 2; i++) {
		cr_assert(quick[i]->fell && !quick[i]->skips, "it had no turn to take anything");
		cr_assert_not(hall.owners[quick[i]->owner].late);
	}
	hot_logs_settle(&hall);
	cursor_join_live(&hall, slow[1], room_seq);
	cr_assert_not(slow[1]->skips);
	gone(slow[2]);
	cr_assert_not(hall.owners[3].late, "whoever is in no room is not late");
	gone(slow[0]);
	gone(slow[1]);
	gone(quick[0]);
	gone(quick[1]);
	hall_teardown();
}

/* It is late as long as it is in any room. */
Test(hot_log, one_that_is_late_in_a_room_is_so_until_it_is_in_none)
{
	struct cursor *slow = enter_as(1, SLOW_DISCONNECT), *quick = enter(2);
	struct cursor *elsewhere = cursor_open(&hall, 1, place, false, false);

	say(500, true);
	hot_logs_settle(&hall);
	while (!slow->fell)
		say(500, true);
	gone(slow);
	cr_assert(hall.owners[1].late);
	gone(elsewhere);
	cr_assert_not(hall.owners[1].late);
	gone(quick);
	hall_teardown();
}

/* Nobody's fault but ours. */
Test(hot_log, nobody_is_late_because_memory_ran_out)
{
	struct cursor *latest = enter_as(1, SLOW_LATEST), *ends = enter_as(2, SLOW_DISCONNECT);

	say(100, true);
	hot_logs_settle(&hall);
	hot_log_skip(&hall, hot(), ++room_seq);
	cr_assert(latest->fell && !latest->skips);
	cr_assert(ends->fell && !hall.owners[2].late);
	gone(latest);
	gone(ends);
	hall_teardown();
}

Test(hot_log, falls_before_being_marked_too)
{
	static struct given given;
	struct cursor *ann = enter(1);

	say(100, true);
	hot_logs_settle(&hall);
	give(ann, 99, &given);
	while (ann->state == CURSOR_LIVE)
		say(500, true);
	cr_assert_eq(ann->state, CURSOR_CATCHUP);
	cr_assert_eq(ann->seq, 1, "what it had when it was last marked");
	gone(ann);
	hall_teardown();
}

Test(hot_log, skipping_sends_everybody_to_the_rooms_log)
{
	static struct given given;
	struct cursor *live = enter(1), *behind = enter(2);

	say(100, true);
	hot_logs_settle(&hall);
	give(live, 99, &given);
	hot_log_skip(&hall, hot(), ++room_seq);
	cr_assert(live->state == CURSOR_CATCHUP && behind->state == CURSOR_CATCHUP);
	cr_assert_eq(live->seq, 1);
	cr_assert_eq(behind->seq, 0);
	cr_assert_eq(segments.bytes_out, 0);
	cursor_join_live(&hall, live, room_seq);
	say(100, true);
	cursor_unlist(&hall, live);
	hot_logs_settle(&hall);
	give(live, 99, &given);
	expect_seqs(&given, 3, 3);
	gone(live);
	gone(behind);
	hall_teardown();
}

Test(hot_log, an_event_that_is_told_at_most_once_may_be_skipped_alone)
{
	static struct given given;
	struct cursor *ann = enter(1);

	say(100, true);
	hot_log_skip(&hall, hot(), 0);
	say(100, true);
	hot_logs_settle(&hall);
	give(ann, 99, &given);
	expect_seqs(&given, 1, 2);
	gone(ann);
	hall_teardown();
}

Test(hot_log, without_a_segment_to_be_had_members_are_caught_up)
{
	struct cursor *ann;

	gone(enter(1));
	hall_teardown();
	hall_setup_of(HOT_BYTES_MAX, 2048);
	ann = enter(1);
	while (say(400, true))
		cr_assert_leq(segments.bytes_out, 2048);
	cr_assert_eq(ann->state, CURSOR_CATCHUP);
	cr_assert_eq(ann->seq, 0);
	gone(ann);
	hall_teardown();
}

Test(hot_log, the_kinds_of_rendering_are_apart)
{
	static struct given given;
	struct cursor *cursors[VARIANT_COUNT] = { enter(1) };

	for (uint32_t kind = 1; kind < VARIANT_COUNT; kind++) {
		cursors[kind] = cursor_open(&hall, 1 + kind, place, kind & 1, false);
		cr_assert_eq(cursor_attach(&hall, cursors[kind], kind & 2, 0, 0), 0);
		for (uint32_t other = 0; other < kind; other++)
			cr_assert_neq(cursors[kind]->hot, cursors[other]->hot);
		cr_assert_eq(hot_log_at(&hall, cursors[kind]->hot)->variant, variant_of(kind & 1, kind & 2));
	}
	cr_assert_eq(counter_read(&counters, COUNTER_hot_logs), VARIANT_COUNT);
	say(100, true);
	hot_logs_settle(&hall);
	for (uint32_t kind = 1; kind < VARIANT_COUNT; kind++)
		cr_assert_eq(cursors[kind]->state, CURSOR_LIVE);
	give(cursors[0], 99, &given);
	expect_seqs(&given, 1, 1);
	for (uint32_t kind = VARIANT_COUNT; kind-- > 0;) {
		gone(cursors[kind]);
		cr_assert_eq(counter_read(&counters, COUNTER_hot_logs), kind);
	}
	hall_teardown();
}

Test(hot_log, one_past_the_limit_of_hot_logs_is_refused)
{
	struct cursor *cursors[9];
	char name[] = "room0";

	for (int i = 0; i < 4; i++, name[4]++) {
		const struct span room = span_of(name, 5);
		const uint32_t other = directory_enter(&names, room, directory_hash(&names, room));

		for (int kind = 0; kind < 2; kind++) {
			cursors[2 * i + kind] = cursor_open(&hall, 1, other, kind, false);
			cr_assert_eq(cursor_attach(&hall, cursors[2 * i + kind], false, 0, 0), 0);
		}
	}
	cursors[8] = cursor_open(&hall, 2, place, false, false);
	cr_assert_lt(cursor_attach(&hall, cursors[8], false, 0, 0), 0);
	for (int i = 8; i >= 0; i--)
		gone(cursors[i]);
	hall_teardown();
}

Test(hot_log, a_hole_in_the_order_is_a_crash, .signal = SIGABRT)
{
	enter(1);
	room_seq++;
	say(100, true);
}
