/* markup.h - other people's text, made harmless for a page.
 *
 * Labels, names and commands come from a file; they must not become tags, links or cells.
 */
#ifndef REPORT_MARKUP_H
#define REPORT_MARKUP_H

#include <stdio.h>

/* For HTML, between tags and in quoted attributes. */
void markup_html(FILE *out, const char *text);

/* For Markdown, in paragraphs and in the cells of a table: always one line. */
void markup_md(FILE *out, const char *text);

#endif
