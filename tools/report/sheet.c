#include "tools/report/sheet.h"

#include <assert.h>
#include <cairo/cairo-pdf.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define PAGE_WIDTH 595.28
#define PAGE_HEIGHT 841.89
#define MARGIN ((PAGE_WIDTH - SHEET_WIDTH) / 2)
#define BOTTOM (PAGE_HEIGHT - 54)
#define LEADING 1.35
#define CELL_SIZE 9
#define SMALL_SIZE 7.5
#define LINE_SIZE_MAX 512 /* bytes; narrower than any page in the sizes used here */

static void top_of_page(struct sheet *sheet)
{
	char text[300];

	sheet->page++;
	theme_font(sheet->cairo, 8, false);
	theme_colour(sheet->cairo, theme_day.soft);
	theme_fit(sheet->cairo, text, sizeof(text) - 32, sheet->footer, SHEET_WIDTH - 60);
	cairo_move_to(sheet->cairo, MARGIN, PAGE_HEIGHT - 30);
	cairo_show_text(sheet->cairo, text);
	snprintf(text, sizeof(text), "%u", sheet->page);
	cairo_move_to(sheet->cairo, PAGE_WIDTH - MARGIN - theme_width(sheet->cairo, text), PAGE_HEIGHT - 30);
	cairo_show_text(sheet->cairo, text);
	sheet->y = MARGIN;
}

bool sheet_open(struct sheet *sheet, const char *file, const char *title, const char *footer)
{
	*sheet = (struct sheet){ .footer = footer };
	sheet->surface = cairo_pdf_surface_create(file, PAGE_WIDTH, PAGE_HEIGHT);
	sheet->cairo = cairo_create(sheet->surface);
	if (cairo_status(sheet->cairo) != CAIRO_STATUS_SUCCESS)
		return false;
	cairo_pdf_surface_set_metadata(sheet->surface, CAIRO_PDF_METADATA_TITLE, title);
	cairo_pdf_surface_set_metadata(sheet->surface, CAIRO_PDF_METADATA_CREATOR, "uproar-report");
	top_of_page(sheet);
	return true;
}

const char *sheet_close(struct sheet *sheet)
{
	cairo_status_t status = cairo_status(sheet->cairo);

	cairo_destroy(sheet->cairo);
	cairo_surface_finish(sheet->surface);
	if (status == CAIRO_STATUS_SUCCESS)
		status = cairo_surface_status(sheet->surface);
	cairo_surface_destroy(sheet->surface);
	return status == CAIRO_STATUS_SUCCESS ? NULL : cairo_status_to_string(status);
}

void sheet_need(struct sheet *sheet, double height)
{
	if (sheet->y + height <= BOTTOM)
		return;
	cairo_show_page(sheet->cairo);
	top_of_page(sheet);
}

void sheet_space(struct sheet *sheet, double height)
{
	sheet->y += height;
}

static size_t character_size(const char *text)
{
	size_t size = 1;

	while (((unsigned char)text[size] & 0xc0) == 0x80)
		size++;
	return size;
}

/* How many bytes fit into this width, up to a blank where there is one; line[] is they. At least one character. */
static size_t fill_line(cairo_t *cairo, const char *text, double width, char line[LINE_SIZE_MAX])
{
	size_t size = 0, blank = 0;

	while (text[size]) {
		const size_t more = character_size(text + size);

		if (size + more >= LINE_SIZE_MAX)
			break;
		memcpy(line + size, text + size, more);
		line[size + more] = 0;
		if (size && text[size] != ' ' && theme_width(cairo, line) > width)
			break;
		if (text[size] == ' ')
			blank = size;
		size += more;
	}
	if (text[size] && blank)
		size = blank;
	line[size] = 0;
	return size;
}

/* Writes the lines, or only counts them, and says how high they are. */
static double lines(cairo_t *cairo, const char *text, double size, double x, double y, double width, bool right,
		    bool draw)
{
	const double top = y;

	while (*text) {
		char line[LINE_SIZE_MAX];

		text += fill_line(cairo, text, width, line);
		y += size * LEADING;
		while (*text == ' ')
			text++;
		if (!draw)
			continue;
		cairo_move_to(cairo, right ? x + width - theme_width(cairo, line) : x, y - size * (LEADING - 1));
		cairo_show_text(cairo, line);
	}
	return y - top;
}

void sheet_text(struct sheet *sheet, const struct sheet_style *style, const char *text)
{
	double height;

	theme_font(sheet->cairo, style->size, style->bold);
	height = lines(sheet->cairo, text, style->size, MARGIN, 0, SHEET_WIDTH, false, false);
	sheet_need(sheet, height);
	theme_font(sheet->cairo, style->size, style->bold); /* a new page has its own */
	theme_colour(sheet->cairo, style->colour);
	lines(sheet->cairo, text, style->size, MARGIN, sheet->y, SHEET_WIDTH, false, true);
	sheet->y += height;
}

void sheet_box(struct sheet *sheet, const struct sheet_style *style, uint32_t ground, uint32_t colour, const char *text)
{
	const double inside = SHEET_WIDTH - 28;
	double height;

	theme_font(sheet->cairo, style->size, style->bold);
	height = lines(sheet->cairo, text, style->size, 0, 0, inside, false, false) + 18;
	sheet_need(sheet, height);
	theme_colour(sheet->cairo, ground);
	cairo_rectangle(sheet->cairo, MARGIN, sheet->y, SHEET_WIDTH, height);
	cairo_fill(sheet->cairo);
	theme_colour(sheet->cairo, colour);
	cairo_rectangle(sheet->cairo, MARGIN, sheet->y, 5, height);
	cairo_fill(sheet->cairo);
	theme_font(sheet->cairo, style->size, style->bold);
	theme_colour(sheet->cairo, style->colour);
	lines(sheet->cairo, text, style->size, MARGIN + 16, sheet->y + 8, inside, false, true);
	sheet->y += height + 6;
}

static double cell(struct sheet *sheet, const struct sheet_cell *of, double x, bool draw)
{
	double height;

	theme_font(sheet->cairo, CELL_SIZE, of->bold);
	theme_colour(sheet->cairo, of->colour);
	if (of->right)
		x += 8; /* the gap to the next is at its left */
	height = lines(sheet->cairo, of->text, CELL_SIZE, x, sheet->y + 3, of->width - 8, of->right, draw);
	if (!of->small)
		return height;
	theme_font(sheet->cairo, SMALL_SIZE, false);
	theme_colour(sheet->cairo, theme_day.soft);
	return height +
	       lines(sheet->cairo, of->small, SMALL_SIZE, x, sheet->y + 3 + height, of->width - 8, of->right, draw);
}

void sheet_row(struct sheet *sheet, const struct sheet_cell *cells, size_t count)
{
	double height = 0, x = MARGIN;

	assert(count <= SHEET_CELLS_MAX);
	for (size_t i = 0; i < count; i++)
		height = fmax(height, cell(sheet, &cells[i], 0, false));
	sheet_need(sheet, height + 7);
	for (size_t i = 0; i < count; i++) {
		cell(sheet, &cells[i], x, true);
		x += cells[i].width;
	}
	sheet->y += height + 7;
	theme_colour(sheet->cairo, theme_day.grid);
	cairo_set_line_width(sheet->cairo, 0.5);
	cairo_move_to(sheet->cairo, MARGIN, sheet->y);
	cairo_line_to(sheet->cairo, MARGIN + SHEET_WIDTH, sheet->y);
	cairo_stroke(sheet->cairo);
}

void sheet_chart(struct sheet *sheet, const struct chart *chart, double height)
{
	const double scale = 0.85;

	sheet_need(sheet, height);
	cairo_save(sheet->cairo);
	cairo_translate(sheet->cairo, MARGIN, sheet->y);
	cairo_scale(sheet->cairo, scale, scale);
	chart_draw(sheet->cairo, chart, &theme_day, SHEET_WIDTH / scale, height / scale);
	cairo_restore(sheet->cairo);
	sheet->y += height;
}
