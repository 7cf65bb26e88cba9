/* sqlite_append.h - the writer: batches into transactions. For store/'s sqlite files alone.
 */
#ifndef STORE_SQLITE_APPEND_H
#define STORE_SQLITE_APPEND_H

#include "engine/store/sqlite_rooms.h"

struct sqlite_append {
	sqlite3 *db;
	struct sqlite_rooms rooms;
	sqlite3_stmt *begin, *commit, *rollback, *mark, *unmark, *release;
	sqlite3_stmt *insert, *by_cid, *read, *edited, *edits, *erase, *young, *keep_state, *drop_state;
	bool careful; /* a room was found damaged: each job can be taken back alone */
	int wal_pages; /* in the write-ahead log */
	int wal_due; /* when so many are, a checkpoint is made without waiting for the housekeeping */
	uint64_t overdue; /* about how many rows nobody may see any more have come since the housekeeping found none, */
	uint64_t lately; /* and how many events since its last slice */
};

int append_open(struct sqlite_append *append, sqlite3 *db);
void append_close(struct sqlite_append *append);

/* As struct store_backend's append. */
int append_batch(struct sqlite_append *append, struct store_job **jobs, size_t count);

/* Moves what it can from the write-ahead log into the file. 0, or as append_batch. */
int append_checkpoint(struct sqlite_append *append);

/* For housekeeping: a room keeps what is of this age at most from now on, and what is too old is not to be seen any
 * more; inside a transaction. */
int append_expire(struct sqlite_append *append, struct span room, uint64_t now_ms, uint64_t age_ms);

/* For housekeeping: a transaction around something, and its end: code is what came of it. */
int append_begin(struct sqlite_append *append);
int append_end(struct sqlite_append *append, int code);

#endif
