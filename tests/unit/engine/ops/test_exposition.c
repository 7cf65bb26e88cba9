/* Lines of Prometheus' text format, and no byte beyond the room for them. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "engine/ops/exposition.h"

static const struct exposition_name name = { "uproar_", "turns", "_total" };

static void line_is(const struct exposition_label *labels, size_t count, uint64_t value, uint32_t places,
		    const char *want)
{
	const size_t size = strlen(want);
	char *exact = malloc(size);

	for (size_t room = 0; room <= size; room++) {
		struct exposition out = { .at = exact, .end = exact + room };

		exposition_line(&out, &name, labels, count, value, places);
		cr_assert_eq(out.full, room < size, "%zu of %zu", room, size);
		cr_assert_eq(out.at - exact, room < size ? 0 : size, "nothing, or all of it");
	}
	cr_assert_eq(memcmp(exact, want, size), 0, "%.*s", (int)size, exact);
	free(exact);
}

Test(exposition, heads)
{
	char text[200];
	struct exposition out = { .at = text, .end = text + sizeof(text) };
	const char *want = "# HELP uproar_turns_total Turns.\n# TYPE uproar_turns_total counter\n";

	exposition_head(&out, &name, "counter", "Turns.");
	cr_assert_eq(out.at - text, strlen(want));
	cr_assert_eq(memcmp(text, want, strlen(want)), 0);
}

Test(exposition, labels)
{
	const struct exposition_label labels[] = {
		{ "core", SPAN("12") }, { "none", SPAN_NONE }, { "text", SPAN("a\"b\\c\nd") }, { "empty", SPAN("") }
	};

	line_is(NULL, 0, 0, 0, "uproar_turns_total 0\n");
	line_is(labels, 1, UINT64_MAX, 0, "uproar_turns_total{core=\"12\"} 18446744073709551615\n");
	line_is(labels + 1, 1, 5, 0, "uproar_turns_total 5\n");
	line_is(labels, 4, 5, 0, "uproar_turns_total{core=\"12\",text=\"a\\\"b\\\\c\\nd\",empty=\"\"} 5\n");
}

Test(exposition, digits_behind_the_point)
{
	line_is(NULL, 0, 1, 6, "uproar_turns_total 0.000001\n");
	line_is(NULL, 0, 1000000, 6, "uproar_turns_total 1\n");
	line_is(NULL, 0, 2030000, 6, "uproar_turns_total 2.030000\n");
	line_is(NULL, 0, 999, 3, "uproar_turns_total 0.999\n");
	line_is(NULL, 0, UINT64_MAX, 6, "uproar_turns_total 18446744073709.551615\n");
}
