/* results.json as another reads it: what stands where, and null for what was not measured. */
#include <criterion/criterion.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/load/results.h"

static struct options options;
static struct record record;
static struct summary summary;
static struct verdict verdict;

static void setup(void)
{
	struct scenario scenario = *scenario_builtin("apocalypse");

	memset(&options, 0, sizeof(options));
	options.label = "a \"label\"\n\xc3\xa9";
	options.target.dialect = dialect_find("raw");
	cr_assert(record_open(&record, &scenario));
	record.hold.ns = 1000000000;
	record.held.ns = 3000000000;
	record.end.totals.sent = 7;
	hist_add(&record.connect, 5000000, 10);
	for (size_t i = 0; i < 300; i++) { /* more than the first allocation */
		struct record_row *const row = record_push(&record);

		row->column[RECORD_t_s] = (double)i;
		row->phase = i < 299 ? PHASE_RAMP : PHASE_HOLD;
	}
	record_summary(&record, &summary);
	verdict_judge(&verdict, &record, &summary, 0);
}

static void teardown(void)
{
	record_close(&record);
}

TestSuite(load_results, .init = setup, .fini = teardown);

static json_t *written(void)
{
	char *text;
	size_t size;
	json_error_t error;
	FILE *const file = open_memstream(&text, &size);

	results_json(file, &options, &record, &summary, &verdict);
	fclose(file);
	json_t *const root = json_loads(text, JSON_REJECT_DUPLICATES, &error);

	cr_assert(root, "line %d: %s\n%s", error.line, error.text, text);
	free(text);
	return root;
}

static json_t *at(json_t *root, const char *object, const char *key)
{
	json_t *const value = json_object_get(json_object_get(root, object), key);

	cr_assert(value, "%s.%s is not there", object, key);
	return value;
}

Test(load_results, what_stands_where)
{
	json_t *const root = written();

	cr_assert_eq(json_integer_value(json_object_get(root, "schema")), 1);
	cr_assert_str_eq(json_string_value(json_object_get(root, "label")), options.label);
	cr_assert(json_is_null(json_object_get(root, "commit")));
	cr_assert_str_eq(json_string_value(json_object_get(root, "name")), "apocalypse");
	cr_assert_eq(json_integer_value(at(root, "scenario", "connections")), 10000);
	cr_assert_str_eq(json_string_value(at(root, "scenario", "ramp")), "burst 0s:10000");
	cr_assert(json_is_false(at(root, "scenario", "storm")));
	cr_assert(json_is_null(at(root, "target", "server_pid")));
	cr_assert_eq(json_number_value(at(root, "summary", "duration_s")), 2);
	cr_assert_eq(json_number_value(at(root, "summary", "sent")), 7);
	cr_assert(json_is_null(at(root, "summary", "server_cpu_s")));
	cr_assert(json_is_null(at(root, "summary", "latency_p50_ms")));
	cr_assert(json_is_false(at(root, "target", "compress")));
	cr_assert(json_is_null(at(root, "summary", "compressed_connections")));
	cr_assert_eq(json_object_size(json_object_get(root, "summary")), SUMMARY_COUNT);
	json_decref(root);
}

Test(load_results, compression_was_offered)
{
	options.target.compress = record.compress = true;
	record.end.totals.deflate_agreed = 3;
	record.end.totals.compressed = 5;
	record.end.totals.compressed_bytes = 500;
	record.end.totals.inflated_bytes = 900;
	record_summary(&record, &summary);
	json_t *const root = written();

	cr_assert(json_is_true(at(root, "target", "compress")));
	cr_assert_eq(json_number_value(at(root, "summary", "compressed_connections")), 3);
	cr_assert_eq(json_number_value(at(root, "summary", "compressed_messages")), 5);
	cr_assert_eq(json_number_value(at(root, "summary", "compressed_bytes")), 500);
	cr_assert_eq(json_number_value(at(root, "summary", "inflated_bytes")), 900);
	json_decref(root);
}

Test(load_results, the_verdict)
{
	json_t *root;
	json_t *rows;

	record.interrupted = true;
	verdict_judge(&verdict, &record, &summary, 0);
	verdict.passed = true;
	root = written();
	cr_assert(json_is_false(at(root, "verdict", "valid")));
	cr_assert(json_is_false(at(root, "verdict", "passed")), "nothing is passed that is not valid");
	cr_assert_eq(json_array_size(at(root, "verdict", "invalid_reasons")), 1);
	rows = at(root, "verdict", "thresholds");
	cr_assert_eq(json_array_size(rows), 11);
	cr_assert_str_eq(json_string_value(json_object_get(json_array_get(rows, 5), "metric")), "connects_per_s");
	cr_assert_eq(json_number_value(json_object_get(json_array_get(rows, 5), "limit")), 503.8);
	cr_assert(json_is_true(json_object_get(json_array_get(rows, 5), "reference")));
	cr_assert(json_is_null(json_object_get(json_array_get(rows, 5), "value")));
	json_decref(root);
}

Test(load_results, series_and_curves)
{
	json_t *const root = written();

	for (int i = 0; i < RECORD_COLUMNS; i++)
		cr_assert_eq(json_array_size(at(root, "series", record_column((enum record_column)i))), 300);
	cr_assert_eq(json_number_value(json_array_get(at(root, "series", "t_s"), 299)), 299);
	cr_assert(json_is_null(json_array_get(at(root, "series", "latency_p99_ms"), 0)));
	cr_assert_str_eq(json_string_value(json_array_get(at(root, "series", "phase"), 298)), "ramp");
	cr_assert_str_eq(json_string_value(json_array_get(at(root, "series", "phase"), 299)), "hold");
	cr_assert(json_is_null(at(root, "percentiles", "latency")));
	cr_assert(json_array_size(at(root, "percentiles", "connect")) > 50);
	json_decref(root);
}

Test(load_results, three_files)
{
	char folder[64] = "/tmp/test-results-XXXXXX", out[128], why[200], path[160];
	static const char *const names[] = { "results.json", "summary.csv", "timeline.csv" };

	cr_assert(mkdtemp(folder));
	snprintf(out, sizeof(out), "%s/a/b", folder);
	options.out = out;
	cr_assert(results_prepare(out, why), "%s", why);
	cr_assert(results_prepare(out, why), "what is there already is good");
	cr_assert(results_write(&options, &record, &summary, &verdict, why), "%s", why);
	for (size_t i = 0; i < 3; i++) {
		struct stat is;

		snprintf(path, sizeof(path), "%s/%s", out, names[i]);
		cr_assert(stat(path, &is) == 0 && is.st_size > 100, "%s", path);
		cr_assert_eq(unlink(path), 0);
	}
	cr_assert_eq(rmdir(out), 0, "and nothing else");
	cr_assert(!results_write(&options, &record, &summary, &verdict, why));
	snprintf(path, sizeof(path), "%s/a", folder);
	rmdir(path);
	rmdir(folder);
	cr_assert(!results_prepare("/proc/none", why));
	cr_assert(strstr(why, "/proc/none"), "%s", why);
}

Test(load_results, what_is_no_utf8_does_not_break_the_file)
{
	options.label = "\xff!";
	json_t *const root = written();

	cr_assert_str_eq(json_string_value(json_object_get(root, "label")), "?!");
	json_decref(root);
}
