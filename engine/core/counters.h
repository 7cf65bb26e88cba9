/* counters.h - a core's figures: written by its thread alone, read by anyone.
 */
#ifndef CORE_COUNTERS_H
#define CORE_COUNTERS_H

#include <stdint.h>

enum counter {
#define COUNTER(name, kind, help) COUNTER_##name,
#include "engine/core/tbl/counters.h"
#undef COUNTER
	COUNTER_COUNT,
};

enum histogram_name {
#define HISTOGRAM(name, help) HISTOGRAM_##name,
#include "engine/core/tbl/histograms.h"
#undef HISTOGRAM
	HISTOGRAM_COUNT,
};

/* Bucket i: up to HISTOGRAM_BUCKET_US << i microseconds, from 50 us to 13 s; the last one any time. */
#define HISTOGRAM_BUCKETS 20
#define HISTOGRAM_BUCKET_US 50ull

struct histogram {
	uint64_t buckets[HISTOGRAM_BUCKETS]; /* each for itself: who reads sums them up */
	uint64_t sum_us;
};

/* Counters of one name, by label: struct counters has an array of each name in tbl/families.h. */
struct counters {
	_Alignas(64) uint64_t values[COUNTER_COUNT];
	struct histogram histograms[HISTOGRAM_COUNT];
#define FAMILY(name, size, label, help) uint64_t name[size];
#include "engine/core/tbl/families.h"
#undef FAMILY
};

static inline void cell_add(uint64_t *cell, uint64_t more)
{
	__atomic_store_n(cell, __atomic_load_n(cell, __ATOMIC_RELAXED) + more, __ATOMIC_RELAXED);
}

static inline uint64_t cell_read(const uint64_t *cell)
{
	return __atomic_load_n(cell, __ATOMIC_RELAXED);
}

static inline uint32_t histogram_bucket(uint64_t us)
{
	const uint64_t steps = us == 0 ? 0 : (us - 1) / HISTOGRAM_BUCKET_US;
	const uint32_t bucket = steps == 0 ? 0 : 64 - (uint32_t)__builtin_clzll(steps);

	return bucket < HISTOGRAM_BUCKETS ? bucket : HISTOGRAM_BUCKETS - 1;
}

/* Something took so long, so many times. */
static inline void histogram_add(struct counters *counters, enum histogram_name name, uint64_t us, uint64_t times)
{
	struct histogram *histogram = &counters->histograms[name];

	cell_add(&histogram->buckets[histogram_bucket(us)], times);
	cell_add(&histogram->sum_us, us * times);
}

/* Relaxed: a reader sees some recent value, never a torn one. */
static inline void counter_add(struct counters *counters, enum counter counter, int64_t change)
{
	const uint64_t value = __atomic_load_n(&counters->values[counter], __ATOMIC_RELAXED);

	__atomic_store_n(&counters->values[counter], value + (uint64_t)change, __ATOMIC_RELAXED);
}

static inline uint64_t counter_read(const struct counters *counters, enum counter counter)
{
	return __atomic_load_n(&counters->values[counter], __ATOMIC_RELAXED);
}

/* What it is now, where somebody else counts. */
static inline void counter_set(struct counters *counters, enum counter counter, uint64_t value)
{
	__atomic_store_n(&counters->values[counter], value, __ATOMIC_RELAXED);
}

const char *counter_name(enum counter counter);
const char *counter_help(enum counter counter);
const char *counter_kind(enum counter counter);

#endif
