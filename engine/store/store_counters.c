#include "engine/store/store_counters.h"

#include "engine/core/check.h"

static const struct {
	const char *name, *kind, *help;
} rows[STORE_COUNTER_COUNT] = {
#define STORE_COUNTER(name, kind, help) [STORE_COUNTER_##name] = { #name, #kind, help },
#include "engine/store/tbl/counters.h"
#undef STORE_COUNTER
};

void store_count_batch(struct store_counters *counters, uint64_t jobs, uint64_t us)
{
	const uint64_t most = store_counter_read(counters, STORE_COUNTER_batch_jobs_max);
	int bucket = 0;

	store_count(counters, STORE_COUNTER_batches, 1);
	store_count(counters, STORE_COUNTER_busy, us);
	if (jobs > most)
		store_count(counters, STORE_COUNTER_batch_jobs_max, jobs - most);
	while (bucket < STORE_BUCKETS - 1 && us > STORE_BUCKET_US << bucket)
		bucket++;
	__atomic_store_n(&counters->took[bucket], __atomic_load_n(&counters->took[bucket], __ATOMIC_RELAXED) + 1,
			 __ATOMIC_RELAXED);
}

const char *store_counter_name(enum store_counter counter)
{
	CHECK(counter < STORE_COUNTER_COUNT);
	return rows[counter].name;
}

const char *store_counter_kind(enum store_counter counter)
{
	CHECK(counter < STORE_COUNTER_COUNT);
	return rows[counter].kind;
}

const char *store_counter_help(enum store_counter counter)
{
	CHECK(counter < STORE_COUNTER_COUNT);
	return rows[counter].help;
}
