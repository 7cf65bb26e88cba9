#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "engine/core/slab.h"
#include "engine/gate/hold.h"

static bool put(struct hold *hold, const char *text)
{
	return hold_put(hold, span_of(text, strlen(text)));
}

static void next_is(struct hold *hold, const char *text)
{
	cr_assert(span_equal(hold_first(hold), span_of(text, strlen(text))), "%s", text);
	hold_drop(hold);
}

Test(hold, gives_in_order)
{
	const uint64_t before = block_bytes_out();
	struct hold *hold = hold_open(SPAN("first"), 7);

	cr_assert_eq(hold->number, 7);
	cr_assert(put(hold, "second") && put(hold, "") && put(hold, "fourth"));
	next_is(hold, "first");
	next_is(hold, "second");
	cr_assert(put(hold, "fifth"));
	next_is(hold, "");
	next_is(hold, "fourth");
	next_is(hold, "fifth");
	cr_assert_null(hold_first(hold).bytes);
	cr_assert_eq(hold->count, 0);
	cr_assert_eq(hold->bytes, 0);
	hold_close(hold);
	cr_assert_eq(block_bytes_out(), before);
}

Test(hold, as_many_as_there_may_be)
{
	struct hold *hold = hold_open(SPAN("first"), 1);

	for (int i = 0; i < HOLD_COUNT_MAX; i++)
		cr_assert(put(hold, "x"));
	cr_assert_not(put(hold, "x"));
	hold_drop(hold);
	cr_assert(put(hold, "x"), "one has gone");
	cr_assert_not(put(hold, "x"));
	hold_close(hold);
}

Test(hold, as_many_bytes_as_there_may_be)
{
	uint8_t *most = calloc(1, HOLD_BYTES_MAX + 1);
	struct hold *hold = hold_open(span_of(most, HOLD_BYTES_MAX + 1), 1);

	cr_assert(hold, "the first may be of any size");
	cr_assert_not(hold_put(hold, span_of(most, HOLD_BYTES_MAX + 1)));
	cr_assert(hold_put(hold, span_of(most, HOLD_BYTES_MAX)));
	cr_assert_not(put(hold, "x"));
	cr_assert(put(hold, ""));
	hold_close(hold);
	free(most);
}
