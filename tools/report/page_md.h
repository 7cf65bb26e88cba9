/* page_md.h - the report as Markdown: all its words and tables, without the pictures.
 */
#ifndef REPORT_PAGE_MD_H
#define REPORT_PAGE_MD_H

#include <stdio.h>

#include "tools/report/input.h"

void page_md(FILE *out, const struct runs *runs);

#endif
