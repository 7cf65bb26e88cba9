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

struct counters {
	_Alignas(64) uint64_t values[COUNTER_COUNT];
};

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

const char *counter_name(enum counter counter);
const char *counter_help(enum counter counter);
const char *counter_kind(enum counter counter);

#endif
