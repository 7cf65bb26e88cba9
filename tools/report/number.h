/* number.h - a figure as people read it: "1,234,000", "3.10 ms", "1.50 GiB", "not measured".
 *
 * Between a number and its unit stands U+00A0, so that no line ends there; but not on an axis.
 */
#ifndef REPORT_NUMBER_H
#define REPORT_NUMBER_H

#define NUMBER_SIZE 48

enum unit {
	UNIT_COUNT,
	UNIT_RATE, /* of something a second */
	UNIT_S,
	UNIT_MS,
	UNIT_US,
	UNIT_NS,
	UNIT_BYTES,
	UNIT_PERCENT,
};

/* What a figure of this name is counted in: "latency_p99_ms" in milliseconds. */
enum unit number_unit(const char *key);

/* For tables and sentences. NaN is a figure that was not measured. */
void number_text(char out[NUMBER_SIZE], double value, enum unit unit);

/* For the labels of an axis: "500 k", "512 MiB", "2 min". */
void number_short(char out[NUMBER_SIZE], double value, enum unit unit);

#endif
