#include <criterion/criterion.h>
#include <string.h>

#include "engine/core/counters.h"

Test(counters, go_up_and_down)
{
	struct counters counters = { .values = { 0 } };

	counter_add(&counters, COUNTER_connections, 3);
	counter_add(&counters, COUNTER_connections, -2);
	cr_assert_eq(counter_read(&counters, COUNTER_connections), 1);
	cr_assert_eq(counter_read(&counters, COUNTER_sessions), 0);
}

Test(counters, each_has_a_name_of_its_own_a_kind_and_a_sentence)
{
	for (int i = 0; i < COUNTER_COUNT; i++) {
		const char *help = counter_help((enum counter)i);
		const char *kind = counter_kind((enum counter)i);

		cr_assert(strcmp(kind, "gauge") == 0 || strcmp(kind, "counter") == 0 || strcmp(kind, "us") == 0 ||
			  strcmp(kind, "permille") == 0);
		cr_assert_eq(help[strlen(help) - 1], '.', "%s", help);
		for (int j = 0; j < i; j++)
			cr_assert_str_neq(counter_name((enum counter)i), counter_name((enum counter)j));
	}
	cr_assert_str_eq(counter_name(COUNTER_turns), "turns");
}

Test(counters, a_bucket_ends_where_it_says)
{
	uint64_t bound = HISTOGRAM_BUCKET_US;

	cr_assert_eq(histogram_bucket(0), 0);
	for (uint32_t i = 0; i < HISTOGRAM_BUCKETS - 1; i++, bound *= 2) {
		cr_assert_eq(histogram_bucket(bound - 1), i);
		cr_assert_eq(histogram_bucket(bound), i);
		cr_assert_eq(histogram_bucket(bound + 1), i + 1);
	}
	cr_assert_eq(histogram_bucket(UINT64_MAX), HISTOGRAM_BUCKETS - 1);
}

Test(counters, a_histogram_has_what_was_added)
{
	struct counters counters = { .values = { 0 } };

	histogram_add(&counters, HISTOGRAM_ack, 60, 3);
	histogram_add(&counters, HISTOGRAM_ack, 10, 1);
	cr_assert_eq(counters.histograms[HISTOGRAM_ack].buckets[0], 1);
	cr_assert_eq(counters.histograms[HISTOGRAM_ack].buckets[1], 3);
	cr_assert_eq(counters.histograms[HISTOGRAM_ack].sum_us, 190);
	cr_assert_eq(counters.histograms[HISTOGRAM_turn].sum_us, 0);
}
