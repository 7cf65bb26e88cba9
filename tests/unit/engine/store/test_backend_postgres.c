/* The suite of all backends on PostgreSQL. */
#include "postgres_fixture.h"
#include "tests/unit/engine/store/backend_suite.h"

static struct postgres_fixture fixture;

static bool make(struct store_backend *backend)
{
	postgres_fixture_open(&fixture);
	*backend = fixture.backend;
	return true;
}

static void drop(struct store_backend *backend)
{
	(void)backend;
	postgres_fixture_close(&fixture);
}

static const struct backend_factory postgres = { make, drop };

TestSuite(backend_postgres, .init = postgres_fixture_skip, .timeout = 120);

#define BACKEND_CASE(name)                                                                                             \
	Test(backend_postgres, name)                                                                                   \
	{                                                                                                              \
		backend_run(&postgres, backend_case_##name);                                                           \
	}
#include "tests/unit/engine/store/tbl/backend_cases.h"
#undef BACKEND_CASE
