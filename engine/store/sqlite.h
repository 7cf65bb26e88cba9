/* sqlite.h - the log on disk in one SQLite file: DIR/uproar.db, and beside it its write-ahead log.
 *
 * WAL with synchronous=FULL: a commit is on stable storage when append() returns. One connection writes,
 * the others read what is committed. docs/operate/store.md shows the schema to people.
 */
#ifndef STORE_SQLITE_H
#define STORE_SQLITE_H

#include "engine/store/backend.h"

/* directory: exists, is held by this process; kept. */
struct store_backend sqlite_backend(const char *directory);

#endif
