#include "tools/report/theme.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

const struct theme theme_day = {
	.ink = 0x1f2933,
	.soft = 0x5b6773,
	.grid = 0xdde2e7,
	.shade = 0xf1f3f6,
	.line = { 0x1f6fd0, 0xd9730d, 0x16885a, 0xb83280, 0x6b4fd8, 0x8a6a00, 0x0b8a9a, 0x64707d },
};

const struct theme theme_night = {
	.ink = 0xe6eaef,
	.soft = 0x9aa7b4,
	.grid = 0x333c47,
	.shade = 0x222a33,
	.line = { 0x5ea5f5, 0xf39c4a, 0x43c48d, 0xf07ab8, 0xa693ff, 0xd9b23c, 0x3cc5d6, 0xa9b4bf },
};

void theme_colour(cairo_t *cairo, uint32_t colour)
{
	cairo_set_source_rgb(cairo, (colour >> 16) / 255.0, (colour >> 8 & 0xff) / 255.0, (colour & 0xff) / 255.0);
}

void theme_font(cairo_t *cairo, double size, bool bold)
{
	/* Arial stands for what the machine has of its kind, Liberation Sans as a rule. */
	cairo_select_font_face(cairo, "Arial", CAIRO_FONT_SLANT_NORMAL,
			       bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
	cairo_set_font_size(cairo, size);
}

double theme_width(cairo_t *cairo, const char *text)
{
	cairo_text_extents_t extents;

	cairo_text_extents(cairo, text, &extents);
	return extents.x_advance;
}

void theme_fit(cairo_t *cairo, char *out, size_t out_size, const char *text, double width)
{
	size_t size = strlen(text);

	assert(out_size > 8);
	if (size < out_size && theme_width(cairo, text) <= width) {
		memcpy(out, text, size + 1);
		return;
	}
	if (size > out_size - 4)
		size = out_size - 4;
	do {
		while (size > 0 && ((unsigned char)text[size] & 0xc0) == 0x80) /* never within a character */
			size--;
		memcpy(out, text, size);
		memcpy(out + size, "…", sizeof("…"));
	} while (size > 0 && theme_width(cairo, out) > width && size--);
}
