/* How fast one address may connect: at its limit, one past it, and among more addresses than there are places. */
#include <criterion/criterion.h>

#include "engine/net/pace.h"

static struct pace pace;

static uint64_t take(uint64_t hash, uint64_t now_ms, enum pace_verdict expected)
{
	uint64_t count = 0;

	while (count < 1000 && pace_take(&pace, hash, now_ms) == expected)
		count++;
	return count;
}

static void open_with(uint32_t per_s, uint32_t burst)
{
	cr_assert_eq(pace_open(&pace, per_s, burst), 0);
}

Test(pace, a_burst_is_good_as_many_are_over_and_the_rest_is_far_over)
{
	open_with(10, 20);
	for (int i = 0; i < 60; i++)
		cr_assert_eq(pace_take(&pace, 7, 5000),
			     i < 20   ? PACE_GOOD
			     : i < 40 ? PACE_OVER
				      : PACE_FAR_OVER,
			     "%d", i);
	cr_assert_eq(pace_take(&pace, 8, 5000), PACE_GOOD, "another address");
	pace_close(&pace);
}

Test(pace, what_was_taken_is_paid_with_time)
{
	open_with(10, 20);
	cr_assert_eq(take(7, 5000, PACE_GOOD), 20);
	/* The one that told so was over, and counts: 21 owed. */
	cr_assert_eq(pace_take(&pace, 7, 5100), PACE_OVER, "a tenth of a second pays for one");
	cr_assert_eq(pace_take(&pace, 7, 5300), PACE_GOOD);
	cr_assert_eq(take(7, 60000, PACE_GOOD), 20, "never more than a burst");
	pace_close(&pace);
}

Test(pace, who_goes_on_gets_nothing)
{
	uint64_t good = 0;

	open_with(10, 20);
	for (uint64_t now_ms = 5000; now_ms < 15000; now_ms += 10)
		good += pace_take(&pace, 7, now_ms) == PACE_GOOD;
	cr_assert_leq(good, 25);
	pace_close(&pace);
}

Test(pace, no_limit_is_no_table)
{
	open_with(0, 1);
	cr_assert_null(pace.places);
	cr_assert_eq(take(7, 0, PACE_GOOD), 1000);
	pace_close(&pace);
}

Test(pace, a_fifth_of_one_set_takes_the_place_of_the_quietest)
{
	open_with(1, 5);
	for (uint64_t i = 0; i < PACE_WAYS; i++)
		cr_assert_eq(pace_take(&pace, 1 + i * PACE_SETS, 10000 + 100 * i), PACE_GOOD);
	cr_assert_eq(take(1 + 3 * PACE_SETS, 10300, PACE_GOOD), 4);
	cr_assert_eq(pace_take(&pace, 1 + 9 * PACE_SETS, 10400), PACE_GOOD, "in place of the first");
	cr_assert_eq(take(1 + 3 * PACE_SETS, 10400, PACE_OVER), 4, "the busiest is still known");
	pace_close(&pace);
}
