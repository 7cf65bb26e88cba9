/* Once a rule and network in ten seconds, and every event that was not told is counted once. */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "engine/core/throttle.h"

#define WINDOW THROTTLE_WINDOW_MS

static struct throttle *throttle;
static uint32_t untold;

static void setup(void)
{
	throttle = calloc(1, sizeof(*throttle));
	untold = 77;
}

static void teardown(void)
{
	free(throttle);
}

TestSuite(throttle, .init = setup, .fini = teardown);

static bool take(uint32_t rule, uint64_t network, uint64_t now_ms)
{
	return throttle_take(throttle, rule, network, now_ms, &untold);
}

Test(throttle, the_first_is_told_and_the_next_only_when_the_time_is_over)
{
	cr_assert(take(1, 5, 1000));
	cr_assert_eq(untold, 0);
	for (int i = 0; i < 1000; i++)
		cr_assert(!take(1, 5, 1000));
	cr_assert(!take(1, 5, 1000 + WINDOW - 1));
	cr_assert(take(1, 5, 1000 + WINDOW));
	cr_assert_eq(untold, 1001);
	cr_assert(!take(1, 5, 1000 + WINDOW + WINDOW - 1), "the time begins anew with what was told");
	cr_assert(take(1, 5, 1000 + 2 * WINDOW));
	cr_assert_eq(untold, 1);
}

Test(throttle, rules_and_networks_do_not_hide_each_other)
{
	cr_assert(take(1, 5, 1));
	cr_assert(take(2, 5, 1));
	cr_assert(take(1, 6, 1));
	cr_assert(take(0, 0, 1), "what is not known is a network too");
	cr_assert(!take(2, 5, 2));
	cr_assert(take(THROTTLE_RULES_MAX - 1, 5, 2));
}

Test(throttle, what_was_not_told_is_told_when_the_time_is_over_even_if_nothing_follows)
{
	struct throttle_entry over;

	take(3, 9, 1);
	take(3, 9, 2);
	take(3, 9, 3);
	take(4, 9, 3);
	cr_assert(!throttle_over(throttle, WINDOW, &over));
	cr_assert(throttle_over(throttle, WINDOW + 3, &over));
	cr_assert_eq(over.rule, 3);
	cr_assert_eq(over.network, 9);
	cr_assert_eq(over.untold, 2);
	cr_assert(!throttle_over(throttle, WINDOW + 3, &over), "rule 4 has nothing that was not told");
	cr_assert(take(3, 9, WINDOW + 4));
	cr_assert_eq(untold, 0, "it was told");
}

Test(throttle, each_is_over_at_its_own_time)
{
	struct throttle_entry over;

	take(3, 9, 1000);
	take(3, 9, 1001);
	take(3, 8, 4000);
	take(3, 8, 4001);
	cr_assert(!throttle_over(throttle, 1000 + WINDOW - 1, &over));
	cr_assert(throttle_over(throttle, 1000 + WINDOW, &over));
	cr_assert_eq(over.network, 9);
	cr_assert(!throttle_over(throttle, 1000 + WINDOW, &over));
	take(3, 7, 1000 + WINDOW);
	take(3, 7, 1000 + WINDOW);
	cr_assert(!throttle_over(throttle, 4000 + WINDOW - 1, &over));
	cr_assert(throttle_over(throttle, 4000 + WINDOW, &over));
	cr_assert_eq(over.network, 8);
	cr_assert(!throttle_over(throttle, 4000 + WINDOW, &over));
	cr_assert(throttle_over(throttle, 1000 + 2 * WINDOW, &over));
	cr_assert_eq(over.network, 7);
	cr_assert(!throttle_over(throttle, 1000 + 9 * WINDOW, &over));
	take(3, 6, 1000 + 9 * WINDOW);
	take(3, 6, 1000 + 9 * WINDOW);
	cr_assert(throttle_over(throttle, 1000 + 10 * WINDOW, &over), "and after there was none");
}

/* A clock that stood still while the process did, and then is far ahead. */
Test(throttle, a_clock_that_jumps_ahead_ends_what_is_open)
{
	struct throttle_entry over;

	take(1, 5, 1);
	take(1, 5, 1);
	cr_assert(throttle_over(throttle, 1ull << 40, &over));
	cr_assert_eq(over.untold, 1);
	cr_assert(take(1, 5, 1ull << 40));
	cr_assert(!take(1, 5, (1ull << 40) + 1));
}

Test(throttle, more_networks_than_there_is_room_for_share_one_and_none_is_lost)
{
	struct throttle_entry over;
	uint64_t told = 0, counted = 0;

	for (uint64_t network = 1; network <= 100000; network++)
		told += take(7, network << 8, 1000);
	cr_assert_leq(told, THROTTLE_ENTRIES + 1);
	cr_assert_geq(told, THROTTLE_ENTRIES / 2);
	while (throttle_over(throttle, 1000 + WINDOW, &over)) {
		cr_assert_eq(over.rule, 7);
		counted += over.untold;
	}
	cr_assert_eq(over.network, THROTTLE_OTHERS);
	cr_assert_eq(told + counted, 100000);
	cr_assert(take(7, 1, 1000 + WINDOW), "there is room again");
}

Test(throttle, a_network_whose_count_is_untold_is_not_pushed_out)
{
	uint64_t counted = 0, told = 0, events = 0;
	struct throttle_entry over;

	for (uint64_t round = 0; round < 5; round++)
		for (uint64_t network = 1; network <= 2000; network++, events++)
			if (take(1, network, 1000 + round * WINDOW)) {
				told++;
				counted += untold;
			}
	while (throttle_over(throttle, 1000 + 6 * WINDOW, &over))
		counted += over.untold;
	cr_assert_eq(told + counted, events);
}

Test(throttle, one_kind_alone_needs_no_table)
{
	struct throttle_entry entry = { 0 };

	cr_assert(throttle_one(&entry, 1000, &untold));
	cr_assert_eq(untold, 0);
	for (int i = 0; i < 100; i++)
		cr_assert(!throttle_one(&entry, 1000 + WINDOW - 1, &untold));
	cr_assert(throttle_one(&entry, 1000 + WINDOW, &untold));
	cr_assert_eq(untold, 100);
	cr_assert(!throttle_one(&entry, 1001 + WINDOW, &untold));
}

Test(throttle, rule_past_the_last_is_our_mistake, .signal = SIGABRT)
{
	take(THROTTLE_RULES_MAX, 1, 1);
}
