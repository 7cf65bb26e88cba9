/* page_pdf.h - the report as pages to print or to hand on.
 */
#ifndef REPORT_PAGE_PDF_H
#define REPORT_PAGE_PDF_H

#include "tools/report/charts.h"
#include "tools/report/input.h"

/* NULL, or why the file is not whole. */
const char *page_pdf(const char *file, const struct runs *runs, const struct charts *charts);

#endif
