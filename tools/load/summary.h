/* summary.h - the figures of a run by name: what thresholds are held against. NAN where nothing was measured.
 */
#ifndef LOAD_SUMMARY_H
#define LOAD_SUMMARY_H

#include <stddef.h>

#include "tools/load/hist.h"

enum summary_figure {
#define FIGURE(name) SUMMARY_##name,
#include "tools/load/tbl/summary.h"
#undef FIGURE
	SUMMARY_COUNT,
};

struct summary {
	double figure[SUMMARY_COUNT];
};

void summary_clear(struct summary *summary); /* all NAN */
int summary_find(const char *name); /* -1: there is none */
const char *summary_name(enum summary_figure figure);

/* mean, p50 .. p99.99 and max in milliseconds, from `mean` on; nothing when the histogram is empty. */
void summary_times(struct summary *summary, enum summary_figure mean, const struct hist *hist);

/* Points [quantile, ms] for a percentile curve: closer together the nearer to 1, up to 0.9999, then 1 and the maximum.
 * Returns how many; 0 when the histogram is empty. */
#define SUMMARY_CURVE_MAX 128
struct summary_point {
	double quantile, ms;
};
size_t summary_curve(const struct hist *hist, struct summary_point out[SUMMARY_CURVE_MAX]);

#endif
