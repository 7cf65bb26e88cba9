/* The suite of all backends on the store in memory. */
#include "engine/store/memory.h"
#include "tests/unit/engine/store/backend_suite.h"

static struct store_memory memory;

static bool make(struct store_backend *backend)
{
	cr_assert_eq(store_memory_open(&memory, &(struct store_memory_limits){ 100000, 1000000 }), 0);
	*backend = store_memory_backend(&memory);
	return true;
}

static void drop(struct store_backend *backend)
{
	(void)backend;
	store_memory_close(&memory);
	cr_assert_eq(block_bytes_out(), 0, "all is given back");
}

static const struct backend_factory factory = { make, drop };

TestSuite(backend_memory, .timeout = 60);

#define BACKEND_CASE(name)                                                                                             \
	Test(backend_memory, name)                                                                                     \
	{                                                                                                              \
		backend_run(&factory, backend_case_##name);                                                            \
	}
#include "tests/unit/engine/store/tbl/backend_cases.h"
#undef BACKEND_CASE
