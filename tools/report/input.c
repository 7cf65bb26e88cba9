#include "tools/report/input.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/report/input_curve.h"
#include "tools/report/number.h"

#define SCHEMA 1

static bool refuse(const struct run *run, char why[INPUT_WHY_SIZE], const char *where, const char *what)
{
	snprintf(why, INPUT_WHY_SIZE, "%.200s: %.100s: %s", run->file, where, what);
	return false;
}

/* A text or null; nothing else. */
static bool text(const struct run *run, json_t *object, const char *key, const char **out, char why[INPUT_WHY_SIZE])
{
	json_t *value = json_object_get(object, key);

	*out = json_string_value(value);
	if (value && !json_is_string(value) && !json_is_null(value))
		return refuse(run, why, key, "a text is wanted");
	return true;
}

static bool read_head(struct run *run, char why[INPUT_WHY_SIZE])
{
	json_t *schema = json_object_get(run->root, "schema");

	if (!json_is_object(run->root))
		return refuse(run, why, "the whole", "an object is wanted, as uproar-load writes it");
	if (!json_is_number(schema))
		return refuse(run, why, "schema", "a number is wanted; is this a results.json of uproar-load?");
	if (json_number_value(schema) != SCHEMA)
		return refuse(run, why, "schema",
			      "1 is the only one this program knows; use the uproar-report of that version");
	if (!text(run, run->root, "name", &run->name, why) || !text(run, run->root, "label", &run->label, why) ||
	    !text(run, run->root, "started", &run->started, why) ||
	    !text(run, run->root, "command", &run->command, why) ||
	    !text(run, run->root, "commit", &run->commit, why) || !text(run, run->root, "tool", &run->tool, why))
		return false;
	run->name = run->name ? run->name : "unnamed";
	run->label = run->label && *run->label ? run->label : run->name;
	return true;
}

static double number_or_nan(json_t *value)
{
	return json_is_number(value) ? json_number_value(value) : NAN;
}

static bool is_figure(json_t *value)
{
	return !value || json_is_number(value) || json_is_null(value);
}

static bool read_threshold(struct run *run, json_t *row, size_t index, char why[INPUT_WHY_SIZE])
{
	struct threshold *threshold = &run->threshold[run->thresholds++];
	char where[64];

	snprintf(where, sizeof(where), "verdict.thresholds[%zu]", index);
	if (!json_is_object(row) || !json_is_string(json_object_get(row, "metric")) ||
	    !json_is_string(json_object_get(row, "op")) || !json_is_number(json_object_get(row, "limit")) ||
	    !is_figure(json_object_get(row, "value")))
		return refuse(run, why, where, "an object with metric, op, limit and value is wanted");
	threshold->metric = json_string_value(json_object_get(row, "metric"));
	threshold->op = json_string_value(json_object_get(row, "op"));
	threshold->limit = json_number_value(json_object_get(row, "limit"));
	threshold->value = number_or_nan(json_object_get(row, "value"));
	threshold->passed = json_is_true(json_object_get(row, "passed"));
	threshold->reference = json_is_true(json_object_get(row, "reference"));
	threshold->source = json_string_value(json_object_get(row, "source"));
	threshold->source = threshold->source ? threshold->source : "";
	if (!strchr("<>=", threshold->op[0]) || strlen(threshold->op) != 1)
		return refuse(run, why, where, "op is one of <, > and =");
	return true;
}

static bool read_verdict(struct run *run, char why[INPUT_WHY_SIZE])
{
	json_t *verdict = json_object_get(run->root, "verdict");
	json_t *reasons = json_object_get(verdict, "invalid_reasons"), *rows = json_object_get(verdict, "thresholds");

	if (!json_is_boolean(json_object_get(verdict, "valid")) || !json_is_boolean(json_object_get(verdict, "passed")))
		return refuse(run, why, "verdict", "an object with valid and passed, each true or false, is wanted");
	run->valid = json_is_true(json_object_get(verdict, "valid"));
	run->passed = json_is_true(json_object_get(verdict, "passed"));
	if ((reasons && !json_is_array(reasons)) || json_array_size(reasons) > INPUT_REASONS_MAX)
		return refuse(run, why, "verdict.invalid_reasons", "an array of at most 16 texts is wanted");
	for (size_t i = 0; i < json_array_size(reasons); i++) {
		run->reason[run->reasons++] = json_string_value(json_array_get(reasons, i));
		if (!run->reason[i])
			return refuse(run, why, "verdict.invalid_reasons", "an array of at most 16 texts is wanted");
	}
	if ((rows && !json_is_array(rows)) || json_array_size(rows) > INPUT_THRESHOLDS_MAX)
		return refuse(run, why, "verdict.thresholds", "an array of at most 64 is wanted");
	for (size_t i = 0; i < json_array_size(rows); i++)
		if (!read_threshold(run, json_array_get(rows, i), i, why))
			return false;
	return true;
}

static bool check_summary(const struct run *run, char why[INPUT_WHY_SIZE])
{
	json_t *summary = json_object_get(run->root, "summary");
	char where[100];

	if (!json_is_object(summary))
		return refuse(run, why, "summary", "an object is wanted");
	for (void *at = json_object_iter(summary); at; at = json_object_iter_next(summary, at))
		if (!is_figure(json_object_iter_value(at))) {
			snprintf(where, sizeof(where), "summary.%s", json_object_iter_key(at));
			return refuse(run, why, where, "a number or null is wanted");
		}
	return true;
}

bool input_load(struct run *run, const char *file, char why[INPUT_WHY_SIZE])
{
	json_error_t error;

	*run = (struct run){ .file = file };
	run->root = json_load_file(file, JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL, &error);
	if (!run->root && error.line < 0) {
		snprintf(why, INPUT_WHY_SIZE, "%s", error.text); /* names the file itself */
		return false;
	}
	if (!run->root) {
		snprintf(why, INPUT_WHY_SIZE, "%.200s: line %d, column %d: %s", file, error.line, error.column,
			 error.text);
		return false;
	}
	if (read_head(run, why) && read_verdict(run, why) && check_summary(run, why) && input_curves_read(run, why))
		return true;
	input_free(run);
	return false;
}

void input_tell_apart(struct runs *runs)
{
	bool same = true;

	for (size_t i = 1; i < runs->count; i++)
		same = same && strcmp(runs->run[i].name, runs->run[0].name) == 0;
	for (size_t i = 0; i < runs->count && !same; i++) {
		struct run *run = &runs->run[i];

		if (strcmp(run->label, run->name) == 0)
			continue;
		if (asprintf(&run->told_apart, "%s %s", run->name, run->label) < 0)
			abort();
		run->label = run->told_apart;
	}
}

void input_free(struct run *run)
{
	input_curves_free(run);
	free(run->told_apart);
	json_decref(run->root);
	*run = (struct run){ 0 };
}

double input_figure(const struct run *run, const char *key)
{
	return number_or_nan(json_object_get(json_object_get(run->root, "summary"), key));
}

static const struct series *find(const struct series *series, size_t count, const char *key)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(series[i].key, key) == 0)
			return &series[i];
	return NULL;
}

const struct series *input_series(const struct run *run, const char *key)
{
	return find(run->series, run->series_count, key);
}

const struct series *input_percentiles(const struct run *run, const char *key)
{
	return find(run->percentiles, run->percentiles_count, key);
}

const char *input_key(const struct run *run, const char *object, size_t index)
{
	json_t *from = json_object_get(run->root, object);
	void *at = json_object_iter(from);

	while (at && index--)
		at = json_object_iter_next(from, at);
	return at ? json_object_iter_key(at) : NULL;
}

char *input_words(const struct run *run, const char *object, const char *key)
{
	json_t *value = json_object_get(json_object_get(run->root, object), key);
	char number[NUMBER_SIZE];

	if (!value)
		return NULL;
	if (json_is_string(value))
		return strdup(json_string_value(value));
	if (json_is_number(value)) {
		number_text(number, json_number_value(value), number_unit(key));
		return strdup(number);
	}
	if (json_is_boolean(value))
		return strdup(json_is_true(value) ? "yes" : "no");
	return json_is_null(value) ? strdup("none") : json_dumps(value, JSON_COMPACT | JSON_REAL_PRECISION(6));
}
