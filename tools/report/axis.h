/* axis.h - where a value lies between the ends of a chart, and which values are worth a label.
 */
#ifndef REPORT_AXIS_H
#define REPORT_AXIS_H

#include <stddef.h>

#include "tools/report/number.h"

#define AXIS_TICKS_MAX 16

enum axis_kind {
	AXIS_LINEAR,
	AXIS_LOG,
	AXIS_NINES, /* of quantiles: 90 %, 99 %, 99.9 % stand equally far apart, and 1 at the end */
};

struct axis {
	enum axis_kind kind;
	enum unit unit;
	double low, high;
	double tick[AXIS_TICKS_MAX];
	size_t ticks;
};

/* From 0, or from `low` when that is below, in round steps to the first at or over `high`; some `wanted` of them. */
void axis_linear(struct axis *axis, double low, double high, enum unit unit, size_t wanted);

/* Seconds, from `low` to exactly `high`, labelled at round times. */
void axis_time(struct axis *axis, double low, double high, size_t wanted);

/* Between positive values; the ends are 1, 2 or 5 times a power of ten. */
void axis_log(struct axis *axis, double low, double high, enum unit unit);

/* Up to the quantile `most` under 1, with room for the maximum behind it. */
void axis_nines(struct axis *axis, double most);

/* 0 at the low end, 1 at the high end; what is outside is put to the end. */
double axis_place(const struct axis *axis, double value);

void axis_label(const struct axis *axis, size_t tick, char out[NUMBER_SIZE]);

#endif
