#include "tools/report/axis.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>

#define NINES_MAX 7 /* 99.99999 %: no run has messages enough for more */

/* The smallest of 1, 2, 5 times a power of ten that is `least` or more. */
static double round_up(double least)
{
	const double power = pow(10, floor(log10(least) + 1e-9));
	const double lead = least / power;

	return power * (lead <= 1 + 1e-9 ? 1 : lead <= 2 + 1e-9 ? 2 : lead <= 5 + 1e-9 ? 5 : 10);
}

static double round_down(double most)
{
	const double power = pow(10, floor(log10(most) + 1e-9));
	const double lead = most / power;

	return power * (lead >= 5 - 1e-9 ? 5 : lead >= 2 - 1e-9 ? 2 : 1);
}

static double linear_step(double range, enum unit unit, size_t wanted)
{
	const double least = range / (double)wanted;

	if (unit == UNIT_BYTES)
		return fmax(1, exp2(ceil(log2(least) - 1e-9)));
	if (unit == UNIT_COUNT)
		return fmax(1, round_up(least));
	return round_up(least);
}

static double time_step(double range, size_t wanted)
{
	static const double steps[] = { 10,  15,   20,   30,   60,    120,   300,   600,
					900, 1800, 3600, 7200, 14400, 21600, 43200, 86400 };
	const double least = range / (double)wanted;

	if (least <= 5)
		return round_up(least);
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++)
		if (least <= steps[i])
			return steps[i];
	return ceil(least / 86400) * 86400;
}

static void steps(struct axis *axis, double step)
{
	const double first = ceil(axis->low / step - 1e-9);

	axis->ticks = 0;
	while (axis->ticks < AXIS_TICKS_MAX) {
		const double at = (first + (double)axis->ticks) * step;

		if (at > axis->high + step * 1e-6)
			break;
		axis->tick[axis->ticks++] = at;
	}
}

void axis_linear(struct axis *axis, double low, double high, enum unit unit, size_t wanted)
{
	assert(wanted > 1 && wanted < AXIS_TICKS_MAX - 2);
	low = fmin(low, 0);
	if (!(high > low))
		high = low + 1;
	const double step = linear_step(high - low, unit, wanted);

	*axis = (struct axis){ .kind = AXIS_LINEAR, .unit = unit };
	axis->low = floor(low / step + 1e-9) * step;
	axis->high = ceil(high / step - 1e-9) * step;
	steps(axis, step);
}

void axis_time(struct axis *axis, double low, double high, size_t wanted)
{
	assert(wanted > 1 && wanted < AXIS_TICKS_MAX - 2);
	if (!(high > low))
		high = low + 1;
	*axis = (struct axis){ .kind = AXIS_LINEAR, .unit = UNIT_S, .low = low, .high = high };
	steps(axis, time_step(high - low, wanted));
}

void axis_log(struct axis *axis, double low, double high, enum unit unit)
{
	assert(low > 0 && high >= low);
	*axis = (struct axis){ .kind = AXIS_LOG, .unit = unit, .low = round_down(low), .high = round_up(high) };
	if (axis->high <= axis->low * 1.5)
		axis->high = round_up(axis->low * 2);
	const double decades = log10(axis->high / axis->low);
	double at = axis->low;

	while (at <= axis->high * (1 + 1e-9) && axis->ticks < AXIS_TICKS_MAX) {
		const double lead = at / pow(10, floor(log10(at) + 1e-9));

		if (decades <= 2.8 || lead < 1.5)
			axis->tick[axis->ticks++] = at;
		at = round_up(at * 1.5);
	}
}

static double nines(double quantile)
{
	return -log10(1 - quantile);
}

void axis_nines(struct axis *axis, double most)
{
	const double end = fmin(fmax(most, 0.9), 1 - pow(10, -NINES_MAX));

	*axis = (struct axis){ .kind = AXIS_NINES, .unit = UNIT_PERCENT, .low = 0, .high = nines(end) + 0.6 };
	axis->tick[axis->ticks++] = 0;
	axis->tick[axis->ticks++] = 0.5;
	for (int count = 1; count <= NINES_MAX && count <= nines(end) + 1e-6; count++)
		axis->tick[axis->ticks++] = 1 - pow(10, -count);
	axis->tick[axis->ticks++] = 1;
}

double axis_place(const struct axis *axis, double value)
{
	double place;

	switch (axis->kind) {
	case AXIS_LOG:
		place = value <= 0 ? 0 : log10(value / axis->low) / log10(axis->high / axis->low);
		break;
	case AXIS_NINES:
		place = value >= 1 ? 1 : nines(value) / axis->high;
		break;
	default:
		place = (value - axis->low) / (axis->high - axis->low);
	}
	return fmin(fmax(place, 0), 1);
}

void axis_label(const struct axis *axis, size_t tick, char out[NUMBER_SIZE])
{
	assert(tick < axis->ticks);
	if (axis->kind != AXIS_NINES)
		number_short(out, axis->tick[tick], axis->unit);
	else if (axis->tick[tick] >= 1)
		snprintf(out, NUMBER_SIZE, "max");
	else
		snprintf(out, NUMBER_SIZE, "%.10g%%", axis->tick[tick] * 100);
}
