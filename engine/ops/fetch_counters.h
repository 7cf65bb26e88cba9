/* fetch_counters.h - the figures of the thread that asks others: written by it alone, read by anyone.
 */
#ifndef OPS_FETCH_COUNTERS_H
#define OPS_FETCH_COUNTERS_H

#include <stdint.h>

enum fetch_counter {
#define FETCH_COUNTER(name, kind, help) FETCH_COUNTER_##name,
#include "engine/ops/tbl/fetch_counters.h"
#undef FETCH_COUNTER
	FETCH_COUNTER_COUNT,
};

struct fetch_counters {
	_Alignas(64) uint64_t values[FETCH_COUNTER_COUNT];
};

static inline uint64_t fetch_counter_read(const struct fetch_counters *counters, enum fetch_counter counter)
{
	return __atomic_load_n(&counters->values[counter], __ATOMIC_RELAXED);
}

static inline void fetch_counter_set(struct fetch_counters *counters, enum fetch_counter counter, uint64_t value)
{
	__atomic_store_n(&counters->values[counter], value, __ATOMIC_RELAXED);
}

static inline void fetch_count(struct fetch_counters *counters, enum fetch_counter counter)
{
	fetch_counter_set(counters, counter, fetch_counter_read(counters, counter) + 1);
}

#endif
