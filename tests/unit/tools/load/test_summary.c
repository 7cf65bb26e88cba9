/* Names of figures, times of a histogram, and the percentile curve. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "tools/load/summary.h"

static struct hist hist;
static struct summary summary;

static void setup(void)
{
	memset(&hist, 0, sizeof(hist));
	summary_clear(&summary);
}

TestSuite(load_summary, .init = setup);

Test(load_summary, names)
{
	cr_assert_eq(summary_find("latency_p99_ms"), SUMMARY_latency_p99_ms);
	cr_assert_str_eq(summary_name(SUMMARY_latency_p99_9_ms), "latency_p99_9_ms");
	cr_assert_eq(summary_find("latency"), -1);
	cr_assert_eq(summary_find(""), -1);
}

Test(load_summary, nothing_measured_is_not_0)
{
	struct summary_point points[SUMMARY_CURVE_MAX];

	summary_times(&summary, SUMMARY_latency_mean_ms, &hist);
	cr_assert(isnan(summary.figure[SUMMARY_latency_mean_ms]));
	cr_assert(isnan(summary.figure[SUMMARY_latency_max_ms]));
	cr_assert_eq(summary_curve(&hist, points), 0);
}

static void near(double value, double wanted)
{
	cr_assert(fabs(value - wanted) <= wanted / 50, "%g is not near %g", value, wanted);
}

/* 1 to 10,000 microseconds, once each. */
static void fill(void)
{
	for (uint64_t i = 1; i <= 10000; i++)
		hist_add(&hist, i * 1000, 1);
}

Test(load_summary, times)
{
	fill();
	summary_times(&summary, SUMMARY_ack_mean_ms, &hist);
	near(summary.figure[SUMMARY_ack_mean_ms], 5.0005);
	near(summary.figure[SUMMARY_ack_p50_ms], 5);
	near(summary.figure[SUMMARY_ack_p75_ms], 7.5);
	near(summary.figure[SUMMARY_ack_p90_ms], 9);
	near(summary.figure[SUMMARY_ack_p95_ms], 9.5);
	near(summary.figure[SUMMARY_ack_p99_ms], 9.9);
	near(summary.figure[SUMMARY_ack_p99_9_ms], 9.99);
	near(summary.figure[SUMMARY_ack_p99_99_ms], 9.999);
	cr_assert_eq(summary.figure[SUMMARY_ack_max_ms], 10);
	cr_assert(isnan(summary.figure[SUMMARY_latency_max_ms]), "others are left alone");
	cr_assert(isnan(summary.figure[SUMMARY_connect_mean_ms]));
}

Test(load_summary, the_curve_rises_to_the_maximum)
{
	struct summary_point points[SUMMARY_CURVE_MAX];
	size_t count;

	fill();
	count = summary_curve(&hist, points);
	cr_assert(count > 50 && count <= SUMMARY_CURVE_MAX, "%zu", count);
	cr_assert_eq(points[0].quantile, 0);
	for (size_t i = 1; i < count; i++) {
		cr_assert(points[i].quantile > points[i - 1].quantile);
		cr_assert(points[i].ms >= points[i - 1].ms);
		if (points[i].quantile < 1)
			near(points[i].ms, fmax(points[i].quantile * 10, 0.001));
	}
	cr_assert_eq(points[count - 2].quantile, 0.9999);
	cr_assert_eq(points[count - 1].quantile, 1);
	cr_assert_eq(points[count - 1].ms, 10);
}
