/* svg.h - a chart as an <svg> element that may stand in a page beside others.
 */
#ifndef REPORT_SVG_H
#define REPORT_SVG_H

#include <stddef.h>
#include <stdio.h>

#include "tools/report/chart.h"

/* `prefix` goes before every id in it, so that no two elements of a page share one. False when cairo could not. */
bool svg_put(FILE *out, const struct chart *chart, const struct theme *theme, const char *prefix);

/* Writes an SVG document of cairo's as such an element: without the XML head, its ids and what names them prefixed,
 * its numbers cut to hundredths of a point, which is half its size. */
void svg_embed(FILE *out, const char *document, size_t size, const char *prefix);

#endif
