/* sqlite_search.h - messages of a room by their words. For store/'s sqlite files alone.
 */
#ifndef STORE_SQLITE_SEARCH_H
#define STORE_SQLITE_SEARCH_H

#include "engine/store/sqlite_read.h"

struct sqlite_search {
	struct sqlite_read *read;
	sqlite3_stmt *find, *newest_edit;
};

int search_open(struct sqlite_search *search, struct sqlite_read *read);
void search_close(struct sqlite_search *search);
void search_job(struct sqlite_search *search, struct store_job *job);

/* What a person typed as an expression of FTS5: all words, "a phrase", the beginning of a word*. Returns its length, or
 * 0: there is nothing to look for, or it does not fit. */
size_t search_expression(struct span query, char *out, size_t size);

#endif
