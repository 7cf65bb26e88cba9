/* The write-ahead log in large pieces: what reaches the file system beneath, and when. */
#include "engine/store/sqlite_wal.h"

#include <criterion/criterion.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/engine/store/faulty.h"

static char directory[64], path[80];
static sqlite3 *writer, *reader;

static int run(sqlite3 *db, const char *sql)
{
	return sqlite3_exec(db, sql, NULL, NULL, NULL);
}

static int number(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *statement;

	cr_assert_eq(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
	cr_assert_eq(sqlite3_step(statement), SQLITE_ROW, "%s", sqlite3_errmsg(db));
	const int found = sqlite3_column_int(statement, 0);

	sqlite3_finalize(statement);
	return found;
}

static void begin(void)
{
	snprintf(directory, sizeof(directory), "/dev/shm/uproar-wal-XXXXXX");
	cr_assert(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/log.db", directory);
	faulty_install();
	faulty_arm(FAULTY_NONE, 0, false);
	cr_assert_eq(sqlite3_open_v2(path, &writer, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, wal_file_system()), 0);
	cr_assert_eq(run(writer, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0;"
				 "CREATE TABLE lines (id INTEGER PRIMARY KEY, text TEXT);"),
		     0);
	cr_assert_eq(sqlite3_open_v2(path, &reader, SQLITE_OPEN_READWRITE, NULL), 0);
}

static void end(void)
{
	static const char *const names[] = { "log.db", "log.db-wal", "log.db-shm" };
	char name[96];

	cr_assert_eq(sqlite3_close(reader), 0);
	cr_assert_eq(sqlite3_close(writer), 0);
	for (int i = 0; i < 3; i++) {
		snprintf(name, sizeof(name), "%s/%s", directory, names[i]);
		unlink(name);
	}
	rmdir(directory);
}

TestSuite(sqlite_wal, .timeout = 60);

#define LINES                                                                                                          \
	"WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)"                              \
	" INSERT INTO lines (text) SELECT hex(zeroblob(500)) FROM n;"

Test(sqlite_wal, pages_are_written_many_at_once)
{
	begin();
	faulty_arm(FAULTY_NONE, 0, false);
	cr_assert_eq(run(writer, LINES), 0);
	cr_assert_lt(faulty_calls(FAULTY_WRITE), 40, "%u for 500 pages", faulty_calls(FAULTY_WRITE));
	cr_assert_gt(faulty_calls(FAULTY_WRITE), 25, "a piece has a bound");
	cr_assert_eq(faulty_calls(FAULTY_SYNC), 1);
	end();
}

Test(sqlite_wal, what_is_committed_is_there_for_others)
{
	begin();
	for (int i = 1; i <= 20; i++) {
		cr_assert_eq(run(writer, "INSERT INTO lines (text) VALUES ('one');"), 0);
		cr_assert_eq(number(reader, "SELECT count(*) FROM lines"), i);
	}
	cr_assert_eq(run(writer, LINES), 0);
	cr_assert_eq(number(reader, "SELECT count(*) FROM lines"), 2020);
	cr_assert_eq(number(reader, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'"), 1);
	end();
}

/* With a cache of ten pages a transaction's pages go to the log before its end, are read from there, and are written
 * again where they stand. */
Test(sqlite_wal, what_waits_can_be_read_and_written_again)
{
	begin();
	cr_assert_eq(run(writer, "PRAGMA cache_size = 10; BEGIN;" LINES), 0);
	for (int i = 0; i < 5; i++)
		cr_assert_eq(run(writer, "UPDATE lines SET text = text || 'x' WHERE id % 3 = 0;"), 0);
	cr_assert_eq(number(writer, "SELECT sum(length(text)) FROM lines"), 2000 * 1000 + 666 * 5);
	cr_assert_eq(number(reader, "SELECT count(*) FROM lines"), 0);
	cr_assert_eq(run(writer, "COMMIT;"), 0);
	cr_assert_eq(number(reader, "SELECT sum(length(text)) FROM lines"), 2000 * 1000 + 666 * 5);
	cr_assert_eq(run(writer, "PRAGMA wal_checkpoint(TRUNCATE); DELETE FROM lines WHERE id > 10;"), 0);
	cr_assert_eq(number(reader, "SELECT count(*) FROM lines"), 10);
	cr_assert_eq(number(reader, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'"), 1);
	end();
}

static void refused(enum faulty_kind kind, int code)
{
	begin();
	cr_assert_eq(run(writer, "INSERT INTO lines (text) VALUES ('before');"), 0);
	for (uint32_t at = 1; at <= 3; at++) {
		faulty_arm(kind, at, false);
		cr_assert_eq(run(writer, "BEGIN;" LINES "COMMIT;") & 0xff, code);
		cr_assert(faulty_fired());
		if (!sqlite3_get_autocommit(writer))
			cr_assert_eq(run(writer, "ROLLBACK;"), 0);
		cr_assert_eq(number(reader, "SELECT count(*) FROM lines"), (int)at);
		faulty_arm(FAULTY_NONE, 0, false);
		cr_assert_eq(run(writer, "INSERT INTO lines (text) VALUES ('behind');"), 0);
	}
	cr_assert_eq(number(reader, "SELECT count(*) FROM lines"), 4);
	cr_assert_eq(number(reader, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'"), 1);
	end();
}

Test(sqlite_wal, a_write_that_fails_is_told_before_anything_is_committed)
{
	refused(FAULTY_WRITE, SQLITE_IOERR);
}

Test(sqlite_wal, a_full_disk_is_told_before_anything_is_committed)
{
	refused(FAULTY_FULL, SQLITE_FULL);
}

/* The last piece is written by the sync itself. */
Test(sqlite_wal, the_last_write_of_a_small_commit_may_fail)
{
	begin();
	faulty_arm(FAULTY_FULL, 1, false);
	cr_assert_eq(run(writer, "INSERT INTO lines (text) VALUES ('small');"), SQLITE_FULL);
	cr_assert(faulty_fired());
	cr_assert_eq(faulty_calls(FAULTY_SYNC), 0);
	cr_assert_eq(number(reader, "SELECT count(*) FROM lines"), 0);
	cr_assert_eq(run(writer, "INSERT INTO lines (text) VALUES ('small');"), 0);
	cr_assert_eq(number(reader, "SELECT count(*) FROM lines"), 1);
	end();
}

/* The log's file as SQLite holds it, without SQLite. */
static sqlite3_file *log_open(char name[96])
{
	sqlite3_vfs *system = sqlite3_vfs_find(wal_file_system());
	sqlite3_file *file = calloc(1, (size_t)system->szOsFile);
	int flags = SQLITE_OPEN_WAL | SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;

	memset(name, 0, 96);
	snprintf(name, 96, "%s/pieces.wal", directory);
	cr_assert_eq(system->xOpen(system, name, file, flags, &flags), SQLITE_OK);
	return file;
}

static void log_close(sqlite3_file *file, const char *name)
{
	cr_assert_eq(file->pMethods->xClose(file), SQLITE_OK);
	free(file);
	unlink(name);
}

static int ask_read(sqlite3_file *file)
{
	char bytes[6] = "";
	const int code = file->pMethods->xRead(file, bytes, 5, 0);

	cr_assert(code != SQLITE_OK || strcmp(bytes, "piece") == 0);
	return code;
}

static int ask_truncate(sqlite3_file *file)
{
	return file->pMethods->xTruncate(file, 5);
}

static int ask_sync(sqlite3_file *file)
{
	return file->pMethods->xSync(file, SQLITE_SYNC_NORMAL);
}

static int ask_size(sqlite3_file *file)
{
	sqlite3_int64 size = 0;
	const int code = file->pMethods->xFileSize(file, &size);

	cr_assert(code != SQLITE_OK || size == 5);
	return code;
}

Test(sqlite_wal, what_waits_is_written_before_anything_else_is_done)
{
	static int (*const asks[])(sqlite3_file *) = { ask_read, ask_truncate, ask_sync, ask_size };
	char name[96];

	begin();
	for (size_t i = 0; i < sizeof(asks) / sizeof(asks[0]); i++) {
		sqlite3_file *file = log_open(name);

		faulty_arm(FAULTY_FULL, 1, false);
		cr_assert_eq(file->pMethods->xWrite(file, "piece", 5, 0), SQLITE_OK);
		cr_assert_eq(faulty_calls(FAULTY_WRITE), 0, "it waits");
		cr_assert_eq(asks[i](file), SQLITE_FULL, "%zu", i);
		cr_assert_eq(file->pMethods->xWrite(file, "piece", 5, 0), SQLITE_OK);
		cr_assert_eq(asks[i](file), SQLITE_OK, "%zu", i);
		cr_assert_geq(faulty_calls(FAULTY_WRITE), 2); /* a truncation counts as one */
		log_close(file, name);
	}
	end();
}

/* A page is no longer than a piece; what is, goes by it, behind what waits. */
Test(sqlite_wal, what_is_longer_than_a_piece_is_written_at_once)
{
	static char bytes[100000], read[100000];
	char name[96];

	begin();
	sqlite3_file *file = log_open(name);

	memset(bytes, 'x', sizeof(bytes));
	faulty_arm(FAULTY_NONE, 0, false);
	cr_assert_eq(file->pMethods->xWrite(file, "first", 5, 0), SQLITE_OK);
	cr_assert_eq(file->pMethods->xWrite(file, bytes + 5, sizeof(bytes) - 5, 5), SQLITE_OK);
	cr_assert_eq(faulty_calls(FAULTY_WRITE), 2);
	cr_assert_eq(file->pMethods->xRead(file, read, sizeof(read), 0), SQLITE_OK);
	memcpy(bytes, "first", 5);
	cr_assert_eq(memcmp(read, bytes, sizeof(bytes)), 0);
	log_close(file, name);
	end();
}

/* Some of this SQLite asks of a database's file alone, but a file must have it. */
Test(sqlite_wal, locks_and_sectors_are_those_of_the_file_beneath)
{
	char name[96];
	int reserved = -1, size = 65536;

	begin();
	sqlite3_file *file = log_open(name);

	cr_assert_eq(file->pMethods->xLock(file, SQLITE_LOCK_SHARED), SQLITE_OK);
	cr_assert_eq(file->pMethods->xCheckReservedLock(file, &reserved), SQLITE_OK);
	cr_assert_eq(reserved, 0);
	cr_assert_eq(file->pMethods->xUnlock(file, SQLITE_LOCK_NONE), SQLITE_OK);
	cr_assert_gt(file->pMethods->xSectorSize(file), 0);
	cr_assert_geq(file->pMethods->xDeviceCharacteristics(file), 0);
	cr_assert_eq(file->pMethods->xFileControl(file, SQLITE_FCNTL_CHUNK_SIZE, &size), SQLITE_OK);
	cr_assert_eq(file->pMethods->xFileControl(file, 1 << 20, &size), SQLITE_NOTFOUND);
	log_close(file, name);
	end();
}

Test(sqlite_wal, without_a_file_system_there_is_none)
{
	for (sqlite3_vfs *one; (one = sqlite3_vfs_find(NULL)) != NULL;)
		sqlite3_vfs_unregister(one);
	cr_assert_null(wal_file_system());
}
