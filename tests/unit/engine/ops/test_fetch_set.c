/* A key set's way between two threads, and what is left of it. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "engine/ops/fetch_set.h"

Test(fetch_set, what_was_refused_is_not_held)
{
	struct fetch_set set = { 0 };

	cr_assert_eq(fetch_set_end(&set), 0);
	cr_assert_null(fetch_set_take(&set).bytes);
	cr_assert(fetch_set_put(&set, SPAN("a")));
	cr_assert_eq(fetch_set_end(&set), 0, "it is not judged yet");
	cr_assert(span_equal(fetch_set_take(&set), SPAN("a")));
	fetch_set_judge(&set, false);
	cr_assert_null(fetch_set_take(&set).bytes, "it is judged once");
	cr_assert_eq(fetch_set_end(&set), -1);
	cr_assert_eq(fetch_set_end(&set), 0);
	cr_assert_not(fetch_set_is_held(&set, SPAN("a")), "so it can be put again");
	cr_assert(fetch_set_put(&set, SPAN("a")));
	fetch_set_judge(&set, true);
	cr_assert_eq(fetch_set_end(&set), 1);
	cr_assert(fetch_set_is_held(&set, SPAN("a")));
	cr_assert(fetch_set_put(&set, SPAN("bc")));
	cr_assert(fetch_set_is_held(&set, SPAN("a")), "until another one is adopted");
	fetch_set_judge(&set, false);
	cr_assert_eq(fetch_set_end(&set), -1);
	cr_assert(fetch_set_is_held(&set, SPAN("a")));
	cr_assert_not(fetch_set_is_held(&set, SPAN("bc")));
	free(set.held);
}
