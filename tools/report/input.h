/* input.h - a results.json of uproar-load (schema 1), checked and ready to be asked.
 *
 * What the file says as null, or not at all, was not measured: a number is NaN then, a text is NULL.
 * All texts are valid UTF-8, without a zero inside, and live as long as the run.
 */
#ifndef REPORT_INPUT_H
#define REPORT_INPUT_H

#include <stdbool.h>
#include <stddef.h>

#define INPUT_RUNS_MAX 8 /* as many as there are colours */
#define INPUT_WHY_SIZE 512
#define INPUT_SERIES_MAX 32
#define INPUT_POINTS_MAX 1000000 /* a second each: eleven days */
#define INPUT_PHASES_MAX 16
#define INPUT_THRESHOLDS_MAX 64
#define INPUT_REASONS_MAX 16

struct json_t;

/* Values over `x`, NaN where nothing was measured. Those of one run over time share one x. */
struct series {
	const char *key;
	double *x, *y;
	size_t count;
};

struct phase {
	const char *name;
	double from_s, to_s;
};

struct threshold {
	const char *metric;
	const char *op; /* "<" at most, ">" at least, "=" exactly */
	double limit, value;
	bool passed;
	bool reference; /* a published figure to be beaten; `source` says whose */
	const char *source;
};

struct run {
	const char *file;
	struct json_t *root;
	const char *name, *label, *started, *command, *commit, *tool;
	char *told_apart; /* what label is then */
	bool valid, passed;
	const char *reason[INPUT_REASONS_MAX]; /* why it is not valid */
	size_t reasons;
	struct threshold threshold[INPUT_THRESHOLDS_MAX];
	size_t thresholds;
	struct series series[INPUT_SERIES_MAX];      /* over seconds */
	size_t series_count;
	struct series percentiles[INPUT_SERIES_MAX]; /* over quantiles */
	size_t percentiles_count;
	struct phase phase[INPUT_PHASES_MAX];
	size_t phases;
};

struct runs {
	struct run run[INPUT_RUNS_MAX];
	size_t count;
};

/* Once all are loaded: where they are of several scenarios, labels begin with its name. */
void input_tell_apart(struct runs *runs);

/* Keeps `file` as the name. False with why[] naming file and position when it cannot be read, is no JSON or
 * is not what a results.json is; the run holds nothing then. */
bool input_load(struct run *run, const char *file, char why[INPUT_WHY_SIZE]);

void input_free(struct run *run);

/* A number of the summary. */
double input_figure(const struct run *run, const char *key);

/* NULL when the run has none of that name. */
const struct series *input_series(const struct run *run, const char *key);
const struct series *input_percentiles(const struct run *run, const char *key);

/* The names in an object of the run ("scenario", "machine" ...) in the file's order; NULL past the last. */
const char *input_key(const struct run *run, const char *object, size_t index);

/* One value of an object in words: "1,000", "yes", "3 ms", "none" for null. Gives a string to free(), or
 * NULL when the object has no such name. */
char *input_words(const struct run *run, const char *object, const char *key);

#endif
