/* sqlite_db.h - a connection to the file, its schema, and what its errors come to. For store/'s sqlite files alone.
 */
#ifndef STORE_SQLITE_DB_H
#define STORE_SQLITE_DB_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/span.h"

/* Once a process, before anything else of SQLite is called. */
void db_set_up_library(void);

/* Opens; a writer makes or migrates the schema. NULL with a line for people in `why`. */
sqlite3 *db_open(const char *path, bool writer, char *why, size_t size);

/* A statement that lives as long as the connection. NULL: the schema is not what this program knows. */
sqlite3_stmt *db_prepare(sqlite3 *db, const char *sql);

/* Runs a statement up to its first row, if it gives any, and resets it. SQLITE_OK, or the extended code. */
int db_run(sqlite3_stmt *statement);

/* 0 for SQLITE_OK DONE ROW; -ENOSPC; -EBADMSG: damaged, or cannot be read; -EAGAIN: not known to be done, and it may
 * succeed later; otherwise -EIO. */
int db_error(int code);

static inline void db_bind_span(sqlite3_stmt *statement, int index, struct span span)
{
	if (span.bytes)
		sqlite3_bind_text(statement, index, (const char *)span.bytes, (int)span.size, SQLITE_STATIC);
	else
		sqlite3_bind_null(statement, index);
}

static inline struct span db_span(sqlite3_stmt *statement, int column)
{
	const void *bytes = sqlite3_column_text(statement, column);

	return bytes ? span_of(bytes, (size_t)sqlite3_column_bytes(statement, column)) : SPAN_NONE;
}

#endif
