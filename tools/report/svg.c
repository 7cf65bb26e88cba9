#include "tools/report/svg.h"

#include <cairo/cairo-svg.h>
#include <stdlib.h>
#include <string.h>

#define DECIMALS 2

static cairo_status_t keep(void *out, const unsigned char *bytes, unsigned size)
{
	return fwrite(bytes, 1, size, out) == size ? CAIRO_STATUS_SUCCESS : CAIRO_STATUS_WRITE_ERROR;
}

static bool is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

void svg_embed(FILE *out, const char *document, size_t size, const char *prefix)
{
	static const char *const before[] = { " id=\"", "\"#", "url(#", "url('#" }; /* all that an id can follow */
	const char *const end = document + size;
	const char *at = memmem(document, size, "<svg", 4);

	while (at && at < end) {
		size_t taken = 0;

		for (size_t i = 0; i < sizeof(before) / sizeof(*before) && !taken; i++)
			if ((size_t)(end - at) >= strlen(before[i]) && memcmp(at, before[i], strlen(before[i])) == 0)
				taken = strlen(before[i]);
		if (*at == '.' && at > document && is_digit(at[-1])) {
			const char *const cut = at + 1 + DECIMALS;

			while (at < end && (at < cut || is_digit(*at)) && (*at == '.' || is_digit(*at))) {
				if (at < cut)
					putc(*at, out);
				at++;
			}
			continue;
		}
		if (taken) {
			fwrite(at, 1, taken, out);
			fputs(prefix, out);
			at += taken;
		} else
			putc(*at++, out);
	}
}

bool svg_put(FILE *out, const struct chart *chart, const struct theme *theme, const char *prefix)
{
	char *document = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&document, &size);
	cairo_surface_t *surface;
	cairo_t *cairo;
	bool drawn;

	if (!stream)
		return false;
	surface = cairo_svg_surface_create_for_stream(keep, stream, CHART_WIDTH, CHART_HEIGHT);
	cairo = cairo_create(surface);
	chart_draw(cairo, chart, theme, CHART_WIDTH, CHART_HEIGHT);
	drawn = cairo_status(cairo) == CAIRO_STATUS_SUCCESS;
	cairo_destroy(cairo);
	cairo_surface_finish(surface);
	drawn = drawn && cairo_surface_status(surface) == CAIRO_STATUS_SUCCESS;
	cairo_surface_destroy(surface);
	fclose(stream);
	if (drawn)
		svg_embed(out, document, size, prefix);
	free(document);
	return drawn;
}
