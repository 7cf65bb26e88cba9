/* A token bucket: what it gives, when it says to come back, and its clock that wraps after 49 days. */
#include <criterion/criterion.h>

#include "engine/chat/quota.h"

static uint32_t take_all(struct quota *quota, uint32_t per_s, uint32_t burst, uint64_t now_ms)
{
	uint32_t taken = 0;

	while (taken < 100000 && quota_take(quota, per_s, burst, now_ms) == 0)
		taken++;
	return taken;
}

Test(quota, gives_its_burst_and_not_one_more)
{
	for (uint32_t burst = 1; burst <= 50; burst++) {
		struct quota quota = { 0 };

		cr_assert_eq(take_all(&quota, 20, burst, 123456), burst);
	}
}

Test(quota, the_wait_it_says_is_enough_and_a_millisecond_less_is_not)
{
	static const uint32_t rates[] = { 1, 3, 7, 20, 999, 1000, 1001, 1000000 };

	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		struct quota quota = { 0 }, early;

		take_all(&quota, rates[i], 5, 1000);
		const uint32_t wait = quota_take(&quota, rates[i], 5, 1000);

		cr_assert_eq(wait, (1000 + rates[i] - 1) / rates[i]);
		early = quota;
		cr_assert_neq(quota_take(&early, rates[i], 5, 1000 + wait - 1), 0, "rate %u", rates[i]);
		cr_assert_eq(quota_take(&quota, rates[i], 5, 1000 + wait), 0, "rate %u", rates[i]);
	}
}

Test(quota, what_costs_more_is_granted_whole_and_paid_back)
{
	struct quota quota = { 0 };

	for (int i = 0; i < 4; i++) {
		cr_assert_eq(quota_take(&quota, 10, 10, 0), 0);
		quota_charge(&quota, 2);
	}
	/* Twelve of ten are gone: two of debt and the one asked for. */
	cr_assert_eq(quota_take(&quota, 10, 10, 0), 300);
	cr_assert_eq(quota_take(&quota, 10, 10, 299), 1);
	cr_assert_eq(quota_take(&quota, 10, 10, 300), 0);
}

Test(quota, refusing_costs_nothing)
{
	struct quota quota = { 0 };

	take_all(&quota, 10, 4, 0);
	for (uint64_t now_ms = 1; now_ms < 100; now_ms++)
		cr_assert_eq(quota_take(&quota, 10, 4, now_ms), 100 - now_ms);
	cr_assert_eq(quota_take(&quota, 10, 4, 100), 0);
}

Test(quota, over_time_it_gives_its_rate)
{
	struct quota quota = { 0 };
	uint32_t taken = 0;

	for (uint64_t now_ms = 0; now_ms < 10000; now_ms++)
		taken += quota_take(&quota, 20, 40, now_ms) == 0;
	cr_assert_eq(taken, 40 + 199, "the burst, and twenty a second of which the last is not whole");
}

Test(quota, silence_fills_it_and_no_more_than_that)
{
	struct quota quota = { 0 };

	take_all(&quota, 20, 40, 0);
	cr_assert_eq(take_all(&quota, 20, 40, 1000), 20);
	cr_assert_eq(take_all(&quota, 20, 40, 3000), 40);
	cr_assert_eq(take_all(&quota, 20, 40, 4000000000), 40);
}

Test(quota, its_clock_may_wrap)
{
	const uint64_t wrap = 1ull << 32;
	struct quota quota = { 0 };

	take_all(&quota, 10, 4, wrap - 50);
	cr_assert_eq(quota_take(&quota, 10, 4, wrap + 49), 1);
	cr_assert_eq(quota_take(&quota, 10, 4, wrap + 50), 0);
	cr_assert_eq(take_all(&quota, 10, 4, wrap + 450), 4);
}

Test(quota, a_rate_of_none_is_no_limit)
{
	struct quota quota = { 0 };

	cr_assert_eq(take_all(&quota, 0, 1, 0), 100000);
}

Test(quota, the_largest_numbers_do_not_wrap)
{
	struct quota quota = { 0 };

	for (uint32_t i = 0; i < 1000000; i++)
		cr_assert_eq(quota_take(&quota, 1, 1000000, 5), 0);
	cr_assert_eq(quota_take(&quota, 1, 1000000, 5), 1000);
	cr_assert_eq(quota_take(&quota, 1000000, 1000000, UINT64_MAX), 0);
}

Test(quota, many_at_once_are_all_of_them_or_none)
{
	struct quota quota = { 0 };

	cr_assert_eq(quota_take_many(&quota, 41, 10, 40, 1000), 100, "one more than there are: one is back in 100 ms");
	cr_assert_eq(quota_take_many(&quota, 40, 10, 40, 1000), 0);
	cr_assert_eq(quota_take_many(&quota, 3, 10, 40, 1000), 300);
	cr_assert_neq(quota_take_many(&quota, 3, 10, 40, 1299), 0);
	cr_assert_eq(quota_take_many(&quota, 3, 10, 40, 1300), 0);
	cr_assert_eq(quota_take_many(&quota, 1000000, 0, 1, 1300), 0, "no limit");
	cr_assert_eq(quota_take_many(&(struct quota){ 0 }, 1000000, 1, 1000000, 1), 0, "as many as an option allows");
}

Test(quota, a_charge_never_wraps)
{
	struct quota quota = { 0 };

	for (int i = 0; i < 10; i++)
		quota_charge(&quota, UINT32_MAX);
	cr_assert_gt(quota_take(&quota, 1, 1, 1), 4000000);
}
