/* The suite of all backends on SQLite. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "engine/store/sqlite.h"
#include "tests/unit/engine/store/backend_suite.h"

static char directory[64];

static bool make(struct store_backend *backend)
{
	snprintf(directory, sizeof(directory), "/tmp/uproar-backend-XXXXXX");
	cr_assert(mkdtemp(directory));
	*backend = sqlite_backend(directory);
	return true;
}

static void drop(struct store_backend *backend)
{
	static const char *const names[] = { "uproar.db", "uproar.db-wal", "uproar.db-shm" };
	char path[128];

	(void)backend;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", directory, names[i]);
		unlink(path);
	}
	cr_assert_eq(rmdir(directory), 0, "nothing else is left");
}

static const struct backend_factory sqlite = { make, drop };

TestSuite(backend_sqlite, .timeout = 60);

#define BACKEND_CASE(name)                                                                                             \
	Test(backend_sqlite, name)                                                                                     \
	{                                                                                                              \
		backend_run(&sqlite, backend_case_##name);                                                             \
	}
#include "tests/unit/engine/store/tbl/backend_cases.h"
#undef BACKEND_CASE
