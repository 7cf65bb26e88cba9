/* sheet.h - pages of A4 that are filled from top to bottom: paragraphs, rows of tables, charts.
 */
#ifndef REPORT_SHEET_H
#define REPORT_SHEET_H

#include <cairo/cairo.h>
#include <stdbool.h>
#include <stdint.h>

#include "tools/report/chart.h"

#define SHEET_WIDTH 499.0 /* of what may be written on, in points */
#define SHEET_CELLS_MAX 12

struct sheet {
	cairo_surface_t *surface;
	cairo_t *cairo;
	double y;
	unsigned page;
	const char *footer;
};

struct sheet_style {
	double size;
	bool bold;
	uint32_t colour;
};

struct sheet_cell {
	const char *text;
	const char *small; /* under it, smaller; may be NULL */
	double width;
	bool right;        /* aligned to the right end */
	bool bold;
	uint32_t colour;
};

/* Keeps the footer. False when the file cannot be written, which sheet_close() tells as well. */
bool sheet_open(struct sheet *sheet, const char *file, const char *title, const char *footer);

/* NULL, or why the file is not whole. */
const char *sheet_close(struct sheet *sheet);

/* A new page unless so much is left. */
void sheet_need(struct sheet *sheet, double height);

void sheet_space(struct sheet *sheet, double height);

/* A paragraph, broken into lines. */
void sheet_text(struct sheet *sheet, const struct sheet_style *style, const char *text);

/* On a coloured ground, with a bar of `colour` at its left. */
void sheet_box(struct sheet *sheet, const struct sheet_style *style, uint32_t ground, uint32_t colour,
	       const char *text);

/* One row of a table, with a rule below it. */
void sheet_row(struct sheet *sheet, const struct sheet_cell *cells, size_t count);

void sheet_chart(struct sheet *sheet, const struct chart *chart, double height);

#endif
