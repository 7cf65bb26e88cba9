#include <criterion/criterion.h>

#include "proto/base/span.h"

Test(span, begins_with_what_it_has_in_front_and_with_nothing)
{
	const struct span text = SPAN("/api/v1");

	cr_assert(span_begins(text, SPAN("/api/")));
	cr_assert(span_begins(text, text));
	cr_assert(span_begins(text, SPAN("")));
	cr_assert(span_begins(SPAN_NONE, SPAN_NONE));
	cr_assert_not(span_begins(text, SPAN("/api/v1/")), "one past its end");
	cr_assert_not(span_begins(text, SPAN("/apx")));
	cr_assert_not(span_begins(SPAN_NONE, SPAN("/")));
}
