/* Axes: round ticks that hold all values, and places between the ends. */
#include <criterion/criterion.h>
#include <math.h>

#include "tools/report/axis.h"

static void expect_ticks(const struct axis *axis, const double *wanted, size_t count)
{
	cr_assert_eq(axis->ticks, count, "%zu ticks, not %zu", axis->ticks, count);
	for (size_t i = 0; i < count; i++)
		cr_expect_float_eq(axis->tick[i], wanted[i], fabs(wanted[i]) * 1e-9 + 1e-12, "tick %zu: %g", i,
				   axis->tick[i]);
}

static void expect_label(const struct axis *axis, size_t tick, const char *wanted)
{
	char label[NUMBER_SIZE];

	axis_label(axis, tick, label);
	cr_expect_str_eq(label, wanted);
}

Test(report_axis, linear_begins_at_zero_and_ends_on_a_round_value)
{
	struct axis axis;

	axis_linear(&axis, 3, 42, UNIT_MS, 5);
	expect_ticks(&axis, (double[]){ 0, 10, 20, 30, 40, 50 }, 6);
	expect_label(&axis, 0, "0");
	expect_label(&axis, 5, "50 ms");
	axis_linear(&axis, 3, 40, UNIT_MS, 4);
	expect_ticks(&axis, (double[]){ 0, 10, 20, 30, 40 }, 5); /* no step more than is needed */
}

Test(report_axis, linear_goes_below_zero_when_values_do)
{
	struct axis axis;

	axis_linear(&axis, -7, 12, UNIT_MS, 5);
	expect_ticks(&axis, (double[]){ -10, -5, 0, 5, 10, 15 }, 6);
}

Test(report_axis, nothing_but_zero_has_a_scale)
{
	struct axis axis;

	axis_linear(&axis, 0, 0, UNIT_COUNT, 5);
	cr_expect_gt(axis.high, axis.low);
	cr_expect_eq(axis_place(&axis, 0), 0);
	axis_time(&axis, 0, 0, 6);
	cr_expect_gt(axis.high, axis.low);
}

Test(report_axis, counts_have_no_halves_and_bytes_go_by_twos)
{
	struct axis axis;

	axis_linear(&axis, 0, 2, UNIT_COUNT, 5);
	expect_ticks(&axis, (double[]){ 0, 1, 2 }, 3);
	axis_linear(&axis, 0, 30.0 * 1048576, UNIT_BYTES, 5);
	expect_ticks(&axis, (double[]){ 0, 8388608, 16777216, 25165824, 33554432 }, 5);
	expect_label(&axis, 4, "32 MiB");
}

Test(report_axis, time_ends_where_the_test_does)
{
	struct axis axis;

	axis_time(&axis, 0, 78, 6);
	expect_ticks(&axis, (double[]){ 0, 15, 30, 45, 60, 75 }, 6);
	cr_expect_eq(axis.high, 78);
	expect_label(&axis, 1, "15 s");
	axis_time(&axis, 0, 3600, 6);
	expect_ticks(&axis, (double[]){ 0, 600, 1200, 1800, 2400, 3000, 3600 }, 7);
	expect_label(&axis, 1, "10 min");
	axis_time(&axis, 0, 30 * 86400.0, 6);
	cr_expect_leq(axis.ticks, 8);
}

Test(report_axis, log_ends_are_round_and_decades_evenly_apart)
{
	struct axis axis;

	axis_log(&axis, 0.7, 38, UNIT_MS);
	expect_ticks(&axis, (double[]){ 0.5, 1, 2, 5, 10, 20, 50 }, 7);
	axis_log(&axis, 5, 20, UNIT_MS);
	expect_ticks(&axis, (double[]){ 5, 10, 20 }, 3);
	axis_log(&axis, 0.1, 10000, UNIT_MS);
	expect_ticks(&axis, (double[]){ 0.1, 1, 10, 100, 1000, 10000 }, 6);
	cr_expect_float_eq(axis_place(&axis, 1), 0.2, 1e-9);
	cr_expect_float_eq(axis_place(&axis, 10), 0.4, 1e-9);
	cr_expect_eq(axis_place(&axis, 0), 0); /* has no logarithm; lies at the floor */
	expect_label(&axis, 5, "10 s");
	axis_log(&axis, 5, 5, UNIT_MS);
	cr_expect_gt(axis.high, axis.low);
}

Test(report_axis, nines_stand_evenly_apart_and_the_maximum_last)
{
	struct axis axis;

	axis_nines(&axis, 0.9999);
	expect_ticks(&axis, (double[]){ 0, 0.5, 0.9, 0.99, 0.999, 0.9999, 1 }, 7);
	cr_expect_float_eq(axis_place(&axis, 0.99) - axis_place(&axis, 0.9),
			   axis_place(&axis, 0.999) - axis_place(&axis, 0.99), 1e-9);
	cr_expect_lt(axis_place(&axis, 0.9999), 1);
	cr_expect_eq(axis_place(&axis, 1), 1);
	expect_label(&axis, 1, "50%");
	expect_label(&axis, 4, "99.9%");
	expect_label(&axis, 6, "max");
	axis_nines(&axis, 1 - 1e-15); /* bounded, whatever a file says */
	cr_expect_leq(axis.ticks, 10);
	axis_nines(&axis, 0);
	cr_expect_eq(axis.tick[axis.ticks - 2], 0.9);
}

Test(report_axis, what_is_outside_is_put_to_the_end)
{
	struct axis axis;

	axis_linear(&axis, 0, 10, UNIT_MS, 5);
	cr_expect_eq(axis_place(&axis, -1), 0);
	cr_expect_eq(axis_place(&axis, 11), 1);
	cr_expect_float_eq(axis_place(&axis, 5), 0.5, 1e-9);
}
