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
	audit_excuse(audit, 1, 5);
	cr_assert(audit_take(audit, 1, 6));
	expect(2, 0, 0, 0);
	cr_assert_eq(audit_counts(audit)->excused, 4);
}

/* Many missing at once, found again in another order: chains of the table are mended at each. */
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
