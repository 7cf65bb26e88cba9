/* Opening: versions, other people's files, and what is said of them. */
#include <criterion/criterion.h>
#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/store/sqlite_db.h"

static char directory[64], path[96], why[256];

static void setup(void)
{
	snprintf(directory, sizeof(directory), "/tmp/uproar-db-XXXXXX");
	cr_assert(mkdtemp(directory));
	snprintf(path, sizeof(path), "%.60s/uproar.db", directory);
	db_set_up_library();
}

static void teardown(void)
{
	char command[128];

	for (int i = 0; i < 3; i++) {
		static const char *const ends[] = { "", "-wal", "-shm" };

		snprintf(command, sizeof(command), "%s%s", path, ends[i]);
		unlink(command);
	}
	rmdir(directory);
}

TestSuite(sqlite_db, .init = setup, .fini = teardown, .timeout = 60);

static void run_sql(const char *sql)
{
	sqlite3 *db;
	char *error = NULL;

	cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK);
	cr_assert_eq(sqlite3_exec(db, sql, NULL, NULL, &error), SQLITE_OK, "%s", error);
	sqlite3_close(db);
}

static const char *text(const char *sql)
{
	static char out[16384];
	sqlite3_stmt *statement;
	sqlite3 *db;

	cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK);
	cr_assert_eq(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK, "%s", sqlite3_errmsg(db));
	cr_assert_eq(sqlite3_step(statement), SQLITE_ROW);
	snprintf(out, sizeof(out), "%s", (const char *)sqlite3_column_text(statement, 0));
	sqlite3_finalize(statement);
	sqlite3_close(db);
	return out;
}

static const char *refusal(void)
{
	sqlite3 *db = db_open(path, true, why, sizeof(why));

	cr_assert_null(db);
	return why;
}

static void open_and_close(void)
{
	sqlite3 *db = db_open(path, true, why, sizeof(why));

	cr_assert(db, "%s", why);
	sqlite3_close(db);
}

#define SCHEMA "SELECT group_concat(sql, ';') FROM sqlite_schema"

Test(sqlite_db, is_made_once_and_then_left_as_it_is)
{
	static char schema[16384];

	open_and_close();
	cr_assert_str_eq(text("PRAGMA user_version"), "2");
	cr_assert_str_eq(text("PRAGMA journal_mode"), "wal");
	snprintf(schema, sizeof(schema), "%s", text(SCHEMA));
	open_and_close();
	cr_assert_str_eq(text("PRAGMA user_version"), "2");
	cr_assert_str_eq(text(SCHEMA), schema);
}

Test(sqlite_db, is_readable_for_its_user_alone)
{
	sqlite3 *db = db_open(path, true, why, sizeof(why));
	struct stat status;
	char wal[128];

	cr_assert(db, "%s", why);
	snprintf(wal, sizeof(wal), "%s-wal", path);
	cr_assert(stat(path, &status) == 0 && (status.st_mode & 0777) == 0600);
	cr_assert(stat(wal, &status) == 0 && (status.st_mode & 0777) == 0600);
	sqlite3_close(db);
}

Test(sqlite_db, an_empty_file_becomes_one)
{
	fclose(fopen(path, "w"));
	open_and_close();
	cr_assert_str_eq(text("SELECT count(*) FROM messages"), "0");
}

/* As after a crash in the middle of the first opening: no step is half done. */
Test(sqlite_db, a_step_that_fails_leaves_the_version_before)
{
	run_sql("PRAGMA application_id = 1433432687; CREATE TABLE words (x)");
	cr_assert(strstr(refusal(), "already exists"), "%s", why);
	cr_assert_str_eq(text("PRAGMA user_version"), "0");
	cr_assert_str_eq(text("SELECT count(*) FROM sqlite_schema"), "1");
	run_sql("DROP TABLE words");
	open_and_close();
	cr_assert_str_eq(text("PRAGMA user_version"), "2");
}

Test(sqlite_db, a_newer_version_is_left_alone)
{
	open_and_close();
	run_sql("PRAGMA user_version = 3");
	cr_assert(strstr(refusal(), "is of version 3, made by a newer uproar; this one knows up to 2"), "%s", why);
	cr_assert_str_eq(text("PRAGMA user_version"), "3");
	run_sql("PRAGMA user_version = 2");
	open_and_close();
}

Test(sqlite_db, somebody_elses_file_is_left_as_it_is)
{
	run_sql("CREATE TABLE photos (x); PRAGMA journal_mode = DELETE");
	cr_assert(strstr(refusal(), "is not a database of uproar"), "%s", why);
	cr_assert_str_eq(text("SELECT group_concat(name) FROM sqlite_schema"), "photos");
	cr_assert_str_eq(text("PRAGMA journal_mode"), "delete");
	run_sql("PRAGMA user_version = 1");
	cr_assert(strstr(refusal(), "is not a database of uproar"), "%s", why);
}

Test(sqlite_db, what_is_no_database_is_refused)
{
	FILE *file = fopen(path, "w");

	for (int i = 0; i < 1000; i++)
		fputs("this is no database", file);
	fclose(file);
	cr_assert(strstr(refusal(), "is not a database of uproar"), "%s", why);
}

Test(sqlite_db, what_cannot_be_written_is_said_so)
{
	if (geteuid() == 0) {
		cr_assert_eq(chmod(directory, 0755), 0);
		cr_assert_eq(seteuid(65534), 0);
	} else {
		cr_assert_eq(chmod(directory, 0500), 0);
	}
	cr_assert(strstr(refusal(), "cannot be written"), "%s", why);
	cr_assert(strstr(why, "must belong to the user"), "%s", why);
	if (getuid() == 0)
		cr_assert_eq(seteuid(0), 0);
	/* The file is there, but it is not ours to write. */
	chmod(directory, 0755);
	open_and_close();
	chmod(path, 0444);
	if (getuid() == 0)
		cr_assert_eq(seteuid(65534), 0);
	cr_assert(strstr(refusal(), "cannot be written"), "%s", why);
	if (getuid() == 0)
		cr_assert_eq(seteuid(0), 0);
}

Test(sqlite_db, errors_come_to_what_is_done_about_them)
{
	cr_assert_eq(db_error(SQLITE_OK), 0);
	cr_assert_eq(db_error(SQLITE_DONE), 0);
	cr_assert_eq(db_error(SQLITE_ROW), 0);
	cr_assert_eq(db_error(SQLITE_FULL), -ENOSPC);
	cr_assert_eq(db_error(SQLITE_IOERR_FSYNC), -EIO);
	cr_assert_eq(db_error(SQLITE_IOERR_DIR_FSYNC), -EIO);
	cr_assert_eq(db_error(SQLITE_IOERR_WRITE), -EIO);
	cr_assert_eq(db_error(SQLITE_IOERR_TRUNCATE), -EIO);
	cr_assert_eq(db_error(SQLITE_IOERR_READ), -EBADMSG);
	cr_assert_eq(db_error(SQLITE_IOERR_SHORT_READ), -EBADMSG);
	cr_assert_eq(db_error(SQLITE_IOERR_SHMSIZE), -EAGAIN);
	cr_assert_eq(db_error(SQLITE_CORRUPT_VTAB), -EBADMSG);
	cr_assert_eq(db_error(SQLITE_NOTADB), -EBADMSG);
	cr_assert_eq(db_error(SQLITE_CONSTRAINT_PRIMARYKEY), -EBADMSG);
	cr_assert_eq(db_error(SQLITE_BUSY), -EAGAIN);
	cr_assert_eq(db_error(SQLITE_NOMEM), -EAGAIN);
	cr_assert_eq(db_error(SQLITE_MISUSE), -EIO);
}

Test(sqlite_db, a_statement_is_run_up_to_its_first_row)
{
	sqlite3 *db = db_open(path, true, why, sizeof(why));
	sqlite3_stmt *statement = db_prepare(db, "SELECT 1 UNION SELECT 2");

	cr_assert(statement);
	cr_assert_eq(db_run(statement), SQLITE_OK);
	cr_assert(!sqlite3_stmt_busy(statement), "it holds no lock any more");
	sqlite3_finalize(statement);
	sqlite3_close(db);
}
