#include "tools/load/hist.h"

#include "engine/core/check.h"

#define STEP_BITS 6

_Static_assert(HIST_STEPS == 1 << STEP_BITS, "steps of a power of two");

/* Below 64 each value is a bucket; above, the six bits after the highest choose among 64. */
uint32_t hist_bucket(uint64_t value)
{
	if (value < HIST_STEPS)
		return (uint32_t)value;

	const uint32_t power = 63 - (uint32_t)__builtin_clzll(value);
	const uint32_t step = (uint32_t)(value >> (power - STEP_BITS)) & (HIST_STEPS - 1);
	const uint32_t bucket = (power - STEP_BITS + 1) * HIST_STEPS + step;

	return bucket < HIST_BUCKETS ? bucket : HIST_BUCKETS - 1;
}

uint64_t hist_bucket_top(uint32_t bucket)
{
	CHECK(bucket < HIST_BUCKETS);
	if (bucket < HIST_STEPS)
		return bucket;

	const uint32_t shift = bucket / HIST_STEPS - 1;
	const uint64_t step = bucket % HIST_STEPS;

	return ((HIST_STEPS + step + 1) << shift) - 1;
}

void hist_add(struct hist *hist, uint64_t value, uint32_t times)
{
	hist->count += times;
	hist->sum += value * times;
	if (value > hist->max)
		hist->max = value;
	hist->buckets[hist_bucket(value)] += times;
}

void hist_merge(struct hist *into, const struct hist *from)
{
	into->count += from->count;
	into->sum += from->sum;
	if (from->max > into->max)
		into->max = from->max;
	for (uint32_t i = 0; i < HIST_BUCKETS; i++)
		into->buckets[i] += from->buckets[i];
}

/* A reader may see the parts of one addition at different moments: what is counted is what the buckets say. */
void hist_since(struct hist *into, const struct hist *newer, const struct hist *older)
{
	*into = (struct hist){ .sum = newer->sum - older->sum };
	for (uint32_t i = 0; i < HIST_BUCKETS; i++) {
		into->buckets[i] = newer->buckets[i] - older->buckets[i];
		into->count += into->buckets[i];
		if (into->buckets[i] > 0)
			into->max = hist_bucket_top(i);
	}
	if (into->max > newer->max)
		into->max = newer->max;
}

uint64_t hist_at(const struct hist *hist, double quantile)
{
	const double exact = quantile * (double)hist->count;
	uint64_t wanted = (uint64_t)exact;
	uint64_t seen = 0;

	if ((double)wanted < exact || wanted == 0)
		wanted++;
	for (uint32_t i = 0; i < HIST_BUCKETS; i++) {
		seen += hist->buckets[i];
		if (seen >= wanted) {
			const uint64_t top = hist_bucket_top(i);

			return i < HIST_BUCKETS - 1 && top < hist->max ? top : hist->max;
		}
	}
	return hist->count ? hist->max : 0;
}
