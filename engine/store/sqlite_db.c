#include "engine/store/sqlite_db.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "engine/core/mutant.h"
#include "engine/core/names.h"
#include "engine/store/sqlite_wal.h"

#define PATH_SIZE 4096
#define BUSY_MS 5000
#define APPLICATION_ID 0x5570726f /* "Upro" */

static const char *const steps[] = {
#define STORE_STEP(sql) sql,
#include "engine/store/tbl/sqlite_schema.h"
#undef STORE_STEP
};

#define VERSION ((int)(sizeof(steps) / sizeof(steps[0])))

static const char pragmas[] = "PRAGMA synchronous = FULL;"
	"PRAGMA wal_autocheckpoint = 0;"
	"PRAGMA journal_size_limit = 67108864;"
	"PRAGMA temp_store = MEMORY;"
	"PRAGMA secure_delete = FAST;" /* what was deleted is not left in the file's pages */
	"PRAGMA trusted_schema = OFF;";

static _Thread_local int write_errno;

static pthread_once_t once = PTHREAD_ONCE_INIT;

/* Each connection is one thread's, and what memory they may use is bounded by their caches: counting every allocation
 * under one lock would only make the threads wait for each other. */
static void set_up_library(void)
{
	sqlite3_config(SQLITE_CONFIG_MULTITHREAD);
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

void db_set_up_library(void)
{
	pthread_once(&once, set_up_library);
}

static int error_of_io(int code)
{
	switch (code) {
	case SQLITE_IOERR_FSYNC:
	case SQLITE_IOERR_DIR_FSYNC:
		return -EIO;
	/* As bad as if it were wrong, and it would be so again after a restart: it concerns what is there alone. */
	case SQLITE_IOERR_READ:
	case SQLITE_IOERR_SHORT_READ:
	case SQLITE_IOERR_CORRUPTFS:
	case SQLITE_IOERR_DATA:
		return -EBADMSG;
	/* The frames may be in the log already when there is no room for their index. */
	case SQLITE_IOERR_SHMOPEN:
	case SQLITE_IOERR_SHMSIZE:
	case SQLITE_IOERR_SHMMAP:
	case SQLITE_IOERR_NOMEM:
		return -EAGAIN;
	/* SQLite tells of a full disk alone; a quota or a limit on the file's size is one too. */
	case SQLITE_IOERR_WRITE:
		return write_errno == ENOSPC || write_errno == EDQUOT || write_errno == EFBIG ? -ENOSPC : -EIO;
	default:
		return -EIO;
	}
}

int db_error(int code)
{
	switch (code & 0xff) {
	case SQLITE_OK:
	case SQLITE_DONE:
	case SQLITE_ROW:
		return 0;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_IOERR:
		return error_of_io(code);
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_CONSTRAINT: /* a row where none can be, as its room says */
		return -EBADMSG;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
	case SQLITE_NOMEM:
		return -EAGAIN;
	default:
		return -EIO;
	}
}

static int exec(sqlite3 *db, const char *sql)
{
	return sqlite3_exec(db, sql, NULL, NULL, NULL);
}

static int number_of(sqlite3 *db, const char *sql, int *number)
{
	sqlite3_stmt *statement = NULL;
	int code = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);

	if (code == SQLITE_OK) {
		code = sqlite3_step(statement);
		*number = code == SQLITE_ROW ? sqlite3_column_int(statement, 0) : 0;
	}
	sqlite3_finalize(statement);
	return code == SQLITE_ROW ? SQLITE_OK : code;
}

/* Brings the schema to this program's version, a step a transaction. */
static int migrate(sqlite3 *db, int version)
{
	char mark[96];

	for (; version < VERSION; version++) {
		snprintf(mark, sizeof(mark), "PRAGMA user_version = %d; PRAGMA application_id = %d;", version + 1,
			 APPLICATION_ID);
		int code = exec(db, "BEGIN IMMEDIATE");

		if (code == SQLITE_OK)
			code = exec(db, steps[version]);
		if (code == SQLITE_OK)
			code = exec(db, mark);
		if (code == SQLITE_OK)
			code = exec(db, "COMMIT");
		if (code != SQLITE_OK)
			return code;
	}
	return SQLITE_OK;
}

/* The names of the file and of its write-ahead log survive a power cut from here on: SQLite makes the latter with the
 * first look at the file, and does not mind when the directory cannot be synced. */
static int sync_names(sqlite3 *db, const char *path)
{
	int code = exec(db, "SELECT count(*) FROM sqlite_schema");
	char directory[PATH_SIZE];
	int keep = 1;

	sqlite3_file_control(db, "main", SQLITE_FCNTL_PERSIST_WAL, &keep);
	snprintf(directory, sizeof(directory), "%s", path);
	char *slash = strrchr(directory, '/');

	if (slash)
		slash[slash == directory] = 0;
	if (code == SQLITE_OK && names_sync(slash ? directory : ".") != 0)
		code = SQLITE_IOERR_DIR_FSYNC;
	return code;
}

static int set_up(sqlite3 *db, bool writer, int *version)
{
	int application = 0, tables = 0;
	int code = SQLITE_OK;

	sqlite3_extended_result_codes(db, 1);
	sqlite3_busy_timeout(db, BUSY_MS);
	code = number_of(db, "PRAGMA user_version", version);
	if (code == SQLITE_OK)
		code = number_of(db, "PRAGMA application_id", &application);
	if (code == SQLITE_OK)
		code = number_of(db, "SELECT count(*) FROM sqlite_schema", &tables);
	/* Somebody else's. */
	if (code == SQLITE_OK && (*version != 0 || tables > 0) && application != APPLICATION_ID)
		return SQLITE_NOTADB;
	if (code != SQLITE_OK || *version > VERSION)
		return code;
	if (writer)
		code = exec(db, "PRAGMA journal_mode = WAL;");
	if (code == SQLITE_OK)
		code = exec(db, pragmas);
	if (code == SQLITE_OK && PLANTED(33)) /* acknowledged before it is synced */
		code = exec(db, "PRAGMA synchronous = OFF;");
	if (code == SQLITE_OK)
		code = exec(db, writer ? "PRAGMA cache_size = -65536;"
				       : "PRAGMA cache_size = -16384; PRAGMA query_only = ON;");
	if (code == SQLITE_OK && writer && *version < VERSION)
		code = migrate(db, *version);
	return code;
}

/* What is wrong with the file, and what to do. */
static void explain(sqlite3 *db, int code, const char *path, char *why, size_t size)
{
	const int error = db ? sqlite3_system_errno(db) : 0;

	switch (code & 0xff) {
	case SQLITE_NOTADB:
		snprintf(why, size, "%s is not a database of uproar; move it away, or choose another directory", path);
		return;
	case SQLITE_CORRUPT:
		snprintf(why, size, "%s is damaged (%s); restore it from a backup, or move it away", path,
			 sqlite3_errmsg(db));
		return;
	case SQLITE_CANTOPEN:
	case SQLITE_READONLY:
	case SQLITE_PERM:
		snprintf(why, size,
			 "%s cannot be written (%s); it and its directory must belong to the user that runs uproar",
			 path, error ? strerror(error) : sqlite3_errmsg(db));
		return;
	case SQLITE_FULL:
		snprintf(why, size, "%s: there is no room on the disk", path);
		return;
	case SQLITE_BUSY:
		snprintf(why, size, "%s is in use by another program; end it first", path);
		return;
	default:
		snprintf(why, size, "%s: %s%s%s", path, db ? sqlite3_errmsg(db) : "no memory", error ? ": " : "",
			 error ? strerror(error) : "");
	}
}

/* What is said in rooms is nobody else's: SQLite would make the file readable for all. Its log has the same mode. */
static void make_private(const char *path)
{
	const int file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (file >= 0)
		close(file);
}

sqlite3 *db_open(const char *path, bool writer, char *why, size_t size)
{
	const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | (writer ? SQLITE_OPEN_CREATE : 0);
	sqlite3 *db = NULL;
	int version = 0;

	if (writer)
		make_private(path);

	int code = sqlite3_open_v2(path, &db, flags, writer ? wal_file_system() : NULL);

	if (code == SQLITE_OK)
		code = set_up(db, writer, &version);
	if (code == SQLITE_OK && writer)
		code = sync_names(db, path);
	if (code == SQLITE_OK && version <= VERSION)
		return db;
	if (code == SQLITE_IOERR_DIR_FSYNC)
		snprintf(why, size, "%s: its directory cannot be synced (%s)", path, strerror(errno));
	else if (code == SQLITE_OK)
		snprintf(why, size,
			 "%s is of version %d, made by a newer uproar; this one knows up to %d: run the newer one",
			 path, version, VERSION);
	else
		explain(db, code, path, why, size);
	sqlite3_close(db);
	return NULL;
}

sqlite3_stmt *db_prepare(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *statement = NULL;

	if (sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL) != SQLITE_OK)
		return NULL;
	return statement;
}

int db_run(sqlite3_stmt *statement)
{
	errno = 0;

	const int code = sqlite3_step(statement);

	if (code == SQLITE_IOERR_WRITE)
		write_errno = errno;
	sqlite3_reset(statement);
	return code == SQLITE_DONE || code == SQLITE_ROW ? SQLITE_OK : code;
}
