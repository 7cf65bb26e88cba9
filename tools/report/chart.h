/* chart.h - one picture of curves, drawn by cairo wherever cairo draws: an SVG, a page of a PDF.
 */
#ifndef REPORT_CHART_H
#define REPORT_CHART_H

#include <cairo/cairo.h>

#include "tools/report/axis.h"
#include "tools/report/input.h"
#include "tools/report/theme.h"

#define CHART_LINES_MAX 8
#define CHART_WIDTH 480
#define CHART_HEIGHT 270

/* Borrows all it points at. */
struct chart_line {
	const char *label; /* NULL: the title says it */
	const double *x, *y; /* NaN: a gap */
	size_t count;
	size_t colour;       /* of the theme */
};

struct chart {
	const char *title;
	const char *note; /* what the picture shows, for a caption */
	struct chart_line line[CHART_LINES_MAX];
	size_t lines;
	struct axis x, y;
	const struct phase *phase; /* all but "hold" are shaded */
	size_t phases;
};

/* From (0, 0) on, this wide and high. */
void chart_draw(cairo_t *cairo, const struct chart *chart, const struct theme *theme, double width, double height);

#endif
