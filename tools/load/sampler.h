/* sampler.h - looks at workers, server and machine: every second for the series, and at the turns of the run.
 */
#ifndef LOAD_SAMPLER_H
#define LOAD_SAMPLER_H

#include "tools/load/record.h"

struct sampler {
	struct record *record; /* keeps */
	const struct run_stats *stats; /* keeps */
	const pid_t *workers; /* keeps; 0: gone */
	uint64_t ns; /* when the last row was taken; what stood then: */
	struct totals totals;
	struct hist latency;
	double server_s, generator_s;
};

/* Takes what is used before the first worker runs. */
void sampler_open(struct sampler *sampler, struct record *record, const struct run_stats *stats, const pid_t *workers);

/* One row of the series, over the time since the one before. Gives it, until the next; NULL: no memory. */
const struct record_row *sampler_row(struct sampler *sampler, uint64_t now_ns);

/* A moment: totals, and what server and workers have used by now. */
void sampler_moment(struct sampler *sampler, struct record_moment *moment);

#endif
