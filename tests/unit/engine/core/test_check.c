#include <criterion/criterion.h>
#include <signal.h>

#include "engine/core/check.h"

struct thing {
	uint32_t magic;
};

Test(check, a_true_statement_does_nothing)
{
	int times = 0;

	CHECK(++times == 1);
	cr_assert_eq(times, 1, "evaluated once");
}

Test(check, a_broken_statement_ends_the_process, .signal = SIGABRT)
{
	CHECK(1 + 1 == 3);
}

Test(check, a_wrong_magic_ends_the_process, .signal = SIGABRT)
{
	struct thing thing = { .magic = 7 };
	struct thing *const travelled = &thing;

	CHECK_MAGIC(travelled, 7);
	CHECK_MAGIC(travelled, 8);
}
