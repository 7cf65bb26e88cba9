#include <criterion/criterion.h>

#include "tools/load/audit.h"

static struct audit *audit;

static void open_one(void)
{
	audit = audit_open(3);
	cr_assert_not_null(audit);
	audit_begin(audit, 1, 0, 0);
}

static void shut(void)
{
	audit_close(audit);
}

TestSuite(load_audit, .init = open_one, .fini = shut);

static void expect(uint64_t delivered, uint64_t lost, uint64_t duplicated, uint64_t reordered)
{
	const struct audit_counts *counts = audit_counts(audit);

	cr_expect_eq(counts->delivered, delivered, "delivered %lu", counts->delivered);
	cr_expect_eq(counts->lost, lost, "lost %lu", counts->lost);
	cr_expect_eq(counts->duplicated, duplicated, "duplicated %lu", counts->duplicated);
	cr_expect_eq(counts->reordered, reordered, "reordered %lu", counts->reordered);
}

Test(load_audit, all_in_order_is_clean)
{
	for (uint32_t number = 1; number <= 100; number++)
		cr_assert(audit_take(audit, 1, number));
	audit_end(audit, 1, 100);
	expect(100, 0, 0, 0);
}

Test(load_audit, one_left_out_is_lost)
{
	cr_assert(audit_take(audit, 1, 1));
	cr_assert(audit_take(audit, 1, 3));
	expect(2, 1, 0, 0);
}

Test(load_audit, the_last_one_left_out_is_lost_at_the_end)
{
	cr_assert(audit_take(audit, 1, 1));
	audit_end(audit, 1, 2);
	expect(1, 1, 0, 0);
}

Test(load_audit, one_given_twice_is_a_duplicate)
{
	cr_assert(audit_take(audit, 1, 1));
	cr_assert_not(audit_take(audit, 1, 1));
	expect(1, 0, 1, 0);
}

Test(load_audit, two_that_changed_places_are_one_reordered_and_none_lost)
{
	cr_assert(audit_take(audit, 1, 2));
	cr_assert(audit_take(audit, 1, 1));
	cr_assert_not(audit_take(audit, 1, 1));
	expect(2, 0, 1, 1);
}

Test(load_audit, what_came_while_the_join_was_under_way_may_come_or_not)
{
	audit_begin(audit, 0, 5, 8);
	cr_assert(audit_take(audit, 0, 8));
	cr_assert(audit_take(audit, 0, 9));
	expect(2, 0, 0, 0);
	audit_begin(audit, 2, 5, 8);
	cr_assert(audit_take(audit, 2, 10));
	expect(3, 1, 0, 0);
}

Test(load_audit, a_track_not_begun_or_ended_takes_nothing)
{
	cr_assert_not(audit_take(audit, 0, 1));
	audit_end(audit, 1, 0);
	cr_assert_not(audit_take(audit, 1, 1));
	expect(0, 0, 0, 0);
}

Test(load_audit, what_the_server_announced_is_excused)
{
	cr_assert(audit_take(audit, 1, 1));
	cr_assert_eq(audit_excuse(audit, 1, 5, UINT32_MAX), 4);
	cr_assert(audit_take(audit, 1, 6));
	expect(2, 0, 0, 0);
	cr_assert_eq(audit_counts(audit)->excused, 4);
}

Test(load_audit, what_goes_beyond_the_announcement_is_lost)
{
	cr_assert(audit_take(audit, 1, 1));
	cr_assert_eq(audit_excuse(audit, 1, 5, 3), 3);
	cr_assert(audit_take(audit, 1, 6));
	expect(2, 1, 0, 0);
	cr_assert_eq(audit_excuse(audit, 1, 9, 3), 3);
	cr_assert_eq(audit_excuse(audit, 1, 9, 0), 0);
	cr_assert(audit_take(audit, 1, 10));
	expect(3, 1, 0, 0);
	cr_assert_eq(audit_counts(audit)->excused, 6);
}

Test(load_audit, what_was_not_sure_to_come_needs_no_excuse)
{
	audit_begin(audit, 0, 5, 8);
	cr_assert_eq(audit_excuse(audit, 0, 8, 2), 0);
	cr_assert_eq(audit_excuse(audit, 0, 10, 2), 2);
	cr_assert(audit_take(audit, 0, 11));
	expect(1, 0, 0, 0);
}

Test(load_audit, what_may_still_come)
{
	cr_assert_eq(audit_lacks(audit, 1, 3), 3);
	cr_assert(audit_take(audit, 1, 1));
	cr_assert_eq(audit_lacks(audit, 1, 3), 2);
	cr_assert(audit_take(audit, 1, 3));
	cr_assert_eq(audit_lacks(audit, 1, 3), 0, "the second is a hole");
	audit_end(audit, 1, 5);
	expect(2, 3, 0, 0);
	cr_assert_eq(audit_lacks(audit, 1, 5), 0, "it has left");
	audit_begin(audit, 1, 5, 8);
	cr_assert_eq(audit_lacks(audit, 1, 8), 0, "none of them is sure");
	cr_assert_eq(audit_lacks(audit, 1, 9), 1);
}

/* Many missing at once, found again in another order. Numbers of one track alone never share a place of the table. */
Test(load_audit, thousands_missing_are_found_again_one_by_one)
{
	cr_assert(audit_take(audit, 1, 50001));
	expect(1, 50000, 0, 0);
	for (uint32_t number = 1; number <= 50000; number++)
		cr_assert(audit_take(audit, 1, number % 2 ? number : 50002 - number), "%u", number);
	expect(50001, 0, 0, 50000);
}

Test(load_audit, a_jump_of_billions_is_only_counted)
{
	cr_assert(audit_take(audit, 1, 3000000001));
	expect(1, 3000000000, 0, 0);
}

/* As the body says: so many are known by name, and one more is not. */
Test(load_audit, beyond_a_million_missing_a_late_one_counts_as_a_duplicate)
{
	const uint32_t named = 1u << 20;

	cr_assert(audit_take(audit, 1, named + 2));
	expect(1, named + 1, 0, 0);
	cr_assert(audit_take(audit, 1, named), "the last one that has a place");
	expect(2, named, 0, 1);
	cr_assert_not(audit_take(audit, 1, named + 1), "the first that has none");
	expect(2, named, 1, 1);
}

Test(load_audit, what_an_earlier_membership_lost_stays_lost)
{
	cr_assert(audit_take(audit, 1, 3));
	audit_end(audit, 1, 4);
	expect(1, 3, 0, 0);
	audit_begin(audit, 1, 4, 4);
	cr_assert_not(audit_take(audit, 1, 2));
	cr_assert_not(audit_take(audit, 1, 4), "below what this membership is sure of");
	cr_assert(audit_take(audit, 1, 6));
	cr_assert(audit_take(audit, 1, 5), "the first it is sure of");
	expect(3, 3, 2, 1);
}

Test(load_audit, a_hole_noticed_before_the_server_spoke_is_not_excused)
{
	cr_assert(audit_take(audit, 1, 3));
	cr_assert_eq(audit_excuse(audit, 1, 2, UINT32_MAX), 0);
	expect(1, 2, 0, 0);
	cr_assert_eq(audit_counts(audit)->excused, 0);
	cr_assert_eq(audit_excuse(audit, 1, 4, UINT32_MAX), 1);
	audit_end(audit, 1, 4);
	expect(1, 2, 0, 0);
	cr_assert_eq(audit_counts(audit)->excused, 1);
}

/* Those of many tracks do: a table two fifths full, whose chains are mended at each number that is found. */
Test(load_audit, holes_of_many_tracks_are_found_again_one_by_one)
{
	enum { TRACKS = 2000, HOLES = 400 };
	struct audit *const one = audit;

	audit = audit_open(TRACKS);
	for (uint32_t track = 0; track < TRACKS; track++) {
		audit_begin(audit, track, 0, 0);
		cr_assert(audit_take(audit, track, HOLES + 1));
	}
	expect(TRACKS, TRACKS * HOLES, 0, 0);
	for (uint32_t i = 0; i < TRACKS * HOLES; i++) {
		const uint32_t mixed = (uint32_t)((uint64_t)i * 123457 % (TRACKS * HOLES));

		cr_assert(audit_take(audit, mixed % TRACKS, mixed / TRACKS + 1), "%u", i);
		cr_assert_not(audit_take(audit, mixed % TRACKS, mixed / TRACKS + 1), "%u again", i);
	}
	expect(TRACKS * (HOLES + 1), 0, TRACKS * HOLES, TRACKS * HOLES);
	audit_close(audit);
	audit = one;
}

/* One number of two tracks is two. */
Test(load_audit, tracks_do_not_know_of_one_another)
{
	audit_begin(audit, 2, 0, 0);
	cr_assert(audit_take(audit, 1, 2));
	cr_assert(audit_take(audit, 2, 1));
	cr_assert_not(audit_take(audit, 2, 1));
	cr_assert(audit_take(audit, 1, 1));
	expect(3, 0, 1, 1);
}

/* A random road against plain arrays of what came: small numbers, so that holes, returns and repeats are frequent. */
Test(load_audit, a_random_road_is_as_a_plain_book_says)
{
	enum { LAST = 400 };
	static bool came[3][LAST + 1];
	uint32_t highest[3] = { 0 };
	uint64_t delivered = 0, lost = 0, duplicated = 0, reordered = 0, random = 1;

	for (uint32_t track = 0; track < 3; track++)
		audit_begin(audit, track, 0, 0);
	for (int step = 0; step < 200000; step++) {
		random = random * 6364136223846793005u + 1442695040888963407u;

		const uint32_t track = (uint32_t)(random >> 40) % 3;
		const uint32_t reach = highest[track] + 6 < LAST ? highest[track] + 6 : LAST;
		const uint32_t number = 1 + (uint32_t)(random >> 33) % reach;
		const bool is_new = !came[track][number];

		cr_assert_eq(audit_take(audit, track, number), is_new);
		came[track][number] = true;
		delivered += is_new;
		duplicated += !is_new;
		reordered += is_new && number < highest[track];
		lost -= is_new && number < highest[track];
		if (number > highest[track]) {
			lost += number - highest[track] - 1;
			highest[track] = number;
		}
	}
	expect(delivered, lost, duplicated, reordered);
	cr_assert_gt(reordered, 500);
}
