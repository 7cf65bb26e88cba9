#include "tools/report/words.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/report/number.h"

enum outcome words_outcome(const struct run *run)
{
	if (!run->valid)
		return OUTCOME_INVALID;
	return run->passed ? OUTCOME_PASSED : OUTCOME_FAILED;
}

static FILE *sentence(char **text)
{
	static size_t unread; /* the stream writes to it until it is closed, long after this has returned */
	FILE *out = open_memstream(text, &unread);

	if (!out) {
		perror("uproar-report");
		abort();
	}
	return out;
}

static void put_figure(FILE *out, const struct run *run, const char *key)
{
	char number[NUMBER_SIZE];

	number_text(number, input_figure(run, key), number_unit(key));
	fputs(number, out);
}

static const struct harm {
	const char *key;
	const char *one, *many, *none;
} harms[] = {
	{ "lost", "was lost", "were lost", "lost" },
	{ "duplicated", "came twice", "came twice", "doubled" },
	{ "reordered", "came out of order", "came out of order", "out of order" },
	{ "corrupted", "was damaged", "were damaged", "damaged" },
	{ "foreign", "came to the wrong room", "came to the wrong room", "misdirected" },
};

#define HARMS (sizeof(harms) / sizeof(*harms))

static size_t harms_of(const struct run *run)
{
	size_t count = 0;

	for (size_t i = 0; i < HARMS; i++)
		count += input_figure(run, harms[i].key) > 0;
	return count;
}

/* ", 12 were lost, 3 came twice", then ", none doubled, out of order or damaged". */
static void put_harms(FILE *out, const struct run *run)
{
	const struct harm *clean[HARMS];
	size_t count = 0;

	for (size_t i = 0; i < HARMS; i++) {
		const double value = input_figure(run, harms[i].key);

		if (value == 0)
			clean[count++] = &harms[i];
		if (!(value > 0))
			continue;
		fputs(", ", out);
		put_figure(out, run, harms[i].key);
		fprintf(out, " %s", value == 1 ? harms[i].one : harms[i].many);
	}
	for (size_t i = 0; i < count; i++)
		fprintf(out, "%s%s", i == 0 ? ", none " : i + 1 == count ? " or " : ", ", clean[i]->none);
	if (count == 0 && harms_of(run) == 0)
		fputs("; whether all arrived was not measured", out);
}

static void put_deliveries(FILE *out, const struct run *run)
{
	const double received = input_figure(run, "received");
	const double connected = input_figure(run, "connected");

	if (isnan(received) || received == 0) {
		put_figure(out, run, "connected");
		fputs(connected == 1 ? " connection was opened" : " connections were opened", out);
		if (input_figure(run, "dropped") == 0)
			fputs(" and held, none was lost", out);
		else if (input_figure(run, "dropped") > 0) {
			fputs(", of which ", out);
			put_figure(out, run, "dropped");
			fputs(" were lost", out);
		}
		if (received == 0 && input_figure(run, "expected") > 0)
			fputs("; no message arrived", out);
		return;
	}
	if (isnan(connected))
		fputs("the receivers got ", out);
	else {
		put_figure(out, run, "connected");
		fputs(connected == 1 ? " receiver got " : " receivers got ", out);
	}
	put_figure(out, run, "received");
	fputs(received == 1 ? " message" : " messages", out);
	put_harms(out, run);
}

static void put_speed(FILE *out, const struct run *run)
{
	if (isnan(input_figure(run, "latency_p50_ms")) || isnan(input_figure(run, "latency_p99_ms")))
		return;
	fputs(" Half arrived within ", out);
	put_figure(out, run, "latency_p50_ms");
	fputs(", 99 of 100 within ", out);
	put_figure(out, run, "latency_p99_ms");
	fputs(".", out);
}

/* The thresholds that were missed, but for published figures: at most three, then how many more. */
static void put_missed(FILE *out, const struct run *run)
{
	size_t missed = 0;

	for (size_t i = 0; i < run->thresholds; i++) {
		const struct threshold *threshold = &run->threshold[i];
		char number[NUMBER_SIZE];
		char *limit;

		if (threshold->passed || threshold->reference || ++missed > 3)
			continue;
		limit = words_limit(threshold);
		number_text(number, threshold->value, number_unit(threshold->metric));
		fprintf(out, " %s: %s, wanted %s.", figures_title(threshold->metric), number, limit);
		free(limit);
	}
	if (missed > 3)
		fprintf(out, " %zu more %s missed.", missed - 3, missed == 4 ? "threshold was" : "thresholds were");
}

char *words_verdict(const struct run *run)
{
	char *text;
	FILE *out = sentence(&text);

	switch (words_outcome(run)) {
	case OUTCOME_INVALID:
		fprintf(out, "Not valid: %s", run->reasons ? run->reason[0] : "the load generator gives no reason");
		break;
	case OUTCOME_PASSED:
		fputs("Passed: ", out);
		put_deliveries(out, run);
		fputs(".", out);
		put_speed(out, run);
		break;
	case OUTCOME_FAILED:
		fputs("Failed: ", out);
		put_deliveries(out, run);
		fputs(".", out);
		put_missed(out, run);
		break;
	}
	fclose(out);
	return text;
}

char *words_limit(const struct threshold *threshold)
{
	const char *bound = threshold->op[0] == '<' ? "at most " : threshold->op[0] == '>' ? "at least " : "";
	const char *how = threshold->reference ? "" : bound;
	char number[NUMBER_SIZE];
	char *text;
	FILE *out = sentence(&text);

	number_text(number, threshold->limit, number_unit(threshold->metric));
	fprintf(out, "%s%s", how, number);
	fclose(out);
	return text;
}

const char *words_threshold(const struct run *run, const struct threshold *threshold)
{
	if (!run->valid)
		return "does not count";
	if (isnan(threshold->value))
		return "not measured";
	if (threshold->reference)
		return threshold->passed ? "beaten" : "not beaten";
	return threshold->passed ? "passed" : "missed";
}

/* How much more than the best, where that can be said in one number. */
static void put_ratio(FILE *out, double value, double best, enum figure_better better)
{
	const double ratio = better == BETTER_LESS ? value / best : best / value;

	if (!(value > 0) || !(best > 0) || ratio < 1.005)
		return;
	if (better == BETTER_LESS)
		fprintf(out, " (%.*f times as much)", ratio < 10 ? 1 + (ratio < 2) : 0, ratio);
	else
		fprintf(out, " (%.0f %% of it)", value / best * 100);
}

char *words_comparison(const struct runs *runs, const struct figure *figure)
{
	const int best = figures_best(runs, figure);
	char *text;
	FILE *out;

	if (best < 0)
		return NULL;
	out = sentence(&text);
	fprintf(out, "%s: %s %s, ", figure->title, figure->better == BETTER_LESS ? "least with" : "most with",
		runs->run[best].label);
	put_figure(out, &runs->run[best], figure->key);
	for (size_t i = 0; i < runs->count; i++) {
		const double value = input_figure(&runs->run[i], figure->key);

		if ((int)i == best || isnan(value) || !runs->run[i].valid)
			continue;
		fprintf(out, "; %s ", runs->run[i].label);
		put_figure(out, &runs->run[i], figure->key);
		put_ratio(out, value, input_figure(&runs->run[best], figure->key), figure->better);
	}
	fputs(".", out);
	fclose(out);
	return text;
}

const struct figure *words_lead(size_t index)
{
	static const char *const leads[] = { "latency_p50_ms",
					     "latency_p99_ms",
					     "latency_max_ms",
					     "deliveries_per_s",
					     "server_cpu_ns_per_delivery",
					     "server_bytes_per_connection" };

	return index < sizeof(leads) / sizeof(*leads) ? figures_find(leads[index]) : NULL;
}

char *words_title(const struct runs *runs)
{
	char *text;
	FILE *out = sentence(&text);
	bool same = true;

	for (size_t i = 1; i < runs->count; i++)
		same = same && strcmp(runs->run[i].name, runs->run[0].name) == 0;
	if (same)
		fprintf(out, "%s: ", runs->run[0].name);
	for (size_t i = 0; i < runs->count; i++)
		fprintf(out, "%s%s", i ? ", " : "", runs->run[i].label);
	fclose(out);
	return text;
}
