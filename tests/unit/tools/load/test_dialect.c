#include <criterion/criterion.h>

#include "tools/load/dialect.h"

Test(dialect, is_found_by_name_and_by_index)
{
	size_t count = 0;

	for (; dialect_at(count); count++) {
		const struct dialect *dialect = dialect_at(count);

		cr_assert_eq(dialect_find(dialect->name), dialect, "%s", dialect->name);
		cr_assert(dialect->summary && dialect->path && dialect->publish && dialect->decode, "%s",
			  dialect->name);
		cr_assert(!dialect->has_rooms || dialect->join || dialect->keeps_only, "%s", dialect->name);
		cr_assert(!dialect->spans || !dialect->stream, "%s", dialect->name);
	}
	cr_assert_geq(count, 2);
	cr_assert_null(dialect_at(count + 1));
	cr_assert_str_eq(dialect_at(0)->name, "native");
	cr_assert_null(dialect_find("nativ"));
	cr_assert_null(dialect_find("native2"));
	cr_assert_null(dialect_find(""));
}

static void check_room(uint32_t room, const char *expected)
{
	char name[64];
	const size_t size = dialect_room_name(name, room);

	cr_assert_str_eq(name, expected);
	cr_assert_eq(size, strlen(expected));
	cr_assert_eq(dialect_room_number(span_of(name, size)), room);
}

Test(dialect, room_names_go_there_and_back)
{
	check_room(0, "r0");
	check_room(1, "r1");
	check_room(10, "r10");
	check_room(DIALECT_ROOM_MAX, "r1073741823");
	cr_assert(dialect_set_room_prefix("load-7_"));
	check_room(42, "load-7_r42");
	cr_assert_eq(dialect_room_number(SPAN("r42")), DIALECT_ROOM_UNKNOWN);
	cr_assert(dialect_set_room_prefix("mem:"));
	check_room(42, "mem:r42");
	cr_assert(dialect_set_room_prefix(""));
	check_room(42, "r42");
}

Test(dialect, what_is_no_room_of_ours)
{
	static const char *const names[] = { "",    "r",   "R1",      "1",           "r1x",
					     "r 1", "r-1", "r01",     "r1073741824", "r99999999999999999999",
					     "rr1", "r1 ", "general", "load-r1" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		cr_assert_eq(dialect_room_number(span_of(names[i], strlen(names[i]))), DIALECT_ROOM_UNKNOWN, "%s",
			     names[i]);
	cr_assert_eq(dialect_room_number(SPAN_NONE), DIALECT_ROOM_UNKNOWN);
}

Test(dialect, a_prefix_is_what_every_server_takes)
{
	char longest[DIALECT_PREFIX_MAX + 2] = { 0 };

	memset(longest, 'x', DIALECT_PREFIX_MAX);
	cr_assert(dialect_set_room_prefix(longest));
	char name[64];

	cr_assert_eq(dialect_room_name(name, DIALECT_ROOM_MAX), DIALECT_PREFIX_MAX + 11);
	longest[DIALECT_PREFIX_MAX] = 'x';
	cr_assert_not(dialect_set_room_prefix(longest));
	cr_assert_not(dialect_set_room_prefix("a b"));
	cr_assert_not(dialect_set_room_prefix("a\""));
	cr_assert_not(dialect_set_room_prefix("a/"));
	cr_assert_not(dialect_set_room_prefix("a."));
	cr_assert_eq(dialect_room_name(name, 1), DIALECT_PREFIX_MAX + 2, "what was refused changed nothing");
	cr_assert(dialect_set_room_prefix(""));
}
