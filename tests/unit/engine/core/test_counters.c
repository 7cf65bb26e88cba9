#include <criterion/criterion.h>
#include <string.h>

#include "engine/core/counters.h"

Test(counters, go_up_and_down)
{
	struct counters counters = { .values = { 0 } };

	counter_add(&counters, COUNTER_connections, 3);
	counter_add(&counters, COUNTER_connections, -2);
	cr_assert_eq(counter_read(&counters, COUNTER_connections), 1);
	cr_assert_eq(counter_read(&counters, COUNTER_sessions), 0);
}

Test(counters, each_has_a_name_of_its_own_a_kind_and_a_sentence)
{
	for (int i = 0; i < COUNTER_COUNT; i++) {
		const char *help = counter_help((enum counter)i);
		const char *kind = counter_kind((enum counter)i);

		cr_assert(strcmp(kind, "gauge") == 0 || strcmp(kind, "counter") == 0);
		cr_assert_eq(help[strlen(help) - 1], '.', "%s", help);
		for (int j = 0; j < i; j++)
			cr_assert_str_neq(counter_name((enum counter)i), counter_name((enum counter)j));
	}
	cr_assert_str_eq(counter_name(COUNTER_turns), "turns");
}
