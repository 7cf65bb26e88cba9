/* page_html.h - the report as one HTML file that needs nothing else, no network either.
 */
#ifndef REPORT_PAGE_HTML_H
#define REPORT_PAGE_HTML_H

#include <stdio.h>

#include "tools/report/charts.h"
#include "tools/report/input.h"

/* False when a chart could not be drawn; whether it could be written is known to the stream. */
bool page_html(FILE *out, const struct runs *runs, const struct charts *charts);

#endif
