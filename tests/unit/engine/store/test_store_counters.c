/* Each figure has its name, and each batch falls into one bucket. */
#include <criterion/criterion.h>

#include "engine/store/store_counters.h"

static struct store_counters counters;

Test(store_counters, rows)
{
	for (int i = 0; i < STORE_COUNTER_COUNT; i++) {
		const char *kind = store_counter_kind((enum store_counter)i);
		const char *help = store_counter_help((enum store_counter)i);

		cr_assert(strcmp(kind, "counter") == 0 || strcmp(kind, "gauge") == 0 || strcmp(kind, "us") == 0);
		cr_assert_gt(strlen(store_counter_name((enum store_counter)i)), 0);
		cr_assert_eq(help[strlen(help) - 1], '.');
	}
}

Test(store_counters, buckets)
{
	store_count_batch(&counters, 3, 0);
	store_count_batch(&counters, 7, STORE_BUCKET_US);
	store_count_batch(&counters, 5, STORE_BUCKET_US + 1);
	store_count_batch(&counters, 1, STORE_BUCKET_US << (STORE_BUCKETS - 2));
	store_count_batch(&counters, 1, (STORE_BUCKET_US << (STORE_BUCKETS - 2)) + 1);
	store_count_batch(&counters, 1, UINT32_MAX * 1000ull);
	cr_assert_eq(counters.took[0], 2);
	cr_assert_eq(counters.took[1], 1);
	cr_assert_eq(counters.took[STORE_BUCKETS - 2], 1);
	cr_assert_eq(counters.took[STORE_BUCKETS - 1], 2);
	cr_assert_eq(store_counter_read(&counters, STORE_COUNTER_batches), 6);
	cr_assert_eq(store_counter_read(&counters, STORE_COUNTER_batch_jobs_max), 7);
}
