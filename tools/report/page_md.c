#include "tools/report/page_md.h"

#include <stdlib.h>

#include "tools/report/details.h"
#include "tools/report/figures.h"
#include "tools/report/markup.h"
#include "tools/report/words.h"

static void put(FILE *out, const char *before, const char *text, const char *after)
{
	fputs(before, out);
	markup_md(out, text);
	fputs(after, out);
}

/* A heading a run, then the rule under it. */
static void put_columns(FILE *out, const struct runs *runs, const char *first, const char *rule, const char *last)
{
	put(out, "| ", first, " |");
	for (size_t i = 0; i < runs->count; i++) {
		put(out, " ", runs->count > 1 ? runs->run[i].label : "Value", "");
		fputs(runs->run[i].valid || runs->count == 1 ? " |" : " (not valid) |", out);
	}
	fprintf(out, "%s%s%s\n|---|", last ? " " : "", last ? last : "", last ? " |" : "");
	for (size_t i = 0; i < runs->count; i++)
		fputs(rule, out);
	fputs(last ? "---|\n" : "\n", out);
}

static void put_verdict(FILE *out, const struct runs *runs, const struct run *run)
{
	char *verdict = words_verdict(run);

	if (runs->count > 1)
		put(out, "- **", run->label, "** ");
	put(out, runs->count > 1 ? "" : "**", verdict, runs->count > 1 ? "\n" : "**\n");
	free(verdict);
	for (size_t i = 1; i < run->reasons; i++)
		put(out, runs->count > 1 ? "  - " : "\n- ", run->reason[i], "\n");
	if (words_outcome(run) == OUTCOME_INVALID)
		fprintf(out, "%sThe figures below are what was seen, but they do not tell how good the server is.\n",
			runs->count > 1 ? "  - " : "\n");
}

static void put_comparison(FILE *out, const struct runs *runs)
{
	char *unlike = details_unlike(runs);
	size_t count = 0;

	if (unlike)
		put(out, "\n**Not run alike.** These differ: ", unlike, ". A difference below may come from there.\n");
	free(unlike);
	for (size_t i = 0; words_lead(i); i++) {
		char *sentence = words_comparison(runs, words_lead(i));

		if (sentence)
			put(out, count++ ? "- " : "\n## Who did best\n\n- ", sentence, "\n");
		free(sentence);
	}
}

static void put_thresholds(FILE *out, const struct run *run, bool reference)
{
	size_t count = 0;

	for (size_t i = 0; i < run->thresholds; i++) {
		const struct threshold *threshold = &run->threshold[i];
		char number[NUMBER_SIZE];
		char *limit;

		if (threshold->reference != reference)
			continue;
		if (!count++)
			fputs(reference ? "\n| Published by others | Published | This run | | Source "
					  "|\n|---|--:|--:|---|---|\n"
					: "\n| Wanted | Limit | This run | |\n|---|--:|--:|---|\n",
			      out);
		limit = words_limit(threshold);
		number_text(number, threshold->value, number_unit(threshold->metric));
		put(out, "| ", figures_title(threshold->metric), " | ");
		fprintf(out, "%s | %s | %s |", limit, number, words_threshold(run, threshold));
		if (reference)
			put(out, " ", threshold->source, " |");
		fputs("\n", out);
		free(limit);
	}
}

static void put_all_thresholds(FILE *out, const struct runs *runs)
{
	size_t count = 0;

	for (size_t i = 0; i < runs->count; i++) {
		if (runs->run[i].thresholds == 0)
			continue;
		if (!count++)
			fputs("\n## Thresholds\n", out);
		if (runs->count > 1)
			put(out, "\n### ", runs->run[i].label, "\n");
		put_thresholds(out, &runs->run[i], false);
		put_thresholds(out, &runs->run[i], true);
	}
}

static void put_figures(FILE *out, const struct runs *runs)
{
	const struct figure *figure;

	fputs("\n## Key figures\n", out);
	for (size_t i = 0; (figure = figures_at(i)); i++) {
		if (!figure->key) {
			put(out, "\n### ", figure->title, "\n\n");
			put_columns(out, runs, "Figure", "--:|", "What it says");
			continue;
		}
		put(out, "| ", figure->title, " |");
		for (size_t j = 0; j < runs->count; j++) {
			char number[NUMBER_SIZE];

			number_text(number, input_figure(&runs->run[j], figure->key), number_unit(figure->key));
			fprintf(out, figures_is_best(runs, figure, j) ? " **%s** |" : " %s |", number);
		}
		put(out, " ", figure->meaning, " |\n");
	}
	if (runs->count > 1)
		fputs("\nBold: the best of the valid runs, where they differ by more than chance.\n", out);
}

static void put_details(FILE *out, const struct runs *runs)
{
	for (int part = 0; part < DETAILS_PARTS; part++) {
		struct details details;

		details_read(&details, runs, part);
		if (details.rows) {
			put(out, "\n## ", details.title, "\n\n");
			put_columns(out, runs, "", "---|", NULL);
		}
		for (size_t i = 0; i < details.rows; i++) {
			put(out, "| ", details.row[i].name, details.row[i].differs ? " ≠ |" : " |");
			for (size_t j = 0; j < runs->count; j++)
				put(out, " ", details.row[i].value[j] ? details.row[i].value[j] : "", " |");
			fputs("\n", out);
		}
		details_free(&details);
	}
}

void page_md(FILE *out, const struct runs *runs)
{
	char *title = words_title(runs);

	put(out, "# Load test ", title, "\n\n");
	free(title);
	for (size_t i = 0; i < runs->count; i++)
		put_verdict(out, runs, &runs->run[i]);
	if (runs->count > 1)
		put_comparison(out, runs);
	put_all_thresholds(out, runs);
	put_figures(out, runs);
	put_details(out, runs);
}
