#include "tools/report/input_curve.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool refuse(const struct run *run, char why[INPUT_WHY_SIZE], const char *folder, const char *key,
		   const char *what)
{
	snprintf(why, INPUT_WHY_SIZE, "%.200s: %s.%.80s: %s", run->file, folder, key, what);
	return false;
}

static double *numbers(size_t count)
{
	double *room = calloc(count ? count : 1, sizeof(*room));

	if (!room) {
		fprintf(stderr, "uproar-report: no memory for %zu numbers\n", count);
		abort();
	}
	return room;
}

static bool read_column(struct run *run, const char *key, json_t *values, double *time, size_t count,
			char why[INPUT_WHY_SIZE])
{
	char what[96];
	double *y;

	if (!json_is_array(values))
		return refuse(run, why, "series", key, "an array is wanted");
	if (json_array_size(values) != count) {
		snprintf(what, sizeof(what), "%zu values are wanted, as many as t_s has; there are %zu", count,
			 json_array_size(values));
		return refuse(run, why, "series", key, what);
	}
	if (run->series_count == INPUT_SERIES_MAX)
		return true; /* none that this program draws is so late */
	y = numbers(count);
	run->series[run->series_count++] = (struct series){ .key = key, .x = time, .y = y, .count = count };
	for (size_t i = 0; i < count; i++) {
		json_t *value = json_array_get(values, i);

		if (!json_is_number(value) && !json_is_null(value)) {
			snprintf(what, sizeof(what), "value %zu: a number or null is wanted", i);
			return refuse(run, why, "series", key, what);
		}
		y[i] = json_is_number(value) ? json_number_value(value) : NAN;
	}
	return true;
}

/* A sample tells of the time before it: a phase begins at the sample before its first. */
static bool read_phases(struct run *run, json_t *names, const struct series *time, char why[INPUT_WHY_SIZE])
{
	struct phase *now = NULL;

	if (!names || json_is_null(names))
		return true;
	if (!json_is_array(names) || json_array_size(names) != time->count)
		return refuse(run, why, "series", "phase", "an array as long as t_s is wanted");
	for (size_t i = 0; i < time->count; i++) {
		const char *name = json_string_value(json_array_get(names, i));

		if (!name)
			return refuse(run, why, "series", "phase", "an array of texts is wanted");
		if (!now || strcmp(now->name, name) != 0) {
			if (run->phases == INPUT_PHASES_MAX)
				return true;
			now = &run->phase[run->phases++];
			*now = (struct phase){ .name = name, .from_s = i ? time->x[i - 1] : fmin(0, time->x[0]) };
		}
		now->to_s = time->x[i];
	}
	return true;
}

static bool read_time(struct run *run, json_t *times, char why[INPUT_WHY_SIZE])
{
	const size_t count = json_array_size(times);
	struct series *time = &run->series[0];

	if (!json_is_array(times))
		return refuse(run, why, "series", "t_s", "an array is wanted");
	if (count > INPUT_POINTS_MAX)
		return refuse(run, why, "series", "t_s", "there are more than 1,000,000 of them");
	*time = (struct series){ .key = "t_s", .x = numbers(count), .count = count };
	time->y = time->x;
	run->series_count = 1;
	for (size_t i = 0; i < count; i++) {
		json_t *value = json_array_get(times, i);

		time->x[i] = json_number_value(value);
		if (!json_is_number(value) || (i && time->x[i] < time->x[i - 1]))
			return refuse(run, why, "series", "t_s", "numbers that never go down are wanted");
	}
	return true;
}

static bool read_series(struct run *run, char why[INPUT_WHY_SIZE])
{
	json_t *all = json_object_get(run->root, "series");

	if (!all || json_is_null(all))
		return true;
	if (!json_is_object(all))
		return refuse(run, why, "series", "t_s", "an object with this array and others is wanted");
	if (!read_time(run, json_object_get(all, "t_s"), why) ||
	    !read_phases(run, json_object_get(all, "phase"), &run->series[0], why))
		return false;
	for (void *at = json_object_iter(all); at; at = json_object_iter_next(all, at)) {
		const char *key = json_object_iter_key(at);
		json_t *values = json_object_iter_value(at);

		if (strcmp(key, "t_s") != 0 && strcmp(key, "phase") != 0 && !json_is_null(values) &&
		    !read_column(run, key, values, run->series[0].x, run->series[0].count, why))
			return false;
	}
	return true;
}

static bool read_pairs(struct run *run, const char *key, json_t *pairs, char why[INPUT_WHY_SIZE])
{
	const size_t count = json_array_size(pairs);
	struct series *curve;

	if (!json_is_array(pairs) || count > INPUT_POINTS_MAX)
		return refuse(run, why, "percentiles", key, "an array of [quantile, milliseconds] is wanted");
	if (run->percentiles_count == INPUT_SERIES_MAX)
		return true;
	curve = &run->percentiles[run->percentiles_count++];
	*curve = (struct series){ .key = key, .x = numbers(count), .y = numbers(count), .count = count };
	for (size_t i = 0; i < count; i++) {
		json_t *pair = json_array_get(pairs, i);
		json_t *quantile = json_array_get(pair, 0), *value = json_array_get(pair, 1);

		curve->x[i] = json_number_value(quantile);
		curve->y[i] = json_is_number(value) ? json_number_value(value) : NAN;
		if (!json_is_number(quantile) || curve->x[i] < 0 || curve->x[i] > 1 ||
		    (i && curve->x[i] < curve->x[i - 1]) || (!json_is_number(value) && !json_is_null(value)))
			return refuse(run, why, "percentiles", key,
				      "pairs of a quantile from 0 to 1, rising, and a number are wanted");
	}
	return true;
}

bool input_curves_read(struct run *run, char why[INPUT_WHY_SIZE])
{
	json_t *all = json_object_get(run->root, "percentiles");

	if (!read_series(run, why))
		return false;
	if (all && !json_is_object(all) && !json_is_null(all))
		return refuse(run, why, "percentiles", "latency", "an object of arrays is wanted");
	for (void *at = json_object_iter(all); at; at = json_object_iter_next(all, at))
		if (!json_is_null(json_object_iter_value(at)) &&
		    !read_pairs(run, json_object_iter_key(at), json_object_iter_value(at), why))
			return false;
	return true;
}

void input_curves_free(struct run *run)
{
	for (size_t i = 0; i < run->series_count; i++)
		if (i) /* the first is the time, y and x in one */
			free(run->series[i].y);
	for (size_t i = 0; i < run->percentiles_count; i++) {
		free(run->percentiles[i].x);
		free(run->percentiles[i].y);
	}
	if (run->series_count)
		free(run->series[0].x);
	run->series_count = run->percentiles_count = 0;
}
