#include <criterion/criterion.h>

#include <string.h>

#include "tools/load/hist.h"

static struct hist hist, older, part;

Test(load_hist, a_value_is_within_one_in_64_of_its_buckets_top)
{
	for (uint64_t value = 1; value < 1ull << 41; value += value / 97 + 1) {
		const uint64_t top = hist_bucket_top(hist_bucket(value));

		cr_assert_geq(top, value);
		cr_assert_leq(top - value, value / 64, "%lu in a bucket up to %lu", value, top);
	}
}

Test(load_hist, buckets_follow_one_another)
{
	for (uint32_t bucket = 0; bucket + 1 < HIST_BUCKETS; bucket++) {
		cr_assert_eq(hist_bucket(hist_bucket_top(bucket)), bucket);
		cr_assert_eq(hist_bucket(hist_bucket_top(bucket) + 1), bucket + 1);
	}
	cr_assert_eq(hist_bucket(UINT64_MAX), HIST_BUCKETS - 1);
}

Test(load_hist, quantiles_are_those_of_a_sorted_list)
{
	memset(&hist, 0, sizeof(hist));
	cr_assert_eq(hist_at(&hist, 0.5), 0);
	for (uint64_t value = 1; value <= 60; value++)
		hist_add(&hist, value, 1);
	cr_assert_eq(hist_at(&hist, 0), 1);
	cr_assert_eq(hist_at(&hist, 0.5), 30);
	cr_assert_eq(hist_at(&hist, 0.99), 60);
	cr_assert_eq(hist_at(&hist, 1), 60);
	hist_add(&hist, 1000003, 1);
	cr_assert_eq(hist_at(&hist, 1), 1000003, "the maximum is exact");
	hist_add(&hist, 1ull << 50, 1);
	cr_assert_eq(hist_at(&hist, 1), 1ull << 50);
}

Test(load_hist, merged_is_as_if_all_had_been_added_to_one)
{
	memset(&hist, 0, sizeof(hist));
	memset(&part, 0, sizeof(part));
	memset(&older, 0, sizeof(older));
	for (uint64_t value = 0; value < 100000; value += 7) {
		hist_add(&hist, value, 2);
		hist_add(value % 2 ? &part : &older, value, 2);
	}
	hist_merge(&part, &older);
	cr_assert_eq(memcmp(&part, &hist, sizeof(hist)), 0);
}

Test(load_hist, since_is_what_came_in_between)
{
	memset(&hist, 0, sizeof(hist));
	hist_add(&hist, 500000, 3);
	older = hist;
	hist_add(&hist, 200, 5);
	hist_since(&part, &hist, &older);
	cr_assert_eq(part.count, 5);
	cr_assert_eq(part.sum, 1000);
	cr_assert_eq(part.max, hist_bucket_top(hist_bucket(200)));
}

Test(load_hist, the_greater_maximum_stays_whichever_is_merged_into_the_other)
{
	memset(&hist, 0, sizeof(hist));
	hist_add(&hist, 1000003, 1);
	memset(&part, 0, sizeof(part));
	hist_add(&part, 5, 1);
	older = part;
	hist_merge(&part, &hist);
	cr_expect_eq(part.max, 1000003);
	hist_merge(&hist, &older);
	cr_expect_eq(hist.max, 1000003);
}

Test(load_hist, since_is_never_above_the_exact_maximum)
{
	memset(&hist, 0, sizeof(hist));
	older = hist;
	hist_add(&hist, 1000003, 1);
	cr_assert_gt(hist_bucket_top(hist_bucket(1000003)), 1000003);
	hist_since(&part, &hist, &older);
	cr_expect_eq(part.max, 1000003);
	cr_expect_eq(hist_at(&part, 1), 1000003);
}
