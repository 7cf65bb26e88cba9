#include <criterion/criterion.h>

#include "engine/ops/fetch_keys.h"

static struct random chance;

Test(fetch_keys, at_once_then_now_and_then)
{
	struct fetch_keys keys;

	random_seed(&chance, 1);
	fetch_keys_open(&keys, 10000, 1000);
	cr_assert_eq(fetch_keys_wait_ms(&keys, 5), 0);
	cr_assert(fetch_keys_begin(&keys, 5));
	cr_assert_not(fetch_keys_begin(&keys, 100000), "it is out");
	cr_assert_eq(fetch_keys_wait_ms(&keys, 5), UINT64_MAX);
	fetch_keys_done(&keys, true, 100, &chance);
	cr_assert_not(fetch_keys_begin(&keys, 100 + 8999));
	cr_assert(fetch_keys_begin(&keys, 100 + 11000));
}

Test(fetch_keys, a_storm_of_unknown_keys_is_one_request_at_a_time)
{
	struct fetch_keys keys;
	int begun = 0;

	random_seed(&chance, 2);
	fetch_keys_open(&keys, 600000, 1000);
	for (uint64_t now_ms = 0; now_ms < 10000; now_ms++) {
		keys.wanted = true;
		if (!fetch_keys_begin(&keys, now_ms))
			continue;
		begun++;
		fetch_keys_done(&keys, true, now_ms, &chance);
	}
	cr_assert_eq(begun, 10, "%d", begun);
	cr_assert_leq(fetch_keys_wait_ms(&keys, 10000), 1000);
}

Test(fetch_keys, wanted_soon_after_is_kept_until_it_may_be)
{
	struct fetch_keys keys;

	random_seed(&chance, 3);
	fetch_keys_open(&keys, 600000, 1000);
	cr_assert(fetch_keys_begin(&keys, 0));
	keys.wanted = true;
	fetch_keys_done(&keys, true, 0, &chance);
	cr_assert_not(fetch_keys_begin(&keys, 999));
	cr_assert(fetch_keys_begin(&keys, 1000));
}

Test(fetch_keys, failures_come_further_apart_even_when_wanted)
{
	struct fetch_keys keys;
	uint64_t now_ms = 0, waited_ms = 0;
	int begun = 0;

	random_seed(&chance, 4);
	fetch_keys_open(&keys, 600000, 1000);
	while (now_ms < 60 * 60 * 1000) {
		keys.wanted = true;
		cr_assert(fetch_keys_begin(&keys, now_ms));
		begun++;
		fetch_keys_done(&keys, false, now_ms, &chance);
		keys.wanted = true;
		waited_ms = fetch_keys_wait_ms(&keys, now_ms);
		cr_assert_geq(waited_ms, FETCH_KEYS_AGAIN_MS * 9 / 10);
		cr_assert_not(fetch_keys_begin(&keys, now_ms + waited_ms - 1));
		now_ms += waited_ms;
	}
	cr_assert_leq(begun, 25, "%d in an hour", begun);
	cr_assert_geq(waited_ms, FETCH_KEYS_AGAIN_MOST_MS * 9ull / 10);
	cr_assert_leq(waited_ms, FETCH_KEYS_AGAIN_MOST_MS * 11ull / 10);
}
