/* What the system refuses of a directory is told. */
#include <criterion/criterion.h>
#include <errno.h>

#include "engine/core/names.h"
#include "tests/unit/refused.h"

Test(names, are_synced)
{
	cr_assert_eq(names_sync("/tmp"), 0);
	cr_assert_eq(names_sync("."), 0);
}

Test(names, of_what_is_no_directory_there_are_none)
{
	cr_assert_eq(names_sync("/dev/null"), -ENOTDIR);
	cr_assert_eq(names_sync("/nowhere/at/all"), -ENOENT);
}

Test(names, a_sync_that_fails_is_told)
{
	refused_arm(REFUSED_open, 1, 1, EMFILE);
	cr_assert_eq(names_sync("/tmp"), -EMFILE);
	cr_assert(refused_came());
	refused_arm(REFUSED_fsync, 1, 1, EIO);
	cr_assert_eq(names_sync("/tmp"), -EIO);
	cr_assert(refused_came());
}
