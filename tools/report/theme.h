/* theme.h - colours by day and by night, and the one typeface.
 */
#ifndef REPORT_THEME_H
#define REPORT_THEME_H

#include <cairo/cairo.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct theme {
	uint32_t ink, soft, grid, shade; /* 0xrrggbb */
	uint32_t line[8];
};

extern const struct theme theme_day, theme_night;

void theme_colour(cairo_t *cairo, uint32_t colour);
void theme_font(cairo_t *cairo, double size, bool bold);

/* How wide this would be in the present font. */
double theme_width(cairo_t *cairo, const char *text);

/* Copies the text, cut with an ellipsis where it would be wider than this. */
void theme_fit(cairo_t *cairo, char *out, size_t out_size, const char *text, double width);

#endif
