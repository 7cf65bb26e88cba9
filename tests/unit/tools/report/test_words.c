/* Verdicts in words, and who did best. */
#include "tests/unit/tools/report/report_fixture.h"

#include "tools/report/words.h"

/* With plain blanks instead of U+00A0. */
static char *plain(char *text)
{
	char *to = text;

	for (const char *at = text; *at; at++)
		if (at[0] == '\302' && at[1] == '\240')
			continue;
		else
			*to++ = *at == '\240' ? ' ' : *at;
	*to = 0;
	return text;
}

static void expect_verdict(const char *json, const char *wanted)
{
	struct run run;
	char *text;

	fixture_must_read(&run, json);
	text = plain(words_verdict(&run));
	cr_expect_str_eq(text, wanted);
	free(text);
	input_free(&run);
}

Test(report_words, passed_says_what_arrived)
{
	expect_verdict(RESULTS("a",
			       "\"connected\":1000,\"received\":1234000,\"lost\":0,\"duplicated\":0,\"reordered\":0,"
			       "\"latency_p50_ms\":1.2,\"latency_p99_ms\":3.1",
			       ""),
		       "Passed: 1,000 receivers got 1,234,000 messages, none lost, doubled or out of order. "
		       "Half arrived within 1.20 ms, 99 of 100 within 3.10 ms.");
	expect_verdict(RESULTS("a", "\"connected\":1,\"received\":1,\"lost\":0", ""),
		       "Passed: 1 receiver got 1 message, none lost.");
	expect_verdict(RESULTS("a", "\"connected\":10000,\"received\":0,\"dropped\":0", ""),
		       "Passed: 10,000 connections were opened and held, none was lost.");
}

Test(report_words, what_was_not_measured_is_not_called_none)
{
	expect_verdict(RESULTS("a", "\"connected\":2,\"received\":5,\"lost\":null", ""),
		       "Passed: 2 receivers got 5 messages; whether all arrived was not measured.");
}

Test(report_words, failed_says_what_was_missed_but_not_what_others_published)
{
	expect_verdict(
		"{\"schema\":1,\"verdict\":{\"valid\":true,\"passed\":false,\"thresholds\":["
		"{\"metric\":\"latency_p99_ms\",\"op\":\"<\",\"limit\":200,\"value\":312,\"passed\":false},"
		"{\"metric\":\"latency_p50_ms\",\"op\":\"<\",\"limit\":1,\"value\":2,\"passed\":false,"
		"\"reference\":true}]},\"summary\":{\"connected\":2,\"received\":5,\"lost\":1,\"duplicated\":0}}",
		"Failed: 2 receivers got 5 messages, 1 was lost, none doubled. "
		"Delivery time, 99 of 100: 312 ms, wanted at most 200 ms.");
}

Test(report_words, invalid_says_why_and_praises_nothing)
{
	static const char json[] = "{\"schema\":1,\"verdict\":{\"valid\":false,\"passed\":true,\"invalid_reasons\":"
				   "[\"the load generator was the bottleneck\"],\"thresholds\":[{\"metric\":\"lost\","
				   "\"op\":\"=\",\"limit\":0,\"value\":0,\"passed\":true}]},\"summary\":{}}";
	struct run run;

	expect_verdict(json, "Not valid: the load generator was the bottleneck");
	fixture_must_read(&run, json);
	cr_expect_eq(words_outcome(&run), OUTCOME_INVALID);
	cr_expect_str_eq(words_threshold(&run, &run.threshold[0]), "does not count");
	input_free(&run);
}

Test(report_words, the_best_is_sought_among_valid_runs_and_chance_does_not_win)
{
	static struct runs runs;
	char *text;

	fixture_must_read(&runs.run[0], RESULTS("one", "\"latency_p99_ms\":10,\"deliveries_per_s\":1000", ""));
	fixture_must_read(&runs.run[1], RESULTS("two", "\"latency_p99_ms\":5,\"deliveries_per_s\":1019", ""));
	fixture_must_read(&runs.run[2], RESULTS("three", "\"latency_p99_ms\":1,\"deliveries_per_s\":null", ""));
	runs.run[2].valid = false;
	runs.count = 3;
	text = words_comparison(&runs, figures_find("latency_p99_ms"));
	cr_assert_not_null(text);
	cr_expect_str_eq(plain(text),
			 "Delivery time, 99 of 100: least with two, 5.00 ms; one 10.0 ms (2.0 times as much).");
	free(text);
	cr_expect_null(words_comparison(&runs, figures_find("deliveries_per_s"))); /* 1.9 % apart */
	cr_expect_not(figures_is_best(&runs, figures_find("latency_p99_ms"), 2));
	for (size_t i = 0; i < runs.count; i++)
		input_free(&runs.run[i]);
}
