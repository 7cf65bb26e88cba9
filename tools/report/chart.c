#include "tools/report/chart.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define TITLE_SIZE 13
#define LABEL_SIZE 11
#define ROW 16 /* of the legend, and of phase names */

/* Where the curves are; lines go from left to right and from bottom up to top. */
struct frame {
	cairo_t *cairo;
	const struct chart *chart;
	const struct theme *theme;
	double width;
	double left, right, top, bottom;
};

static double across(const struct frame *frame, double value)
{
	return frame->left + axis_place(&frame->chart->x, value) * (frame->right - frame->left);
}

static double up(const struct frame *frame, double value)
{
	return frame->bottom - axis_place(&frame->chart->y, value) * (frame->bottom - frame->top);
}

static void put(const struct frame *frame, double x, double y, const char *text)
{
	cairo_move_to(frame->cairo, x, y);
	cairo_show_text(frame->cairo, text);
}

/* Title, then a row of the legend or more. Returns where it ends. */
static double draw_head(const struct frame *frame)
{
	const struct chart *chart = frame->chart;
	char text[128];
	double x = 0, y = TITLE_SIZE;

	theme_font(frame->cairo, TITLE_SIZE, true);
	theme_colour(frame->cairo, frame->theme->ink);
	put(frame, 0, y, chart->title);
	theme_font(frame->cairo, LABEL_SIZE, false);
	if (chart->lines && chart->line[0].label)
		y += ROW + 3;
	for (size_t i = 0; i < chart->lines; i++) {
		const struct chart_line *line = &chart->line[i];
		double width;

		if (!line->label)
			continue;
		theme_fit(frame->cairo, text, sizeof(text), line->label, frame->width / 2 - 36);
		width = 20 + theme_width(frame->cairo, text) + 14;
		if (x > 0 && x + width > frame->width) {
			x = 0;
			y += ROW;
		}
		theme_colour(frame->cairo, frame->theme->line[line->colour]);
		cairo_rectangle(frame->cairo, x, y - 5.5, 14, 3);
		cairo_fill(frame->cairo);
		theme_colour(frame->cairo, frame->theme->ink);
		put(frame, x + 20, y, text);
		x += width;
	}
	return y + 6;
}

static double label_width(const struct frame *frame)
{
	double most = 0;

	for (size_t i = 0; i < frame->chart->y.ticks; i++) {
		char label[NUMBER_SIZE];

		axis_label(&frame->chart->y, i, label);
		most = fmax(most, theme_width(frame->cairo, label));
	}
	return most;
}

static void rule(const struct frame *frame, double x1, double y1, double x2, double y2)
{
	cairo_move_to(frame->cairo, x1, y1);
	cairo_line_to(frame->cairo, x2, y2);
	cairo_stroke(frame->cairo);
}

static void draw_phases(const struct frame *frame)
{
	for (size_t i = 0; i < frame->chart->phases; i++) {
		const struct phase *phase = &frame->chart->phase[i];
		const double from = across(frame, phase->from_s), to = across(frame, phase->to_s);

		if (strcmp(phase->name, "hold") != 0) {
			theme_colour(frame->cairo, frame->theme->shade);
			cairo_rectangle(frame->cairo, from, frame->top - ROW, to - from,
					frame->bottom - frame->top + ROW);
			cairo_fill(frame->cairo);
		}
		theme_colour(frame->cairo, frame->theme->grid);
		cairo_set_line_width(frame->cairo, 1);
		if (i)
			rule(frame, from, frame->top - ROW, from, frame->bottom);
		if (theme_width(frame->cairo, phase->name) > to - from - 4)
			continue;
		theme_colour(frame->cairo, frame->theme->soft);
		put(frame, from + 3, frame->top - 5, phase->name);
	}
}

static void draw_axes(const struct frame *frame)
{
	const struct axis *x = &frame->chart->x, *y = &frame->chart->y;
	double last_from = frame->width + 6;
	char label[NUMBER_SIZE];

	cairo_set_line_width(frame->cairo, 1);
	for (size_t i = 0; i < y->ticks; i++) {
		const double at = up(frame, y->tick[i]);

		theme_colour(frame->cairo, frame->theme->grid);
		rule(frame, frame->left, at, frame->right, at);
		axis_label(y, i, label);
		theme_colour(frame->cairo, frame->theme->soft);
		put(frame, frame->left - 7 - theme_width(frame->cairo, label), at + 4, label);
	}
	for (size_t i = x->ticks; i-- > 0;) { /* from the right, so that the end has its label */
		const double at = across(frame, x->tick[i]);
		double width, from;

		theme_colour(frame->cairo, frame->theme->grid);
		rule(frame, at, frame->bottom, at, frame->bottom + 4);
		axis_label(x, i, label);
		width = theme_width(frame->cairo, label);
		from = fmin(at - width / 2, frame->width - width);
		if (from + width > last_from - 6)
			continue; /* it would run into the one after it */
		theme_colour(frame->cairo, frame->theme->soft);
		put(frame, from, frame->bottom + 17, label);
		last_from = from;
	}
}

/* What falls into one column of the picture, at most four points of it: hours at one a second stay a small file. */
struct column {
	double at;
	double first, least, most, last;
};

static void end_column(const struct frame *frame, const struct column *column)
{
	cairo_line_to(frame->cairo, column->at, column->first);
	if (column->least < fmin(column->first, column->last))
		cairo_line_to(frame->cairo, column->at, column->least);
	if (column->most > fmax(column->first, column->last))
		cairo_line_to(frame->cairo, column->at, column->most);
	if (column->last != column->first)
		cairo_line_to(frame->cairo, column->at, column->last);
}

/* From `at` up to the next gap, which is returned. */
static size_t draw_stretch(const struct frame *frame, const struct chart_line *line, size_t at)
{
	const size_t start = at;
	struct column column = { .at = across(frame, line->x[at]) };

	column.first = column.least = column.most = column.last = up(frame, line->y[at]);
	cairo_move_to(frame->cairo, column.at, column.first);
	for (at++; at < line->count && !isnan(line->y[at]); at++) {
		const double x = across(frame, line->x[at]), y = up(frame, line->y[at]);

		if (x - column.at >= 0.5) {
			end_column(frame, &column);
			column = (struct column){ x, y, y, y, y };
			continue;
		}
		column.least = fmin(column.least, y);
		column.most = fmax(column.most, y);
		column.last = y;
	}
	end_column(frame, &column);
	if (at == start + 1) /* one point alone is no line */
		cairo_line_to(frame->cairo, column.at + 0.01, column.last);
	cairo_stroke(frame->cairo);
	return at;
}

static void draw_line(const struct frame *frame, const struct chart_line *line)
{
	size_t at = 0;

	theme_colour(frame->cairo, frame->theme->line[line->colour]);
	cairo_set_line_width(frame->cairo, 1.8);
	cairo_set_line_join(frame->cairo, CAIRO_LINE_JOIN_ROUND);
	cairo_set_line_cap(frame->cairo, CAIRO_LINE_CAP_ROUND);
	while (at < line->count)
		if (isnan(line->y[at]))
			at++;
		else
			at = draw_stretch(frame, line, at);
	cairo_set_line_cap(frame->cairo, CAIRO_LINE_CAP_BUTT);
}

void chart_draw(cairo_t *cairo, const struct chart *chart, const struct theme *theme, double width, double height)
{
	struct frame frame = { .cairo = cairo, .chart = chart, .theme = theme, .width = width };
	const double head = draw_head(&frame);

	frame.left = label_width(&frame) + 8;
	frame.right = width - 6;
	frame.top = head + (chart->phases ? ROW : 6);
	frame.bottom = height - 22;
	draw_phases(&frame);
	draw_axes(&frame);
	for (size_t i = chart->lines; i-- > 0;) /* the first is the most important, and lies on top */
		draw_line(&frame, &chart->line[i]);
}
