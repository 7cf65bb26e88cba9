/* store_counters.h - the figures of a thread of the store: written by it alone, read by anyone.
 */
#ifndef STORE_COUNTERS_H
#define STORE_COUNTERS_H

#include <stdint.h>

enum store_counter {
#define STORE_COUNTER(name, kind, help) STORE_COUNTER_##name,
#include "engine/store/tbl/counters.h"
#undef STORE_COUNTER
	STORE_COUNTER_COUNT,
};

/* Batches by how long the backend took: bucket i up to 250 << i microseconds, the last one any time. */
#define STORE_BUCKETS 15
#define STORE_BUCKET_US 250ull

struct store_counters {
	_Alignas(64) uint64_t values[STORE_COUNTER_COUNT];
	uint64_t took[STORE_BUCKETS];
};

static inline void store_count(struct store_counters *counters, enum store_counter counter, uint64_t more)
{
	const uint64_t value = __atomic_load_n(&counters->values[counter], __ATOMIC_RELAXED);

	__atomic_store_n(&counters->values[counter], value + more, __ATOMIC_RELAXED);
}

static inline uint64_t store_counter_read(const struct store_counters *counters, enum store_counter counter)
{
	return __atomic_load_n(&counters->values[counter], __ATOMIC_RELAXED);
}

/* A batch took so long. */
void store_count_batch(struct store_counters *counters, uint64_t jobs, uint64_t us);

const char *store_counter_name(enum store_counter counter);
const char *store_counter_help(enum store_counter counter);
const char *store_counter_kind(enum store_counter counter);

#endif
