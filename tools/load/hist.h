/* hist.h - a histogram of durations with a fixed relative error.
 *
 * Buckets as HdrHistogram lays them out: 64 linear steps in each power of two, so a
 * value is off by at most 1/64. No allocation: the struct lies in shared memory, one
 * writer, readers may see it a moment behind. Mergeable by addition. Units: nanoseconds.
 */
#ifndef LOAD_HIST_H
#define LOAD_HIST_H

#include <stdint.h>

#define HIST_STEPS 64
#define HIST_BUCKETS (HIST_STEPS * 36) /* up to 2^41 ns, some 36 minutes; longer counts as that */

struct hist {
	uint64_t count;
	uint64_t sum;
	uint64_t max; /* exact */
	uint32_t buckets[HIST_BUCKETS];
};

void hist_add(struct hist *hist, uint64_t value, uint32_t times);
void hist_merge(struct hist *into, const struct hist *from);

/* What came in between two states of one histogram: into = newer - older. max is that of newer's highest new bucket. */
void hist_since(struct hist *into, const struct hist *newer, const struct hist *older);

/* The value that `quantile` (0 .. 1) of all are at or below: its bucket's upper end, never above max. 0 when empty. */
uint64_t hist_at(const struct hist *hist, double quantile);

uint32_t hist_bucket(uint64_t value);
uint64_t hist_bucket_top(uint32_t bucket); /* the largest value of a bucket */

#endif
