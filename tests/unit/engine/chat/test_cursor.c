/* A member in a room: what it is given, around what it must not see, and where it goes on after falling off. */
#include "tests/unit/engine/chat/hall_fixture.h"

#include <errno.h>
#include <signal.h>

#include "engine/chat/room_class.h"
#include "engine/core/random.h"

TestSuite(cursor, .init = hall_setup);

Test(cursor, does_not_see_its_own_at_the_start_the_middle_and_the_end)
{
	static struct given given;

	for (uint32_t hidden = 0; hidden < 32; hidden++) {
		struct cursor *ann = enter(1), *bob = enter(2);
		const uint64_t before = room_seq;
		uint32_t wanted = 0;

		for (uint32_t i = 0; i < 5; i++) {
			if (hidden >> i & 1)
				say_hidden(60, ann);
			else
				say(60, true);
		}
		hot_logs_settle(&hall);
		give(ann, 99, &given);
		for (uint32_t i = 0; i < 5; i++)
			if (!(hidden >> i & 1))
				cr_assert_eq(given.seqs[wanted++], before + i + 1);
		cr_assert_eq(given.count, wanted, "hidden %x", hidden);
		cr_assert_eq(ann->state, CURSOR_LIVE);
		cr_assert_eq(hall.holes.used, 0, "a hole that was passed costs nothing");
		give(bob, 99, &given);
		expect_seqs(&given, before + 1, before + 5);
		gone(ann);
		gone(bob);
	}
	hall_teardown();
}

/* Segments hold one frame of 300 bytes or two: holes fall on their edges. */
Test(cursor, holes_over_several_segments)
{
	static struct given given;
	struct cursor *ann = enter(1);

	for (uint32_t i = 0; i < 40; i++) {
		if (i % 5 < 3)
			say_hidden(300, ann);
		else
			say(300, true);
	}
	hot_logs_settle(&hall);
	give(ann, 99, &given);
	cr_assert_eq(given.count, 16);
	for (uint32_t i = 0; i < 16; i++)
		cr_assert_eq(given.seqs[i], i / 2 * 5 + 4 + i % 2);
	gone(ann);
	hall_teardown();
}

/* A flight takes so many pieces and no more: one may stop between two holes of a segment, and fall there. */
Test(cursor, falls_where_it_stands_between_two_holes)
{
	static struct given given;
	struct cursor *ann = enter(1);

	say(60, true);
	say(60, true);
	say_hidden(60, ann);
	say(60, true);
	say_hidden(60, ann);
	hot_logs_settle(&hall);
	cr_assert_not(give(ann, 1, &given));
	expect_seqs(&given, 1, 2);
	cursor_fall(&hall, ann);
	cr_assert_eq(ann->seq, 2, "1 and 2 must not be given a second time");
	cr_assert_eq(hall.holes.used, 0);
	gone(ann);
	hall_teardown();
}

Test(cursor, falls_behind_a_hole_that_it_has_passed)
{
	static struct given given;
	struct cursor *ann = enter(1);
	struct cursor_range range;

	say(60, true);
	say_hidden(60, ann);
	say(60, true);
	hot_logs_settle(&hall);
	give(ann, 1, &given);
	cr_assert(cursor_next(&hall, ann, &range), "and the flight is full");
	cursor_fall(&hall, ann);
	cr_assert_eq(ann->seq, 2);
	gone(ann);
	hall_teardown();
}

Test(cursor, falls_with_what_it_was_caught_up_with)
{
	struct cursor *ann = enter(1);

	say(60, true);
	hot_log_skip(&hall, hot(), ++room_seq);
	cr_assert_eq(ann->seq, 0);
	cursor_unlist(&hall, ann);
	cursor_join_live(&hall, ann, 2);
	cursor_fall(&hall, ann);
	cr_assert_eq(ann->seq, 2, "fallen while live");
	cursor_unlist(&hall, ann);
	cursor_join_live(&hall, ann, 2);
	say(60, true);
	hot_logs_settle(&hall);
	cursor_fall(&hall, ann);
	cr_assert_eq(ann->seq, 2, "fallen while behind");
	gone(ann);
	hall_teardown();
}

Test(cursor, falls_before_all_holes_with_what_it_had)
{
	static struct given given;
	struct cursor *ann = enter(1);

	say(60, true);
	hot_logs_settle(&hall);
	give(ann, 9, &given);
	say_hidden(60, ann);
	say(60, true);
	hot_logs_settle(&hall);
	cursor_fall(&hall, ann);
	cr_assert_eq(ann->seq, 1);
	gone(ann);
	hall_teardown();
}

/* One that gets presence, and has everything up to now. */
static struct cursor *enter_told(uint32_t owner, bool compressed)
{
	place = directory_enter(&names, SPAN("room"), directory_hash(&names, SPAN("room")));

	struct cursor *cursor = cursor_open(&hall, owner, place, true, true);

	cr_assert_eq(cursor_attach(&hall, cursor, compressed, room_seq, room_seq), 0);
	hot_index = cursor->hot;
	return cursor;
}

static void end_presence(struct cursor *cursor, bool compressed, enum cursor_state state, uint64_t seq)
{
	cr_assert_eq(cursor_end_presence(&hall, cursor), 0);
	cr_assert_not(cursor->presence);
	cr_assert_eq(hot_log_at(&hall, cursor->hot)->variant, variant_of(false, compressed));
	cr_assert_eq(cursor->state, state);
	cr_assert_eq(cursor->listed, state == CURSOR_CATCHUP);
	cr_assert_eq(cursor->seq, seq);
	hot_index = cursor->hot;
}

Test(cursor, without_presence_it_goes_on_where_it_stood)
{
	static struct given given;

	for (uint32_t compressed = 0; compressed < 2; compressed++) {
		struct cursor *ann = enter_told(1, compressed), *bob = enter_told(2, compressed);

		say(60, true);
		hot_logs_settle(&hall);
		give(ann, 9, &given);
		say(60, false);
		end_presence(ann, compressed, CURSOR_LIVE, room_seq);
		hot_index = bob->hot;
		end_presence(bob, compressed, CURSOR_CATCHUP, room_seq - 1);
		cr_assert_eq(bob->hot, ann->hot);
		cr_assert_eq(counter_read(&counters, COUNTER_hot_logs), 1, "nobody is left in the other");
		say(60, true);
		hot_logs_settle(&hall);
		give(ann, 9, &given);
		expect_seqs(&given, room_seq, room_seq);
		cursor_unlist(&hall, bob);
		cursor_join_live(&hall, bob, room_seq);
		gone(ann);
		gone(bob);
	}
	hall_teardown();
}

Test(cursor, without_presence_it_is_caught_up_as_before)
{
	struct cursor *ann = enter_told(1, false);

	say_hidden(60, ann);
	say(60, true);
	hot_logs_settle(&hall);
	end_presence(ann, false, CURSOR_CATCHUP, 0);
	cr_assert_eq(hall.holes.used, 0);
	gone(ann);

	ann = enter_told(1, false);
	say(60, true);
	hot_logs_settle(&hall);
	cursor_fall(&hall, ann);
	end_presence(ann, false, CURSOR_CATCHUP, 2);
	gone(ann);

	ann = enter_told(1, false);
	cursor_fall(&hall, ann);
	cursor_unlist(&hall, ann);
	ann->state = CURSOR_FETCHING;
	say(60, true);
	end_presence(ann, false, CURSOR_FETCHING, 3);
	cursor_join_live(&hall, ann, 4);
	gone(ann);
	hall_teardown();
}

Test(cursor, without_a_hot_log_it_stays_as_it_is)
{
	struct cursor *ann = enter_told(1, false);
	char name[] = "other0";
	uint32_t filled = 0;
	struct cursor *others[8];

	for (; hall.hot_logs.used < hall.limits.hot_logs_max; filled++) {
		const struct span room = span_of(name, 6);

		others[filled] = cursor_open(&hall, 2, directory_enter(&names, room, directory_hash(&names, room)),
					     filled & 1, false);
		cr_assert_eq(cursor_attach(&hall, others[filled], false, 0, 0), 0);
		name[5] += filled & 1;
	}
	cr_assert_eq(cursor_end_presence(&hall, ann), -ENOMEM);
	cr_assert(ann->presence && ann->state == CURSOR_LIVE);
	while (filled > 0)
		gone(others[--filled]);
	gone(ann);
	hall_teardown();
}

Test(cursor, one_that_joins_further_back_is_caught_up_first)
{
	static struct given given;
	struct cursor *ann = enter(1), *bob;
	uint32_t owner;

	for (int i = 0; i < 5; i++)
		say(60, true);
	bob = cursor_open(&hall, 2, place, false, false);
	cr_assert_eq(cursor_attach(&hall, bob, false, 2, 5), 0);
	cr_assert(bob->state == CURSOR_CATCHUP && bob->seq == 2 && bob->listed);
	cr_assert(owner_next(&hall, &owner) && owner == 2);
	cr_assert_eq(hall.owners[2].behind, cursor_index(&hall, bob));
	bob->state = CURSOR_FETCHING;
	cursor_unlist(&hall, bob);
	say(60, true);
	hot_logs_settle(&hall);
	cr_assert_eq(bob->state, CURSOR_FETCHING, "what is live comes after what is old");
	cursor_join_live(&hall, bob, 6);
	say(60, true);
	hot_logs_settle(&hall);
	give(bob, 9, &given);
	expect_seqs(&given, 7, 7);
	give(ann, 9, &given);
	expect_seqs(&given, 1, 7);
	gone(ann);
	gone(bob);
	hall_teardown();
}

Test(cursor, going_live_where_the_room_is_not_is_a_crash, .signal = SIGABRT)
{
	struct cursor *ann;

	enter(2);
	say(60, true);
	ann = cursor_open(&hall, 1, place, false, false);
	cursor_attach(&hall, ann, false, 0, 1);
	say(60, true);
	cursor_join_live(&hall, ann, 1);
}

Test(cursor, is_found_by_its_room_and_by_its_number)
{
	struct cursor *ann = enter(1), *orphan;
	const uint32_t other = directory_enter(&names, SPAN("other"), directory_hash(&names, SPAN("other")));
	const uint32_t index = cursor_index(&hall, ann), stamp = ann->stamp;

	cr_assert_eq(cursor_find(&hall, 1, place), ann);
	cr_assert_null(cursor_find(&hall, 1, other));
	cr_assert_null(cursor_find(&hall, 2, place));
	cr_assert_eq(cursor_still(&hall, 1, index, stamp), ann);
	cr_assert_null(cursor_still(&hall, 1, index, stamp + 1));
	cr_assert_null(cursor_still(&hall, 2, index, stamp));
	orphan = cursor_open(&hall, 1, other, false, false);
	cr_assert_eq(hall.owners[1].count, 2);
	cr_assert_eq(cursor_find(&hall, 1, other), orphan);
	cursor_orphan(&hall, orphan);
	cr_assert_null(cursor_find(&hall, 1, other));
	cr_assert_eq(hall.owners[1].count, 1);
	cr_assert_eq(directory_at(&names, other)->members, 1, "until the home has answered");
	cr_assert(cursor_close(&hall, orphan), "the last here");
	cr_assert_eq(directory_find(&names, SPAN("other"), directory_hash(&names, SPAN("other"))), 0);
	gone(ann);
	ann = enter(1);
	cr_assert_eq(cursor_index(&hall, ann), index, "the slot is used again");
	cr_assert_null(cursor_still(&hall, 1, index, stamp), "and is another's");
	gone(ann);
	hall_teardown();
}

Test(cursor, says_who_was_the_last_of_the_room_here)
{
	struct cursor *ann = enter(1), *bob = enter(2);

	cr_assert_not(cursor_close(&hall, ann));
	cr_assert(cursor_close(&hall, bob));
	hall_teardown();
}

Test(cursor, those_behind_are_served_in_the_order_they_came)
{
	struct cursor *cursors[4];
	char name[] = "room0";
	uint32_t owner;

	for (int i = 0; i < 4; i++, name[4]++) {
		const struct span room = span_of(name, 5);

		cursors[i] = cursor_open(&hall, 1, directory_enter(&names, room, directory_hash(&names, room)), false,
					 false);
		cursor_attach(&hall, cursors[i], false, 0, 0);
	}
	cursor_list(&hall, cursors[2]);
	cursor_list(&hall, cursors[0]);
	cursor_list(&hall, cursors[3]);
	cursor_list(&hall, cursors[2]);
	cr_assert(owner_next(&hall, &owner) && owner == 1);
	cr_assert_not(owner_next(&hall, &owner));
	cr_assert_eq(hall.owners[1].behind, cursor_index(&hall, cursors[2]));
	cursor_unlist(&hall, cursors[0]);
	cr_assert_eq(cursors[2]->next_behind, cursor_index(&hall, cursors[3]));
	cursor_unlist(&hall, cursors[3]);
	cursor_list(&hall, cursors[1]);
	cr_assert_eq(cursors[2]->next_behind, cursor_index(&hall, cursors[1]));
	cursor_unlist(&hall, cursors[2]);
	cursor_list(&hall, cursors[2]);
	cr_assert_eq(hall.owners[1].behind, cursor_index(&hall, cursors[1]), "behind those who wait");
	for (int i = 0; i < 4; i++)
		gone(cursors[i]);
	cr_assert_eq(hall.owners[1].behind, 0);
	cr_assert_eq(hall.owners[1].behind_last, 0);
	directory_tidy(&names, place);
	hall_teardown();
}

Test(cursor, one_past_the_limit_is_refused)
{
	struct cursor *cursors[128];

	for (uint32_t i = 0; i < 128; i++)
		cursors[i] = enter(i % OWNERS);
	cr_assert_null(cursor_open(&hall, 1, place, false, false));
	for (uint32_t i = 0; i < 128; i++)
		gone(cursors[i]);
	hall_teardown();
}

/* Each room has a log for each way in which its frames are written. */
Test(cursor, a_room_without_a_place_for_its_frames_is_not_joined)
{
	static const struct span rooms[] = { SPAN("room"), SPAN("attic"), SPAN("brook") };
	struct cursor *cursors[9];

	for (uint32_t i = 0; i < 9; i++) {
		const uint32_t at = directory_enter(&names, rooms[i / 4], directory_hash(&names, rooms[i / 4]));

		cursors[i] = cursor_open(&hall, i, at, i & 1, false);
		cr_assert_eq(cursor_attach(&hall, cursors[i], i & 2, 0, 0), i < 8 ? 0 : -ENOMEM, "%u", i);
	}
	for (uint32_t i = 0; i < 9; i++)
		gone(cursors[i]);
	hall_teardown();
}

Test(cursor, who_is_late_is_served_as_the_room_says)
{
	static const enum slow_policy policies[] = { SLOW_CATCH_UP, SLOW_LATEST, SLOW_DISCONNECT };

	for (uint32_t i = 0; i < 3; i++) {
		struct cursor *cursor = enter(1);

		cursor_fall(&hall, cursor);
		cursor->slow = policies[i];
		cursor_late(&hall, cursor);
		cr_assert_eq(cursor->skips, policies[i] == SLOW_LATEST);
		cr_assert_eq(hall.owners[1].late, policies[i] == SLOW_DISCONNECT);
		gone(cursor);
		cr_assert(!hall.owners[1].late, "nothing is left to be late with");
	}
	hall_teardown();
}

/* Its own comes to a member that cannot be told what to leave out, and to one that is given pages. */
Test(cursor, what_is_not_to_be_seen_may_be)
{
	struct cursor *cursor = enter(1);
	const uint32_t most = hall.holes.item_max;
	struct given given;

	hall.holes.item_max = 0;
	say_hidden(100, cursor);
	hall.holes.item_max = most;
	hot_logs_settle(&hall);
	cr_assert(give(cursor, 10, &given));
	expect_seqs(&given, 1, 1);
	cursor_fall(&hall, cursor);
	say_hidden(100, cursor);
	cr_assert(cursor->holes == 0 && hall.holes.used == 0);
	gone(cursor);
	hall_teardown();
}

/* What a member must have been given, worked out slowly. */
static struct model {
	struct cursor *cursor;
	uint64_t has; /* everything up to it was given, or is its own */
	bool own[4096];
} model[6];

static void check_given(struct model *member, const struct given *given)
{
	for (uint32_t i = 0; i < given->count; i++) {
		do
			member->has++;
		while (member->own[member->has]);
		cr_assert_eq(given->seqs[i], member->has, "each once, in order");
	}
}

static void catch_up(struct model *member)
{
	struct cursor *cursor = member->cursor;

	cr_assert_leq(cursor->seq, room_seq);
	for (uint64_t seq = cursor->seq + 1; seq <= member->has; seq++)
		cr_assert(member->own[seq], "%llu would be given twice", (unsigned long long)seq);
	for (uint64_t seq = member->has + 1; seq <= cursor->seq; seq++)
		cr_assert(member->own[seq], "%llu would never be given", (unsigned long long)seq);
	member->has = room_seq;
	cursor_unlist(&hall, cursor);
	cursor_join_live(&hall, cursor, room_seq);
}

static void member_step(struct model *member, uint32_t owner, struct random *random)
{
	static struct given given;

	if (!member->cursor) {
		memset(member, 0, sizeof(*member));
		member->cursor = enter(owner);
		member->has = room_seq;
	} else if (member->cursor->state == CURSOR_CATCHUP) {
		catch_up(member);
	} else if (random_below(random, 40) == 0) {
		gone(member->cursor);
		member->cursor = NULL;
	} else {
		hot_logs_settle(&hall);
		give(member->cursor, (uint32_t)random_below(random, 4), &given);
		check_given(member, &given);
	}
}

static void speak(struct random *random)
{
	const uint32_t size = (uint32_t)(20 + random_below(random, random_below(random, 10) == 0 ? 3000 : 200));
	struct model *author = &model[random_below(random, 6)];

	if (random_below(random, 4) == 0) {
		say(size, false);
	} else if (author->cursor && random_below(random, 2)) {
		const bool will = author->cursor->state == CURSOR_LIVE || author->cursor->state == CURSOR_BEHIND;

		say_hidden(size, author->cursor);
		/* Where it falls by its own event, that comes with the page. */
		author->own[room_seq] = will && author->cursor->state != CURSOR_CATCHUP;
	} else {
		say(size, true);
	}
}

Test(cursor, everybody_is_given_everything_once_whatever_happens, .timeout = 60)
{
	struct random random;

	for (uint64_t seed = 0; seed < 60; seed++) {
		random_seed(&random, seed);
		room_seq = 0;
		for (int step = 0; step < 3000; step++) {
			bool somebody = false;

			for (int i = 0; i < 6; i++)
				somebody |= model[i].cursor != NULL;
			if (somebody && random_below(&random, 3) > 0) {
				speak(&random);
			} else {
				const uint32_t owner = (uint32_t)random_below(&random, 6);

				member_step(&model[owner], owner, &random);
			}
		}
		for (int i = 0; i < 6; i++)
			if (model[i].cursor) {
				gone(model[i].cursor);
				model[i].cursor = NULL;
			}
		cr_assert_eq(segments.bytes_out, 0);
		cr_assert_eq(hall.holes.used, 0);
	}
	hall_teardown();
}

Test(cursor, who_filled_a_send_is_not_first_in_the_next)
{
	const uint32_t other_place = directory_enter(&names, SPAN("b"), directory_hash(&names, SPAN("b")));
	struct cursor *first = enter(1);
	struct cursor *second = cursor_open(&hall, 1, other_place, false, true);
	struct owner *owner = &hall.owners[1];
	static struct given given;

	cr_assert_eq(cursor_attach(&hall, second, false, 0, 0), 0);
	say(60, true);
	hot_logs_settle(&hall);
	cr_assert_eq(owner->behind, cursor_index(&hall, first));
	cursor_last(&hall, first);
	cr_assert_eq(owner->behind, cursor_index(&hall, first), "alone it stays");
	cursor_list(&hall, second);
	cursor_last(&hall, first);
	cr_assert_eq(owner->behind, cursor_index(&hall, second));
	cr_assert_eq(owner->behind_last, cursor_index(&hall, first));
	cursor_last(&hall, first);
	cr_assert_eq(owner->behind_last, cursor_index(&hall, first));
	cursor_unlist(&hall, second);
	give(first, 99, &given);
	cr_assert_eq(owner->behind, 0);
	gone(second);
	gone(first);
	hall_teardown();
}
