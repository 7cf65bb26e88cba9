#include <criterion/criterion.h>

#include "engine/ops/fetch_pause.h"

static struct random chance;

static void fail_times(struct fetch_pause *pause, uint32_t times, uint64_t now_ms)
{
	for (uint32_t i = 0; i < times; i++) {
		cr_assert(fetch_pause_lets(pause, now_ms));
		fetch_pause_failed(pause, now_ms, &chance);
	}
}

Test(fetch_pause, lets_until_so_many_have_failed_in_a_row)
{
	struct fetch_pause pause = { 0 };

	random_seed(&chance, 1);
	fail_times(&pause, FETCH_FAILURES_MAX - 1, 100);
	cr_assert(fetch_pause_lets(&pause, 100));
	cr_assert_not(fetch_pause_well(&pause), "it was not away");
	fail_times(&pause, FETCH_FAILURES_MAX - 1, 100);
	cr_assert(fetch_pause_lets(&pause, 100));
	cr_assert(fetch_pause_failed(&pause, 100, &chance), "now it is away");
	cr_assert_not(fetch_pause_lets(&pause, 100));
	cr_assert_not(fetch_pause_lets(&pause, 100 + FETCH_PAUSE_LEAST_MS / 2 - 1));
	cr_assert(fetch_pause_lets(&pause, 100 + FETCH_PAUSE_LEAST_MS));
}

Test(fetch_pause, one_tries_and_the_pause_grows_to_its_most)
{
	struct fetch_pause pause = { 0 };
	uint64_t now_ms = 0, longest_ms = 0;

	random_seed(&chance, 2);
	fail_times(&pause, FETCH_FAILURES_MAX, now_ms);
	for (int i = 0; i < 12; i++) {
		const uint64_t waited_ms = pause.until_ms - now_ms;

		cr_assert_leq(waited_ms, FETCH_PAUSE_MOST_MS);
		longest_ms = waited_ms > longest_ms ? waited_ms : longest_ms;
		now_ms = pause.until_ms;
		cr_assert_not(fetch_pause_lets(&pause, now_ms - 1));
		cr_assert(fetch_pause_lets(&pause, now_ms));
		cr_assert_not(fetch_pause_lets(&pause, now_ms + 1000000), "one alone");
		cr_assert_not(fetch_pause_failed(&pause, now_ms, &chance), "it was away before");
	}
	cr_assert_geq(longest_ms, FETCH_PAUSE_MOST_MS / 2);
	now_ms = pause.until_ms;
	cr_assert(fetch_pause_lets(&pause, now_ms));
	cr_assert(fetch_pause_well(&pause), "it is back");
	cr_assert(fetch_pause_lets(&pause, now_ms) && fetch_pause_lets(&pause, now_ms));
}

Test(fetch_pause, what_was_asked_before_does_not_prolong_it)
{
	struct fetch_pause pause = { 0 };

	random_seed(&chance, 3);
	fail_times(&pause, FETCH_FAILURES_MAX, 0);
	const uint64_t until_ms = pause.until_ms;

	for (int i = 0; i < 50; i++)
		cr_assert_not(fetch_pause_failed(&pause, 10, &chance));
	cr_assert_eq(pause.until_ms, until_ms);
}
