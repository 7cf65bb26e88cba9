/* sqlite_query.h - what a person typed, as an expression of FTS5.
 */
#ifndef STORE_SQLITE_QUERY_H
#define STORE_SQLITE_QUERY_H

#include "proto/base/span.h"

/* All words, "a phrase", the beginning of a word*. Whatever is typed, the expression is one. Returns its length, or 0:
 * there is nothing to look for, or it does not fit. */
size_t query_expression(struct span query, char *out, size_t size);

#endif
