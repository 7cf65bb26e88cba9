/* measure.h - how long one run of something takes: the median of several rounds, each long beside reading the clock.
 *
 * A line of a report: name, bytes a second, nanoseconds an operation, and how
 * many times its floor that is.
 */
#ifndef MEASURE_H
#define MEASURE_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define MEASURE_ROUNDS 15
#define MEASURE_ROUND_NS 4000000.0

typedef void measure_fn(void);

static inline double measure_now_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

/* What the compiler may not look through: it must take memory to be read and written here. */
static inline void measure_touch(const void *bytes)
{
	__asm__ volatile("" : : "r"(bytes) : "memory");
}

static inline double measure_round(measure_fn *run, size_t times)
{
	const double start = measure_now_ns();

	for (size_t i = 0; i < times; i++) {
		measure_touch(NULL);
		run();
	}
	return measure_now_ns() - start;
}

static inline int measure_by_value(const void *a, const void *b)
{
	const double x = *(const double *)a;
	const double y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Nanoseconds of one run. */
static inline double measure(measure_fn *run)
{
	double rounds[MEASURE_ROUNDS];
	size_t times = 1;

	while (measure_round(run, times) < MEASURE_ROUND_NS)
		times *= 2;
	for (size_t round = 0; round < MEASURE_ROUNDS; round++)
		rounds[round] = measure_round(run, times) / (double)times;
	qsort(rounds, MEASURE_ROUNDS, sizeof(rounds[0]), measure_by_value);
	return rounds[MEASURE_ROUNDS / 2];
}

/* Prints the line and returns ns. */
static inline double measure_report(const char *name, size_t size, double ns, double floor_ns)
{
	printf("%-32s %8.0f MB/s %10.1f ns/op %8.2f\n", name, (double)size * 1e3 / ns, ns, ns / floor_ns);
	return ns;
}

#endif
