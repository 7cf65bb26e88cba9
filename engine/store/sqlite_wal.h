/* sqlite_wal.h - the write-ahead log as the writer writes it: in large pieces. For store/'s sqlite files alone.
 *
 * SQLite writes a page of the log in two calls, its header and itself, and a batch has hundreds of pages. This file
 * system of SQLite's gathers what follows on and writes it at once: when it is full, when something else is asked of
 * the log, and before it is synced. Nobody reads what is not synced: with synchronous=FULL the log's index, in shared
 * memory, names a page only behind the sync. All other files, and the log where there is no memory, are the default
 * file system's.
 */
#ifndef STORE_SQLITE_WAL_H
#define STORE_SQLITE_WAL_H

/* Its name, for sqlite3_open_v2(); NULL: there is none. Over what is the default when it is first asked for. */
const char *wal_file_system(void);

#endif
