/* figures.h - what can be read of the running process by any of its threads: for metrics and the status page.
 *
 * Read with relaxed loads while their owners write, so that nobody is stopped; what belongs together may be a moment
 * apart.
 */
#ifndef OPS_FIGURES_H
#define OPS_FIGURES_H

#include <time.h>

#include "engine/chat/post.h"
#include "engine/chat/room_class.h"
#include "engine/gate/watch.h"
#include "engine/ops/fetch_counters.h"
#include "engine/store/store_counters.h"

struct figures {
	uint32_t cores;
	const struct counters *const *counters; /* of each core; keeps */
	const struct store_counters *const *stores; /* of each thread of the store; keeps. NULL: there is none */
	const struct fetch_counters *fetch; /* keeps; NULL: nobody is asked outside */
	const struct room_classes *classes; /* keeps; atomic; NULL: all rooms are as by default */
	struct watch_links *watch; /* keeps; NULL: nobody watches rooms and members */
	uint64_t started_ms; /* wall clock; 0: what the process uses is not told */
	int statm; /* /proc/self/statm, open; -1: it cannot be read */
	clockid_t clocks[CORES_MAX]; /* of the cores' threads, */
	_Atomic uint32_t clock_count; /* of which so many are there */
};

/* Of all cores. */
uint64_t figures_total(const struct figures *figures, enum counter counter);

/* Since the process started; 0 where the clock has been set back since. */
uint64_t figures_uptime_ms(const struct figures *figures, uint64_t wall_ms);

/* What the process and its cores' threads have used so far. */
struct figures_process {
	uint64_t cpu_us, resident_bytes, virtual_bytes;
};
void figures_process(const struct figures *figures, struct figures_process *process);
uint64_t figures_core_cpu_us(const struct figures *figures, uint32_t core);

#endif
