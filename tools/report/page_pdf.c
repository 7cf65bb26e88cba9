#include "tools/report/page_pdf.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "tools/report/details.h"
#include "tools/report/figures.h"
#include "tools/report/sheet.h"
#include "tools/report/words.h"

#define CHART_TALL 214 /* three on a page, with their captions */
#define GOOD 0x0f7048
#define BAD 0xb42318
#define WARN 0x8a5a00
#define INK 0x1f2933
#define SOFT 0x5b6773

static const struct sheet_style title_style = { 11, true, INK };
static const struct sheet_style heading = { 14, true, INK };
static const struct sheet_style body = { 9.5, false, INK };
static const struct sheet_style caption = { 8, false, SOFT };

static void put_heading(struct sheet *sheet, const char *text)
{
	sheet_space(sheet, 16);
	sheet_need(sheet, 80); /* no heading alone at the foot of a page */
	sheet_text(sheet, &heading, text);
	sheet_space(sheet, 4);
}

static void put_verdict(struct sheet *sheet, const struct runs *runs, const struct run *run)
{
	static const uint32_t grounds[] = { 0xe4f5ec, 0xfdecea, 0xfdf3dc }, bars[] = { GOOD, BAD, WARN };
	const enum outcome outcome = words_outcome(run);
	const struct sheet_style style = { runs->count > 1 ? 10 : 13, false, INK };
	char *verdict = words_verdict(run);
	char *text = NULL;

	if (runs->count == 1 || asprintf(&text, "%s - %s", run->label, verdict) < 0)
		text = NULL;
	sheet_box(sheet, &style, grounds[outcome], bars[outcome], text ? text : verdict);
	free(text);
	free(verdict);
	for (size_t i = 1; i < run->reasons; i++)
		sheet_text(sheet, &body, run->reason[i]);
	if (outcome == OUTCOME_INVALID)
		sheet_text(sheet, &body,
			   "The figures below are what was seen, but they do not tell how good the server is.");
}

static void put_comparison(struct sheet *sheet, const struct runs *runs)
{
	char *unlike = details_unlike(runs);
	size_t count = 0;

	if (unlike) {
		char *text;

		if (asprintf(&text, "Not run alike. These differ: %s. A difference below may come from there.",
			     unlike) >= 0) {
			sheet_box(sheet, &body, 0xfdf3dc, WARN, text);
			free(text);
		}
		free(unlike);
	}
	for (size_t i = 0; words_lead(i); i++) {
		char *sentence = words_comparison(runs, words_lead(i));

		if (sentence && !count++)
			put_heading(sheet, "Who did best");
		if (sentence) {
			sheet_text(sheet, &body, sentence);
			sheet_space(sheet, 3);
		}
		free(sentence);
	}
}

static void put_thresholds(struct sheet *sheet, const struct run *run, bool reference)
{
	const double name = reference ? 140 : 227, source = SHEET_WIDTH - 140 - 80 - 80 - 92;
	const double limit_width = reference ? 80 : 100;
	size_t count = 0;

	for (size_t i = 0; i < run->thresholds; i++) {
		const struct threshold *threshold = &run->threshold[i];
		char number[NUMBER_SIZE];
		char *limit;

		if (threshold->reference != reference)
			continue;
		if (!count++)
			sheet_row(sheet,
				  (struct sheet_cell[]){
					  { reference ? "Published by others" : "Wanted", NULL, name, false, false,
					    SOFT },
					  { reference ? "Published" : "Limit", NULL, limit_width, true, false, SOFT },
					  { "This run", NULL, 80, true, false, SOFT },
					  { "", NULL, 16, false, false, SOFT },
					  { "", NULL, 76, false, false, SOFT },
					  { "Source", NULL, source, false, false, SOFT },
				  },
				  reference ? 6 : 5);
		const uint32_t colour = !run->valid ? SOFT : threshold->passed ? GOOD : BAD;

		limit = words_limit(threshold);
		number_text(number, threshold->value, number_unit(threshold->metric));
		sheet_row(sheet,
			  (struct sheet_cell[]){
				  { figures_title(threshold->metric), NULL, name, false, true, INK },
				  { limit, NULL, limit_width, true, false, INK },
				  { number, NULL, 80, true, false, INK },
				  { "", NULL, 16, false, false, SOFT },
				  { words_threshold(run, threshold), NULL, 76, false, true, colour },
				  { threshold->source, NULL, source, false, false, INK },
			  },
			  reference ? 6 : 5);
		free(limit);
	}
	if (count)
		sheet_space(sheet, 10);
}

static void put_all_thresholds(struct sheet *sheet, const struct runs *runs)
{
	size_t count = 0;

	for (size_t i = 0; i < runs->count; i++) {
		if (runs->run[i].thresholds == 0)
			continue;
		if (!count++)
			put_heading(sheet, "Thresholds");
		if (runs->count > 1) {
			sheet_need(sheet, 60);
			sheet_text(sheet, &title_style, runs->run[i].label);
		}
		put_thresholds(sheet, &runs->run[i], false);
		put_thresholds(sheet, &runs->run[i], true);
	}
}

/* The first column takes what the values leave. */
static double value_width(const struct runs *runs)
{
	return runs->count == 1 ? 120 : fmin(110, 340.0 / (double)runs->count);
}

static void put_column_heads(struct sheet *sheet, const struct runs *runs, double width, bool right)
{
	struct sheet_cell cells[INPUT_RUNS_MAX + 1] = {
		{ "", NULL, SHEET_WIDTH - width * (double)runs->count, false, false, SOFT },
	};

	for (size_t i = 0; i < runs->count; i++)
		cells[i + 1] = (struct sheet_cell){ .text = runs->run[i].label,
						    .small = runs->run[i].valid ? NULL : "not valid",
						    .width = width,
						    .right = right,
						    .bold = true,
						    .colour = theme_day.line[i] };
	if (runs->count > 1)
		sheet_row(sheet, cells, runs->count + 1);
}

static void put_figure(struct sheet *sheet, const struct runs *runs, const struct figure *figure)
{
	const double width = value_width(runs);
	char number[INPUT_RUNS_MAX][NUMBER_SIZE];
	struct sheet_cell cells[INPUT_RUNS_MAX + 3] = {
		{ figure->title, figure->meaning, SHEET_WIDTH - width * (double)runs->count, false, true, INK },
	};

	for (size_t i = 0; i < runs->count; i++) {
		const double value = input_figure(&runs->run[i], figure->key);
		const bool best = figures_is_best(runs, figure, i);

		number_text(number[i], value, number_unit(figure->key));
		cells[i + 1] = (struct sheet_cell){ .text = number[i],
						    .width = width,
						    .right = true,
						    .bold = best,
						    .colour = isnan(value) ? SOFT
							      : best       ? GOOD
									   : INK };
	}
	if (runs->count > 1) {
		sheet_row(sheet, cells, runs->count + 1);
		return;
	}
	cells[0].small = NULL; /* one run alone has room for it at the right */
	cells[0].width = 140;
	cells[1].width = 90;
	cells[2] = (struct sheet_cell){ "", NULL, 16, false, false, SOFT };
	cells[3] = (struct sheet_cell){ figure->meaning, NULL, SHEET_WIDTH - 140 - 90 - 16, false, false, SOFT };
	sheet_row(sheet, cells, 4);
}

static void put_figures(struct sheet *sheet, const struct runs *runs)
{
	const struct figure *figure;

	put_heading(sheet, "Key figures");
	put_column_heads(sheet, runs, value_width(runs), true);
	for (size_t i = 0; (figure = figures_at(i)); i++) {
		if (figure->key) {
			put_figure(sheet, runs, figure);
			continue;
		}
		sheet_space(sheet, 10);
		sheet_need(sheet, 60);
		sheet_text(sheet, &title_style, figure->title);
	}
	if (runs->count > 1) {
		sheet_space(sheet, 4);
		sheet_text(sheet, &caption,
			   "Green and bold: the best of the valid runs, where they differ by more than chance.");
	}
}

static void put_charts(struct sheet *sheet, const struct charts *charts)
{
	if (charts->count == 0)
		return;
	sheet_need(sheet, 1000); /* begins a page */
	sheet_text(sheet, &heading, "Over the test");
	for (size_t i = 0; i < charts->count; i++) {
		const struct chart *chart = &charts->chart[i];
		char note[256];

		sheet_space(sheet, 8);
		sheet_need(sheet, CHART_TALL + 14);
		sheet_chart(sheet, chart, CHART_TALL);
		snprintf(note, sizeof(note), "%s%s%s", chart->note,
			 chart->y.kind == AXIS_LOG ? " The scale upwards is in powers of ten." : "",
			 chart->phases ? " Shaded: outside the measured part." : "");
		sheet_text(sheet, &caption, note);
	}
}

static void put_details(struct sheet *sheet, const struct runs *runs)
{
	const double width = (SHEET_WIDTH - 130) / (double)runs->count;

	for (int part = 0; part < DETAILS_PARTS; part++) {
		struct details details;

		details_read(&details, runs, part);
		if (details.rows) {
			put_heading(sheet, details.title);
			put_column_heads(sheet, runs, width, false);
		}
		for (size_t i = 0; i < details.rows; i++) {
			const bool differs = details.row[i].differs;
			struct sheet_cell cells[INPUT_RUNS_MAX + 1] = {
				{ details.row[i].name, NULL, 130, false, differs, differs ? WARN : SOFT },
			};

			for (size_t j = 0; j < runs->count; j++)
				cells[j + 1] =
					(struct sheet_cell){ .text = details.row[i].value[j] ? details.row[i].value[j]
											     : "",
							     .width = width,
							     .colour = INK };
			sheet_row(sheet, cells, runs->count + 1);
		}
		details_free(&details);
	}
}

const char *page_pdf(const char *file, const struct runs *runs, const struct charts *charts)
{
	char *title = words_title(runs);
	const char *why;
	struct sheet sheet;

	if (sheet_open(&sheet, file, title, title)) {
		sheet_text(&sheet, &title_style, "Load test");
		sheet_text(&sheet, &heading, title);
		if (runs->count == 1 && runs->run[0].started)
			sheet_text(&sheet, &caption, runs->run[0].started);
		sheet_space(&sheet, 10);
		for (size_t i = 0; i < runs->count; i++)
			put_verdict(&sheet, runs, &runs->run[i]);
		if (runs->count > 1)
			put_comparison(&sheet, runs);
		put_all_thresholds(&sheet, runs);
		put_figures(&sheet, runs);
		put_charts(&sheet, charts);
		put_details(&sheet, runs);
	}
	why = sheet_close(&sheet);
	free(title);
	return why;
}
