/* Files: what is missing is NaN, and what is wrong is refused with its name and place. */
#include <math.h>

#include "tests/unit/tools/report/report_fixture.h"

static struct run run;
static char why[INPUT_WHY_SIZE];

Test(report_input, null_and_missing_are_not_measured)
{
	fixture_must_read(&run, RESULTS("a", "\"lost\":0,\"recovered_s\":null", ""));
	cr_expect_eq(input_figure(&run, "lost"), 0);
	cr_expect(isnan(input_figure(&run, "recovered_s")));
	cr_expect(isnan(input_figure(&run, "received")));
	cr_expect_null(input_series(&run, "t_s"));
	cr_expect_null(input_percentiles(&run, "latency"));
	cr_expect_null(input_key(&run, "scenario", 0));
	input_free(&run);
}

Test(report_input, series_have_gaps_and_phases)
{
	fixture_must_read(&run, RESULTS("a", "",
					",\"series\":{\"t_s\":[1,2,3,4],\"sent_per_s\":[null,5,6,null],"
					"\"phase\":[\"ramp\",\"hold\",\"hold\",\"drain\"]},"
					"\"percentiles\":{\"latency\":[[0,1],[0.5,2],[1,null]],\"ack\":null}"));
	const struct series *sent = input_series(&run, "sent_per_s");
	const struct series *latency = input_percentiles(&run, "latency");

	cr_assert_not_null(sent);
	cr_expect_eq(sent->count, 4u);
	cr_expect(isnan(sent->y[0]) && isnan(sent->y[3]));
	cr_expect_eq(sent->y[2], 6);
	cr_expect_eq(sent->x[3], 4);
	cr_assert_eq(run.phases, 3u);
	cr_expect_str_eq(run.phase[1].name, "hold");
	cr_expect_eq(run.phase[0].from_s, 0);
	cr_expect_eq(run.phase[1].from_s, 1);
	cr_expect_eq(run.phase[1].to_s, 3);
	cr_assert_not_null(latency);
	cr_expect_eq(latency->x[1], 0.5);
	cr_expect(isnan(latency->y[2]));
	cr_expect_null(input_percentiles(&run, "ack"));
	input_free(&run);
}

Test(report_input, objects_in_words)
{
	static const struct {
		const char *key, *words;
	} rows[] = { { "connections", "1,000" },
		     { "ramp", "linear 10s" },
		     { "storm", "no" },
		     { "none", "none" },
		     { "list", "[1.0,2.0]" } };

	fixture_must_read(&run, RESULTS("a", "",
					",\"scenario\":{\"connections\":1000,\"ramp\":\"linear 10s\",\"storm\":false,"
					"\"none\":null,\"list\":[1,2]}"));
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char *words = input_words(&run, "scenario", rows[i].key);

		cr_expect_str_eq(input_key(&run, "scenario", i), rows[i].key);
		cr_assert_not_null(words);
		cr_expect_str_eq(words, rows[i].words);
		free(words);
	}
	cr_expect_null(input_key(&run, "scenario", 5));
	cr_expect_null(input_words(&run, "scenario", "other"));
	input_free(&run);
}

Test(report_input, malformed_json_is_refused_with_file_and_place)
{
	static const struct {
		const char *json, *place;
	} rows[] = {
		{ "", "line 1, column 0" },
		{ "{\n \"schema\": 1,\n \"name\": }", "line 3, column 10" },
		{ "{\"schema\":1", "line 1, column 11" },
		{ "{\"schema\":1} x", "line 1, column 14" },
		{ "{\"schema\":1,\"schema\":1}", "line 1, column 20" },
		{ "{\"schema\":1,\"name\":\"\xff\"}", "line 1, column 20" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		cr_expect_not(fixture_read(&run, rows[i].json, why), "row %zu", i);
		cr_expect_not_null(strstr(why, rows[i].place), "row %zu: %s", i, why);
		cr_expect_not_null(strstr(why, "/tmp/test-report-"), "row %zu: %s", i, why);
		cr_expect_null(run.root);
	}
}

Test(report_input, what_is_no_result_is_refused_by_name)
{
	static const struct {
		const char *json, *place;
	} rows[] = {
		{ "[]", "the whole" },
		{ "{}", "schema" },
		{ "{\"schema\":2}", "schema" },
		{ "{\"schema\":1}", "verdict" },
		{ "{\"schema\":1,\"name\":5}", "name" },
		{ "{\"schema\":1,\"verdict\":{\"valid\":true,\"passed\":1}}", "verdict" },
		{ "{\"schema\":1,\"verdict\":{\"valid\":true,\"passed\":true}}", "summary" },
		{ "{\"schema\":1,\"verdict\":{\"valid\":true,\"passed\":true,\"invalid_reasons\":[1]}}",
		  "verdict.invalid_reasons" },
		{ "{\"schema\":1,\"verdict\":{\"valid\":true,\"passed\":true,\"thresholds\":[{}]}}",
		  "verdict.thresholds[0]" },
		{ "{\"schema\":1,\"verdict\":{\"valid\":true,\"passed\":true,\"thresholds\":"
		  "[{\"metric\":\"lost\",\"op\":\"!\",\"limit\":1}]}}",
		  "verdict.thresholds[0]" },
		{ RESULTS("a", "\"lost\":\"none\"", ""), "summary.lost" },
		{ RESULTS("a", "", ",\"series\":{}"), "series.t_s" },
		{ RESULTS("a", "", ",\"series\":{\"t_s\":[2,1]}"), "series.t_s" },
		{ RESULTS("a", "", ",\"series\":{\"t_s\":[1,2],\"x\":[1]}"), "series.x" },
		{ RESULTS("a", "", ",\"series\":{\"t_s\":[1,2],\"x\":[1,\"\"]}"), "series.x" },
		{ RESULTS("a", "", ",\"series\":{\"t_s\":[1,2],\"phase\":[\"hold\",null]}"), "series.phase" },
		{ RESULTS("a", "", ",\"percentiles\":{\"ack\":[[0.5]]}"), "percentiles.ack" },
		{ RESULTS("a", "", ",\"percentiles\":{\"ack\":[[1.1,2]]}"), "percentiles.ack" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		cr_expect_not(fixture_read(&run, rows[i].json, why), "row %zu", i);
		cr_expect_not_null(strstr(why, rows[i].place), "row %zu: %s", i, why);
		cr_expect_null(run.root);
	}
}

Test(report_input, a_file_that_is_not_there)
{
	cr_expect_not(input_load(&run, "/tmp/no such file", why));
	cr_expect_not_null(strstr(why, "/tmp/no such file"), "%s", why);
}

/* A result whose `part` ("reasons", "thresholds" or "phases") has so many. */
static bool read_many(const char *part, size_t count)
{
	char *json;
	size_t size;
	FILE *out = open_memstream(&json, &size);
	bool done;

	cr_assert_not_null(out);
	fputs("{\"schema\":1,\"summary\":{},\"verdict\":{\"valid\":true,\"passed\":true,\"invalid_reasons\":[", out);
	for (size_t i = 0; i < count && strcmp(part, "reasons") == 0; i++)
		fprintf(out, "%s\"r\"", i ? "," : "");
	fputs("],\"thresholds\":[", out);
	for (size_t i = 0; i < count && strcmp(part, "thresholds") == 0; i++)
		fprintf(out, "%s{\"metric\":\"lost\",\"op\":\"=\",\"limit\":0,\"value\":0}", i ? "," : "");
	fputs("]},\"series\":{\"t_s\":[", out);
	for (size_t i = 0; i < count && strcmp(part, "phases") == 0; i++)
		fprintf(out, "%s%zu", i ? "," : "", i);
	fputs("],\"phase\":[", out);
	for (size_t i = 0; i < count && strcmp(part, "phases") == 0; i++)
		fprintf(out, "%s\"phase %zu\"", i ? "," : "", i);
	fputs("]}}", out);
	fclose(out);
	done = fixture_read(&run, json, why);
	free(json);
	return done;
}

Test(report_input, limits_hold_at_them_and_one_past)
{
	cr_assert(read_many("reasons", INPUT_REASONS_MAX), "%s", why);
	cr_expect_eq(run.reasons, (size_t)INPUT_REASONS_MAX);
	input_free(&run);
	cr_expect_not(read_many("reasons", INPUT_REASONS_MAX + 1));
	cr_assert(read_many("thresholds", INPUT_THRESHOLDS_MAX), "%s", why);
	cr_expect_eq(run.thresholds, (size_t)INPUT_THRESHOLDS_MAX);
	input_free(&run);
	cr_expect_not(read_many("thresholds", INPUT_THRESHOLDS_MAX + 1));
	for (size_t past = 0; past < 2; past++) { /* one past is not drawn, but no reason to refuse the rest */
		cr_assert(read_many("phases", INPUT_PHASES_MAX + past), "%s", why);
		cr_expect_eq(run.phases, (size_t)INPUT_PHASES_MAX);
		cr_expect_eq(run.phase[INPUT_PHASES_MAX - 1].to_s, INPUT_PHASES_MAX - 1);
		cr_expect_eq(run.reasons, 0u);
		input_free(&run);
	}
}

Test(input, runs_of_several_scenarios_are_told_apart_by_them)
{
#define HEAD "{\"schema\":1,\"verdict\":{\"valid\":true,\"passed\":true},\"summary\":{},"
	static const char *const texts[] = {
		HEAD "\"name\":\"k6\",\"label\":\"h:1\"}",
		HEAD "\"name\":\"echo\",\"label\":\"h:1\"}",
		HEAD "\"name\":\"idle\"}",
	};
	static struct runs runs;

	for (; runs.count < 3; runs.count++)
		fixture_must_read(&runs.run[runs.count], texts[runs.count]);
	input_tell_apart(&runs);
	cr_expect_str_eq(runs.run[0].label, "k6 h:1");
	cr_expect_str_eq(runs.run[1].label, "echo h:1");
	cr_expect_str_eq(runs.run[2].label, "idle", "its own already");
	for (size_t i = 0; i < 3; i++)
		input_free(&runs.run[i]);
}

Test(input, runs_of_one_scenario_have_their_labels)
{
	static struct runs runs;

	for (; runs.count < 2; runs.count++)
		fixture_must_read(&runs.run[runs.count], RESULTS("h:1", "", ""));
	input_tell_apart(&runs);
	cr_expect_str_eq(runs.run[0].label, "h:1");
	for (size_t i = 0; i < 2; i++)
		input_free(&runs.run[i]);
}
