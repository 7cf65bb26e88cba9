/* count_rows.h - asks a store's file directly, beside whoever has it open. */
#ifndef TEST_COUNT_ROWS_H
#define TEST_COUNT_ROWS_H

#include <criterion/criterion.h>
#include <sqlite3.h>

/* The one number that the statement gives. */
static inline int64_t count_rows_in(const char *file, const char *sql)
{
	sqlite3 *db;
	sqlite3_stmt *statement;

	cr_assert_eq(sqlite3_open(file, &db), SQLITE_OK);
	cr_assert_eq(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK, "%s", sqlite3_errmsg(db));
	cr_assert_eq(sqlite3_step(statement), SQLITE_ROW);
	const int64_t count = sqlite3_column_int64(statement, 0);

	sqlite3_finalize(statement);
	sqlite3_close(db);
	return count;
}

#endif
