#include "tools/load/summary.h"

#include <math.h>
#include <string.h>

#include "engine/core/check.h"

#define MS 1e6
#define CURVE_TO 0.9999

static const char *const names[] = {
#define FIGURE(name) #name,
#include "tools/load/tbl/summary.h"
#undef FIGURE
};

void summary_clear(struct summary *summary)
{
	for (size_t i = 0; i < SUMMARY_COUNT; i++)
		summary->figure[i] = NAN;
}

int summary_find(const char *name)
{
	for (int i = 0; i < SUMMARY_COUNT; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	return -1;
}

const char *summary_name(enum summary_figure figure)
{
	CHECK(figure < SUMMARY_COUNT);
	return names[figure];
}

void summary_times(struct summary *summary, enum summary_figure mean, const struct hist *hist)
{
	static const double quantiles[] = { 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 0.9999 };
	const size_t count = sizeof(quantiles) / sizeof(quantiles[0]);

	CHECK(mean + count + 1 < SUMMARY_COUNT);
	if (hist->count == 0)
		return;
	summary->figure[mean] = (double)hist->sum / (double)hist->count / MS;
	for (size_t i = 0; i < count; i++)
		summary->figure[mean + 1 + i] = (double)hist_at(hist, quantiles[i]) / MS;
	summary->figure[mean + 1 + count] = (double)hist->max / MS;
}

/* Each step goes an eighth of the way that is left to 1: 70 or so to 0.9999. */
size_t summary_curve(const struct hist *hist, struct summary_point out[SUMMARY_CURVE_MAX])
{
	size_t count = 0;
	double rest = 1;

	if (hist->count == 0)
		return 0;
	for (; 1 - rest < CURVE_TO; rest *= 7.0 / 8) {
		CHECK(count + 2 < SUMMARY_CURVE_MAX);
		out[count++] = (struct summary_point){ 1 - rest, (double)hist_at(hist, 1 - rest) / MS };
	}
	out[count++] = (struct summary_point){ CURVE_TO, (double)hist_at(hist, CURVE_TO) / MS };
	out[count++] = (struct summary_point){ 1, (double)hist->max / MS };
	return count;
}
