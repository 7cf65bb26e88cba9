#include <criterion/criterion.h>

#include "engine/chat/slow.h"
#include "engine/core/slab.h"

#define EVERY 5000

static struct slow slow;

static void teardown(void)
{
	slow_forget(&slow);
	cr_assert_eq(block_bytes_out(), 0, "everything is given back");
}

TestSuite(slow, .fini = teardown);

Test(slow, who_has_spoken_waits)
{
	cr_assert_eq(slow_wait_ms(&slow, 7, EVERY, 0), 0);
	slow_note(&slow, 7, EVERY, 0);
	cr_assert_eq(slow_wait_ms(&slow, 7, EVERY, 2), 4999, "zero is a time, too");
	slow_note(&slow, 7, EVERY, 1000);
	slow_note(&slow, 8, EVERY, 1100);
	cr_assert_eq(slow_wait_ms(&slow, 7, EVERY, 1000), 5000);
	cr_assert_eq(slow_wait_ms(&slow, 7, EVERY, 5999), 1);
	cr_assert_eq(slow_wait_ms(&slow, 7, EVERY, 6000), 0);
	cr_assert_eq(slow_wait_ms(&slow, 8, EVERY, 6000), 100);
	cr_assert_eq(slow_wait_ms(&slow, 9, EVERY, 1100), 0);
	cr_assert_eq(slow_wait_ms(&slow, 8, 1000, 2100), 0, "another pace counts at once");
}

Test(slow, all_who_spoke_are_remembered)
{
	for (uint64_t user = 1; user <= 20000; user++)
		slow_note(&slow, user * 0x9e3779b97f4a7c15, EVERY, 1000);
	for (uint64_t user = 1; user <= 20000; user++)
		cr_assert_eq(slow_wait_ms(&slow, user * 0x9e3779b97f4a7c15, EVERY, 1001), 4999);
}

Test(slow, also_where_they_all_want_the_same_place)
{
	for (uint64_t user = 0; user < 16; user++)
		slow_note(&slow, user << 40, EVERY, 2000);
	for (uint64_t user = 0; user < 16; user++)
		cr_assert_eq(slow_wait_ms(&slow, user << 40, EVERY, 2001), 4999);
}

Test(slow, its_size_is_bounded_and_places_are_used_again)
{
	for (uint64_t round = 1; round < 100; round++)
		for (uint64_t user = 0; user < 48; user++)
			slow_note(&slow, round << 32 | user, EVERY, round * EVERY);
	cr_assert_leq(slow.capacity, 256);
	for (uint64_t user = 0; user < 400000; user++)
		slow_note(&slow, user * 0x9e3779b97f4a7c15, EVERY, 10000000);
	cr_assert_leq(slow_bytes(&slow), 2 * SLOW_USERS_MAX * sizeof(struct slow_entry));
}
