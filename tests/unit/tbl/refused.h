/* Calls of the C library, of libpq and of SQLite that a test can have refused: REFUSED(name, type, parameters,
 * arguments, what it returns then). The Makefile makes the linker's --wrap of each from the lines that begin so. */
REFUSED(malloc, void *, (size_t size), (size), NULL)
REFUSED(calloc, void *, (size_t count, size_t size), (count, size), NULL)
REFUSED(realloc, void *, (void *block, size_t size), (block, size), NULL)
REFUSED(mmap, void *, (void *at, size_t size, int access, int flags, int file, off_t from),
	(at, size, access, flags, file, from), MAP_FAILED)
REFUSED(fdopen, FILE *, (int file, const char *mode), (file, mode), NULL)
REFUSED(fwrite, size_t, (const void *bytes, size_t size, size_t count, FILE *file), (bytes, size, count, file), 0)
REFUSED(fflush, int, (FILE * file), (file), EOF)
REFUSED(fsync, int, (int file), (file), -1)
REFUSED(fdatasync, int, (int file), (file), -1)
REFUSED(fstat, int, (int file, struct stat *status), (file, status), -1)
REFUSED(stat, int, (const char *path, struct stat *status), (path, status), -1)
REFUSED(read, ssize_t, (int file, void *bytes, size_t size), (file, bytes, size), refused_errno() != 0 ? -1 : 0)
REFUSED(rename, int, (const char *from, const char *to), (from, to), -1)
REFUSED(unlink, int, (const char *path), (path), -1)
REFUSED(access, int, (const char *path, int how), (path, how), -1)
REFUSED(flock, int, (int file, int how), (file, how), -1)
REFUSED(pthread_create, int, (pthread_t * thread, const pthread_attr_t *how, void *(*run)(void *), void *context),
	(thread, how, run, context), EAGAIN)
REFUSED(newlocale, locale_t, (int what, const char *name, locale_t base), (what, name, base), (locale_t)0)
REFUSED(PQconnectStartParams, PGconn *, (const char *const *words, const char *const *values, int expand),
	(words, values, expand), NULL)
REFUSED(PQsendQuery, int, (PGconn * to, const char *text), (to, text), 0)
REFUSED(PQsendPrepare, int, (PGconn * to, const char *name, const char *text, int count, const Oid *types),
	(to, name, text, count, types), 0)
REFUSED(PQsendQueryPrepared, int,
	(PGconn * to, const char *name, int count, const char *const *values, const int *sizes, const int *formats,
	 int format),
	(to, name, count, values, sizes, formats, format), 0)
REFUSED(PQenterPipelineMode, int, (PGconn * to), (to), 0)
REFUSED(PQexitPipelineMode, int, (PGconn * to), (to), 0)
REFUSED(PQsendFlushRequest, int, (PGconn * to), (to), refused_errno() == EAGAIN)
REFUSED(PQpipelineSync, int, (PGconn * to), (to), 0)
REFUSED(PQflush, int, (PGconn * to), (to), refused_errno() == EAGAIN ? 1 : -1)
REFUSED(PQconsumeInput, int, (PGconn * to), (to), 0)
REFUSED(PQgetResult, PGresult *, (PGconn * to), (to), NULL)
REFUSED(PQisBusy, int, (PGconn * to), (to), 0)
REFUSED(sqlite3_open_v2, int, (const char *path, sqlite3 **db, int flags, const char *vfs), (path, db, flags, vfs),
	refused_errno())
REFUSED(sqlite3_exec, int,
	(sqlite3 * db, const char *sql, int (*row)(void *, int, char **, char **), void *context, char **error),
	(db, sql, row, context, error), refused_errno())
REFUSED(sqlite3_prepare_v3, int,
	(sqlite3 * db, const char *sql, int size, unsigned flags, sqlite3_stmt **statement, const char **tail),
	(db, sql, size, flags, statement, tail), refused_errno())
REFUSED(sqlite3_prepare_v2, int, (sqlite3 * db, const char *sql, int size, sqlite3_stmt **statement, const char **tail),
	(db, sql, size, statement, tail), refused_errno())
REFUSED(sqlite3_step, int, (sqlite3_stmt * statement), (statement), refused_errno())
REFUSED(sqlite3_wal_checkpoint_v2, int, (sqlite3 * db, const char *name, int mode, int *pages, int *moved),
	(db, name, mode, pages, moved), refused_errno())
REFUSED(PQgetvalue, char *, (const PGresult *from, int row, int column), (from, row, column),
	(char *)(uintptr_t)refused_said())
