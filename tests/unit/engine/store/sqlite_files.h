/* sqlite_files.h - a store in files of a directory of its own: made, opened, closed, and taken away.
 *
 * Each test that includes it has its own of everything; Criterion gives each test a process.
 */
#ifndef TEST_SQLITE_FILES_H
#define TEST_SQLITE_FILES_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "engine/store/sqlite.h"

static char directory[64], path[96], why[256];
static struct store_backend backend;
static void *handles[STORE_WORKERS];

/* where: as mkdtemp() takes it. */
static inline void files_make(const char *where)
{
	snprintf(directory, sizeof(directory), "%s", where);
	cr_assert(mkdtemp(directory));
	snprintf(path, sizeof(path), "%.60s/uproar.db", directory);
	backend = sqlite_backend(directory);
}

static inline void files_remove(void)
{
	static const char *const ends[] = { "", "-wal", "-shm" };
	char name[128];

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		snprintf(name, sizeof(name), "%s%s", path, ends[i]);
		unlink(name);
	}
}

static inline void close_all(void)
{
	for (int worker = STORE_WORKERS - 1; worker >= 0; worker--)
		backend.close(handles[worker]);
}

/* All of it, or nothing, and `why` says why. */
static inline bool try_open(void)
{
	for (int worker = 0; worker < STORE_WORKERS; worker++) {
		why[0] = 0;
		handles[worker] = backend.open(backend.context, (enum store_worker)worker, why, sizeof(why));
		if (handles[worker])
			continue;
		while (--worker >= 0)
			backend.close(handles[worker]);
		return false;
	}
	return true;
}

static inline void open_all(void)
{
	cr_assert(try_open(), "%s", why);
}

#endif
