#include "tools/report/page_html.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tools/report/details.h"
#include "tools/report/figures.h"
#include "tools/report/markup.h"
#include "tools/report/page_style.h"
#include "tools/report/svg.h"
#include "tools/report/words.h"

static void put(FILE *out, const char *before, const char *text, const char *after)
{
	fputs(before, out);
	markup_html(out, text);
	fputs(after, out);
}

static void put_label(FILE *out, size_t index, const struct run *run)
{
	fprintf(out, "<span class=\"dot\" style=\"background:var(--r%zu)\"></span>", index);
	markup_html(out, run->label);
}

static void put_head(FILE *out, const struct runs *runs)
{
	const struct run *run = &runs->run[0];
	char *title = words_title(runs);

	fputs("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	      "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n",
	      out);
	put(out, "<title>", title, " - load test</title>\n<style>\n");
	fputs(page_style, out);
	fputs("</style>\n</head>\n<body>\n<main>\n", out);
	put(out, "<h1>Load test ", title, "</h1>\n");
	free(title);
	if (runs->count == 1 && run->started)
		put(out, "<p class=\"soft\">Started ", run->started, "</p>\n");
}

static void put_verdict(FILE *out, const struct runs *runs, size_t index)
{
	static const char *const classes[] = { "passed", "failed", "invalid" };
	const struct run *run = &runs->run[index];
	char *verdict = words_verdict(run);

	fprintf(out, "<section class=\"verdict %s\"><p>", classes[words_outcome(run)]);
	if (runs->count > 1) {
		fputs("<strong>", out);
		put_label(out, index, run);
		fputs("</strong> ", out);
	}
	put(out, "", verdict, "</p>\n");
	free(verdict);
	if (run->reasons > 1) {
		fputs("<ul>", out);
		for (size_t i = 1; i < run->reasons; i++)
			put(out, "<li>", run->reason[i], "</li>");
		fputs("</ul>\n", out);
	}
	if (words_outcome(run) == OUTCOME_INVALID)
		fputs("<p>The figures below are what was seen, but they do not tell how good the server is.</p>\n",
		      out);
	fputs("</section>\n", out);
}

static void put_comparison(FILE *out, const struct runs *runs)
{
	char *unlike = details_unlike(runs);
	size_t count = 0;

	if (unlike)
		put(out, "<section class=\"verdict invalid\"><p><strong>Not run alike.</strong> These differ: ", unlike,
		    ". A difference below may come from there.</p></section>\n");
	free(unlike);
	for (size_t i = 0; words_lead(i); i++) {
		char *sentence = words_comparison(runs, words_lead(i));

		if (sentence)
			put(out, count++ ? "<li>" : "<h2>Who did best</h2>\n<ul>\n<li>", sentence, "</li>\n");
		free(sentence);
	}
	if (count)
		fputs("</ul>\n", out);
}

static void put_source(FILE *out, const char *source)
{
	const bool link = strncmp(source, "https://", 8) == 0 || strncmp(source, "http://", 7) == 0;

	if (link)
		put(out, "<small><a href=\"", source, "\">");
	put(out, link ? "" : "<small>", source, link ? "</a></small>" : "</small>");
}

static void put_threshold(FILE *out, const struct run *run, const struct threshold *threshold)
{
	const bool counts = run->valid && !isnan(threshold->value);
	const char *mark = !counts ? "–" : threshold->passed ? "✓" : "✗";
	const char *class = !run->valid ? "soft" : threshold->passed ? "good" : "bad";
	char *limit = words_limit(threshold);
	char number[NUMBER_SIZE];

	number_text(number, threshold->value, number_unit(threshold->metric));
	put(out, "<tr><th>", figures_title(threshold->metric), "");
	if (*threshold->source)
		put_source(out, threshold->source);
	put(out, "</th><td class=\"n\">", limit, "</td>");
	put(out, "<td class=\"n\">", number, "<br>");
	fprintf(out, "<span class=\"%s\">%s %s</span></td></tr>\n", class, mark, words_threshold(run, threshold));
	free(limit);
}

/* The run's own thresholds, or the published figures. */
static void put_thresholds(FILE *out, const struct run *run, bool reference)
{
	size_t count = 0;

	for (size_t i = 0; i < run->thresholds; i++) {
		if (run->threshold[i].reference != reference)
			continue;
		if (!count++)
			fprintf(out,
				"<div class=\"wide\"><table><thead><tr><th>%s</th><th class=\"n\">%s</th>"
				"<th class=\"n\">This run</th></tr></thead><tbody>\n",
				reference ? "Published by others" : "Wanted", reference ? "Published" : "Limit");
		put_threshold(out, run, &run->threshold[i]);
	}
	if (count)
		fputs("</tbody></table></div>\n", out);
}

static void put_all_thresholds(FILE *out, const struct runs *runs)
{
	size_t count = 0;

	for (size_t i = 0; i < runs->count; i++) {
		if (runs->run[i].thresholds == 0)
			continue;
		if (!count++)
			fputs("<h2>Thresholds</h2>\n", out);
		if (runs->count > 1) {
			fputs("<h3>", out);
			put_label(out, i, &runs->run[i]);
			fputs("</h3>\n", out);
		}
		put_thresholds(out, &runs->run[i], false);
		put_thresholds(out, &runs->run[i], true);
	}
}

static void put_figure(FILE *out, const struct runs *runs, const struct figure *figure)
{
	put(out, "<tr><th>", figure->title, "<small>");
	put(out, "", figure->meaning, "</small></th>");
	for (size_t i = 0; i < runs->count; i++) {
		const double value = input_figure(&runs->run[i], figure->key);
		char number[NUMBER_SIZE];

		number_text(number, value, number_unit(figure->key));
		fprintf(out, "<td class=\"n%s%s\">%s</td>", isnan(value) ? " none" : "",
			figures_is_best(runs, figure, i) ? " best" : "", number);
	}
	fputs("</tr>\n", out);
}

/* A heading, a table under it; where there is one run alone two such stand side by side. */
static void put_group(FILE *out, const struct runs *runs, const char *title)
{
	put(out, "<section><h3>", title, "</h3><div class=\"wide\"><table>\n");
	if (runs->count > 1) {
		fputs("<thead><tr><th></th>", out);
		for (size_t i = 0; i < runs->count; i++) {
			fputs("<th class=\"n\">", out);
			put_label(out, i, &runs->run[i]);
			fputs(runs->run[i].valid ? "</th>" : "<small>not valid</small></th>", out);
		}
		fputs("</tr></thead>\n", out);
	}
}

static void put_figures(FILE *out, const struct runs *runs)
{
	const struct figure *figure;

	fprintf(out, "<h2>Key figures</h2>\n<div class=\"%s\">\n", runs->count > 1 ? "figures" : "pair");
	for (size_t i = 0; (figure = figures_at(i)); i++)
		if (figure->key)
			put_figure(out, runs, figure);
		else {
			fputs(i ? "</table></div></section>\n" : "", out);
			put_group(out, runs, figure->title);
		}
	fputs("</table></div></section>\n</div>\n", out);
	if (runs->count > 1)
		fputs("<p class=\"soft\">A star marks the best of the valid runs, where they differ by more than "
		      "chance.</p>\n",
		      out);
}

static bool put_chart(FILE *out, const struct chart *chart, size_t index)
{
	char prefix[32];

	put(out, "<figure><div class=\"day\" role=\"img\" aria-label=\"", chart->title, "\">");
	snprintf(prefix, sizeof(prefix), "d%zu-", index);
	if (!svg_put(out, chart, &theme_day, prefix))
		return false;
	put(out, "</div><div class=\"night\" role=\"img\" aria-label=\"", chart->title, "\">");
	snprintf(prefix, sizeof(prefix), "n%zu-", index);
	if (!svg_put(out, chart, &theme_night, prefix))
		return false;
	put(out, "</div><figcaption>", chart->note, "");
	if (chart->y.kind == AXIS_LOG)
		fputs(" The scale upwards is in powers of ten.", out);
	fputs("</figcaption></figure>\n", out);
	return true;
}

static bool put_charts(FILE *out, const struct charts *charts)
{
	bool shaded = false;

	if (charts->count == 0)
		return true;
	fputs("<h2>Over the test</h2>\n<div class=\"charts\">\n", out);
	for (size_t i = 0; i < charts->count; i++) {
		if (!put_chart(out, &charts->chart[i], i))
			return false;
		shaded = shaded || charts->chart[i].phases;
	}
	fputs("</div>\n", out);
	if (shaded)
		fputs("<p class=\"soft\">Shaded: before and after the measured part (hold).</p>\n", out);
	return true;
}

static void put_details(FILE *out, const struct runs *runs)
{
	fputs("<h2>Details</h2>\n", out);
	for (int part = 0; part < DETAILS_PARTS; part++) {
		struct details details;

		details_read(&details, runs, part);
		if (details.rows)
			put(out, part == DETAILS_FIGURES ? "<details><summary>" : "<details open><summary>",
			    details.title, "</summary><div class=\"wide\"><table>\n");
		if (details.rows && runs->count > 1) {
			fputs("<thead><tr><th></th>", out);
			for (size_t i = 0; i < runs->count; i++) {
				fputs("<th>", out);
				put_label(out, i, &runs->run[i]);
				fputs("</th>", out);
			}
			fputs("</tr></thead>\n", out);
		}
		for (size_t i = 0; i < details.rows; i++) {
			fputs(details.row[i].differs ? "<tr class=\"differs\">" : "<tr>", out);
			put(out, "<th>", details.row[i].name, "</th>");
			for (size_t j = 0; j < runs->count; j++)
				put(out, "<td>", details.row[i].value[j] ? details.row[i].value[j] : "", "</td>");
			fputs("</tr>\n", out);
		}
		if (details.rows)
			fputs("</table></div></details>\n", out);
		details_free(&details);
	}
}

bool page_html(FILE *out, const struct runs *runs, const struct charts *charts)
{
	put_head(out, runs);
	fputs(runs->count > 1 ? "<div class=\"many\">\n" : "<div>\n", out);
	for (size_t i = 0; i < runs->count; i++)
		put_verdict(out, runs, i);
	if (runs->count > 1)
		put_comparison(out, runs);
	fputs("</div>\n", out);
	put_all_thresholds(out, runs);
	put_figures(out, runs);
	if (!put_charts(out, charts))
		return false;
	put_details(out, runs);
	fputs("<footer>Made by uproar-report " UPROAR_VERSION " from the results of uproar-load.</footer>\n"
	      "</main>\n</body>\n</html>\n",
	      out);
	return true;
}
