/* A cid leads back to the one event it made, and only in its room. */
#include <criterion/criterion.h>
#include <signal.h>

#include "engine/chat/dedup.h"

#define ENTRIES 1000

static struct dedup dedup;

static void setup(void)
{
	cr_assert_eq(dedup_open(&dedup, ENTRIES, 77), 0);
}

static void teardown(void)
{
	dedup_close(&dedup);
}

TestSuite(dedup, .init = setup, .fini = teardown);

/* How often the seq is among those that may be of this cid. */
static int times(uint32_t room, struct span producer, uint64_t number, uint64_t wanted)
{
	struct map_probe probe = dedup_probe(&dedup, room, producer, number);
	int count = 0;

	for (uint64_t seq; (seq = dedup_next(&dedup, &probe, room)) != 0;)
		count += seq == wanted;
	return count;
}

Test(dedup, finds_what_was_added_until_it_is_removed)
{
	cr_assert_eq(times(1, SPAN("p"), 1, 10), 0);
	cr_assert_eq(dedup_add(&dedup, 1, SPAN("p"), 1, 10), 0);
	cr_assert_eq(times(1, SPAN("p"), 1, 10), 1);
	cr_assert_eq(times(2, SPAN("p"), 1, 10), 0, "another room");
	cr_assert_eq(times(1, SPAN("p"), 2, 10), 0, "another number");
	cr_assert_eq(times(1, SPAN("q"), 1, 10), 0, "another producer");
	cr_assert_eq(times(1, SPAN("pp"), 1, 10), 0);
	dedup_remove(&dedup, 1, SPAN("p"), 1, 10);
	cr_assert_eq(times(1, SPAN("p"), 1, 10), 0);
	cr_assert_eq(dedup.entries.used, 0);
	cr_assert_eq(dedup.by_cid.used, 0);
}

Test(dedup, the_same_cid_in_two_rooms_is_two)
{
	cr_assert_eq(dedup_add(&dedup, 1, SPAN("p"), 1, 10), 0);
	cr_assert_eq(dedup_add(&dedup, 2, SPAN("p"), 1, 20), 0);
	dedup_remove(&dedup, 1, SPAN("p"), 1, 10);
	cr_assert_eq(times(1, SPAN("p"), 1, 10), 0);
	cr_assert_eq(times(2, SPAN("p"), 1, 20), 1);
}

Test(dedup, one_past_its_limit_is_refused_and_costs_nothing)
{
	for (uint64_t number = 1; number <= ENTRIES; number++)
		cr_assert_eq(dedup_add(&dedup, (uint32_t)(number % 7), SPAN("p"), number, number), 0);
	cr_assert_lt(dedup_add(&dedup, 1, SPAN("p"), ENTRIES + 1, 5), 0);
	cr_assert_eq(dedup.by_cid.used, ENTRIES);
	for (uint64_t number = 1; number <= ENTRIES; number++)
		cr_assert_eq(times((uint32_t)(number % 7), SPAN("p"), number, number), 1);
	dedup_remove(&dedup, 3, SPAN("p"), 3, 3);
	cr_assert_eq(dedup_add(&dedup, 1, SPAN("p"), ENTRIES + 1, 5), 0);
	cr_assert_eq(times(1, SPAN("p"), ENTRIES + 1, 5), 1);
}

Test(dedup, removing_what_is_not_there_is_a_crash, .signal = SIGABRT)
{
	dedup_add(&dedup, 1, SPAN("p"), 1, 10);
	dedup_remove(&dedup, 1, SPAN("p"), 1, 11);
}
