#include "tools/report/charts.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define CURVES_MAX 3
#define LOG_FROM 30 /* a scale of powers of ten when the largest is so many times the smallest */

enum source {
	SOURCE_SERIES,
	SOURCE_PERCENTILES,
	SOURCE_ERRORS, /* a series that is worth a picture only where it is not 0 */
};

static const struct plan {
	enum source source;
	const char *title, *note;
	struct {
		const char *key, *label;
	} curve[CURVES_MAX];
} plans[] = {
#define CHART(source, title, note, ...) { SOURCE_##source, title, note, { __VA_ARGS__ } },
#include "tools/report/tbl/charts.h"
#undef CHART
};

static bool add_line(struct chart *chart, const struct run *run, const struct plan *plan, size_t curve,
		     const char *label, size_t colour)
{
	const char *key = plan->curve[curve].key;
	const struct series *series =
		plan->source == SOURCE_PERCENTILES ? input_percentiles(run, key) : input_series(run, key);
	bool any = false;

	for (size_t i = 0; series && i < series->count && !any; i++)
		any = !isnan(series->y[i]) && (plan->source != SOURCE_ERRORS || series->y[i] != 0);
	if (!any)
		return false;
	assert(chart->lines < CHART_LINES_MAX);
	chart->line[chart->lines++] = (struct chart_line){
		.label = label, .x = series->x, .y = series->y, .count = series->count, .colour = colour
	};
	return true;
}

static void fit_y(struct chart *chart, enum unit unit)
{
	double least = INFINITY, positive = INFINITY, most = -INFINITY;

	for (size_t i = 0; i < chart->lines; i++)
		for (size_t j = 0; j < chart->line[i].count; j++) {
			const double y = chart->line[i].y[j];

			if (isnan(y))
				continue;
			least = fmin(least, y);
			most = fmax(most, y);
			if (y > 0)
				positive = fmin(positive, y);
		}
	if (unit == UNIT_MS && least >= 0 && most > positive * LOG_FROM)
		axis_log(&chart->y, positive, most, unit);
	else
		axis_linear(&chart->y, least, most, unit, 5);
}

static void fit_x(struct chart *chart, enum source source)
{
	double least = 0, most = 0, quantile = 0;

	for (size_t i = 0; i < chart->lines; i++)
		for (size_t j = 0; j < chart->line[i].count; j++) {
			const double x = chart->line[i].x[j];

			least = fmin(least, x);
			most = fmax(most, x);
			if (x < 1)
				quantile = fmax(quantile, x);
		}
	if (source == SOURCE_PERCENTILES)
		axis_nines(&chart->x, quantile);
	else
		axis_time(&chart->x, least, most, 6);
}

/* Runs whose phases changed at other times have no common shade. */
static bool phases_agree(const struct runs *runs)
{
	for (size_t i = 1; i < runs->count; i++) {
		if (runs->run[i].phases != runs->run[0].phases)
			return false;
		for (size_t j = 0; j < runs->run[0].phases; j++) {
			const struct phase *one = &runs->run[0].phase[j], *other = &runs->run[i].phase[j];

			if (strcmp(one->name, other->name) != 0 || fabs(one->from_s - other->from_s) > 2 ||
			    fabs(one->to_s - other->to_s) > 2)
				return false;
		}
	}
	return true;
}

/* A place for one more, empty; it counts once it is finished. */
static struct chart *begin(struct charts *charts, const struct plan *plan, const char *detail)
{
	char *title = charts->title[charts->count];
	struct chart *chart = &charts->chart[charts->count];

	assert(charts->count < CHARTS_MAX);
	if (detail)
		snprintf(title, CHARTS_TITLE_SIZE, "%s: %s", plan->title, detail);
	else
		snprintf(title, CHARTS_TITLE_SIZE, "%s", plan->title);
	*chart = (struct chart){ .title = title, .note = plan->note };
	return chart;
}

static void finish(struct charts *charts, struct chart *chart, const struct runs *runs, const struct plan *plan)
{
	if (chart->lines == 0)
		return;
	fit_x(chart, plan->source);
	fit_y(chart, plan->source == SOURCE_PERCENTILES ? UNIT_MS : number_unit(plan->curve[0].key));
	if (plan->source != SOURCE_PERCENTILES && phases_agree(runs)) {
		chart->phase = runs->run[0].phase;
		chart->phases = runs->run[0].phases;
	}
	charts->count++;
}

static void add_alone(struct charts *charts, const struct runs *runs, const struct plan *plan)
{
	struct chart *chart = begin(charts, plan, NULL);

	for (size_t i = 0; i < CURVES_MAX && plan->curve[i].key; i++)
		add_line(chart, &runs->run[0], plan, i, plan->curve[1].key ? plan->curve[i].label : NULL, i);
	finish(charts, chart, runs, plan);
}

static void add_compared(struct charts *charts, const struct runs *runs, const struct plan *plan)
{
	for (size_t i = 0; i < CURVES_MAX && plan->curve[i].key; i++) {
		struct chart *chart = begin(charts, plan, plan->curve[1].key ? plan->curve[i].label : NULL);

		for (size_t j = 0; j < runs->count; j++)
			add_line(chart, &runs->run[j], plan, i, runs->run[j].label, j);
		finish(charts, chart, runs, plan);
	}
}

void charts_of(struct charts *charts, const struct runs *runs)
{
	charts->count = 0;
	for (size_t i = 0; i < sizeof(plans) / sizeof(*plans); i++)
		if (runs->count == 1)
			add_alone(charts, runs, &plans[i]);
		else
			add_compared(charts, runs, &plans[i]);
}
