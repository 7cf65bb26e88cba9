/* sqlite_read.h - pages of what is committed. For store/'s sqlite files alone.
 */
#ifndef STORE_SQLITE_READ_H
#define STORE_SQLITE_READ_H

#include "engine/chat/store_job.h"
#include "engine/store/sqlite_db.h"

/* Events being gathered for a page. */
struct sqlite_page {
	struct chat_event *events; /* spans are offsets into bytes until the page is made */
	uint8_t *bytes;
	size_t size, capacity; /* of bytes */
	size_t data; /* bytes of the events' spans, as a page counts them */
	uint32_t count, events_max;
};

struct sqlite_read {
	sqlite3 *db;
	sqlite3_stmt *begin, *end, *room, *young, *ascending, *descending, *state;
	struct sqlite_page page;
};

int read_open(struct sqlite_read *read, sqlite3 *db);
void read_close(struct sqlite_read *read);

/* LOAD and PAGE. */
void read_job(struct sqlite_read *read, struct store_job *job);

/* Where a room stands. SQLite's code; id 0: there is none. In a transaction. */
struct sqlite_standing {
	int64_t id;
	uint64_t first, last;
	uint64_t indexed; /* the words up to this seq can be found in the index */
};
int read_room(struct sqlite_read *read, struct store_job *job, struct sqlite_standing *standing);

/* Adds an event's copy; the page in one block, backwards if they were gathered so, or NULL: no memory. */
bool page_add(struct sqlite_page *page, const struct chat_event *event);
struct store_page *page_make(const struct sqlite_page *page, bool backwards, bool more);

/* What an error of a read comes to. */
enum store_status read_status(int code);

#endif
