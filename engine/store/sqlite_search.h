/* sqlite_search.h - messages of a room by their words. For store/'s sqlite files alone.
 */
#ifndef STORE_SQLITE_SEARCH_H
#define STORE_SQLITE_SEARCH_H

#include "engine/store/sqlite_tail.h"

struct sqlite_search {
	struct sqlite_read *read;
	sqlite3_stmt *find;
	struct sqlite_tail *tail;
};

int search_open(struct sqlite_search *search, struct sqlite_read *read);
void search_close(struct sqlite_search *search);
void search_job(struct sqlite_search *search, struct store_job *job);

#endif
