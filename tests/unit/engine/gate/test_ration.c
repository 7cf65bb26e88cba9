#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "engine/core/slab.h"
#include "engine/gate/ration.h"

static const struct ration_limits usual = {
	.share = 1000,
	.turn = 3000,
	.light = 100,
	.costly = 500,
	.rest_ms = 50,
	.bytes_max = 4 * 8192,
};

static struct ration ration;
static uint64_t before;

static void setup(void)
{
	before = block_bytes_out();
	ration_open(&ration, &usual);
}

TestSuite(ration, .init = setup, .timeout = 20);

/* Ends each test: what a .fini asserts fails none. */
static void teardown(void)
{
	ration_close(&ration);
	cr_assert_eq(block_bytes_out(), before, "%ld bytes are left", (long)(block_bytes_out() - before));
}

/* Who it is matters to nobody here. */
static struct conn *who(uintptr_t number)
{
	return (struct conn *)(number * 64);
}

static struct waiter *enter(uintptr_t number, const char *text)
{
	return ration_enter(&ration, who(number), (const uint8_t *)text, strlen(text), 1000);
}

static void next_is(uintptr_t number, const char *text, uint64_t now_ms)
{
	struct waiter *waiter = ration_next(&ration, now_ms);

	cr_assert(waiter && waiter->conn == who(number), "%zu is next", number);
	cr_assert_eq(waiter->size, strlen(text));
	cr_assert_eq(memcmp(waiter->bytes, text, waiter->size), 0, "%s", text);
	ration_done(&ration, waiter);
}

Test(ration, a_share_is_spent_at_its_limit_and_not_before)
{
	ration_begin(&ration, 7);
	ration_charge(&ration, 999);
	cr_assert_not(ration_is_spent(&ration));
	ration_charge(&ration, 1);
	cr_assert(ration_is_spent(&ration));
	ration_begin(&ration, 8);
	cr_assert_not(ration_is_spent(&ration), "another has one of its own");
	ration_charge(&ration, 600);
	ration_begin(&ration, 8);
	ration_charge(&ration, 400);
	cr_assert(ration_is_spent(&ration), "what comes of one together is one");
	ration_begin_again(&ration);
	cr_assert_not(ration_is_spent(&ration));
	teardown();
}

Test(ration, a_turn_is_crowded_at_its_limit_or_when_somebody_waits_or_mail_does)
{
	ration_turn(&ration, false);
	ration_charge(&ration, 2999);
	cr_assert_not(ration_is_crowded(&ration));
	ration_charge(&ration, 1);
	cr_assert(ration_is_crowded(&ration));
	ration_turn(&ration, true);
	cr_assert(ration_is_crowded(&ration));
	ration_turn(&ration, false);
	cr_assert_not(ration_is_crowded(&ration));
	enter(1, "x");
	cr_assert(ration_is_crowded(&ration));
	next_is(1, "x", 1000);
	cr_assert_not(ration_is_crowded(&ration));
	teardown();
}

Test(ration, without_a_share_there_is_no_limit)
{
	ration_open(&ration, &(struct ration_limits){ .turn = 1 });
	ration_turn(&ration, true);
	ration_charge(&ration, UINT32_MAX);
	cr_assert_not(ration_is_spent(&ration));
	cr_assert_not(ration_is_crowded(&ration));
	teardown();
}

Test(ration, what_a_message_unpacks_to_counts_several_times)
{
	ration_message(&ration, 200);
	cr_assert_eq(ration.own, RATION_MESSAGE, "its bytes were charged when they were read");
	cr_assert_eq(ration.message, RATION_MESSAGE + 200);
	ration_unpacked(&ration, 200);
	cr_assert_eq(ration.own, 2 * RATION_MESSAGE + RATION_UNPACKED * 200);
	cr_assert_eq(ration.message, RATION_MESSAGE + RATION_UNPACKED * 200);
	teardown();
}

Test(ration, first_come_first_served)
{
	enter(1, "one");
	struct waiter *two = enter(2, "two");

	enter(3, "");
	cr_assert(ration_add(&ration, two, (const uint8_t *)" more", 5));
	cr_assert_eq(ration.waiting, 3);
	struct waiter *one = ration_next(&ration, 1000);

	cr_assert(one->conn == who(1));
	ration_begin_again(&ration);
	ration_again(&ration, one, 1000);
	next_is(2, "two more", 1000);
	next_is(3, "", 1000);
	next_is(1, "one", 1000);
	cr_assert_null(ration_next(&ration, 1000));
	cr_assert_eq(ration.waiting, 0);
	teardown();
}

Test(ration, what_comes_late_is_kept_however_much)
{
	const size_t size = 3 * usual.bytes_max;
	uint8_t *bytes = malloc(size);
	struct waiter *waiter = enter(1, "begin");

	memset(bytes, 'x', size);
	cr_assert(ration_add(&ration, waiter, bytes, size));
	cr_assert_eq(waiter->size, 5 + size);
	cr_assert_eq(memcmp(waiter->bytes, "begin", 5), 0);
	cr_assert_eq(memcmp(waiter->bytes + 5, bytes, size), 0);
	cr_assert_null(enter(2, "there is no room for another"));
	ration_leave(&ration, waiter);
	cr_assert_eq(ration.bytes, 0);
	teardown();
	free(bytes);
}

Test(ration, so_many_and_not_one_more)
{
	for (uintptr_t n = 1; n <= 4; n++)
		cr_assert(enter(n, "x"));
	cr_assert_null(enter(5, ""));
	next_is(1, "x", 1000);
	cr_assert(enter(5, "x"));
	for (uintptr_t n = 2; n <= 5; n++)
		next_is(n, "x", 1000);
	teardown();
}

Test(ration, who_is_refused_with_a_costly_message_rests)
{
	ration_begin(&ration, 1);
	ration_message(&ration, 500 - RATION_MESSAGE - 1);
	ration_refused(&ration);
	cr_assert_not(ration_is_spent(&ration), "it was not costly");
	ration_message(&ration, 500 - RATION_MESSAGE);
	ration_refused(&ration);
	cr_assert(ration_is_spent(&ration));
	cr_assert_eq(ration_wait_ms(&ration, 1000), UINT64_MAX);
	enter(1, "tired");
	cr_assert_not(ration_is_crowded(&ration), "nobody waits in line");
	cr_assert_null(ration_next(&ration, 1049));
	cr_assert_eq(ration_wait_ms(&ration, 1049), 1);
	ration_begin(&ration, 2);
	enter(2, "fresh");
	cr_assert_eq(ration_wait_ms(&ration, 1000), 0);
	next_is(2, "fresh", 1049);
	cr_assert_eq(ration_wait_ms(&ration, 1051), 0);
	next_is(1, "tired", 1050);
	teardown();
}

Test(ration, who_is_over_leaves_its_place)
{
	struct waiter *one = enter(1, "one"), *two = enter(2, "two"), *three = enter(3, "three");

	ration_leave(&ration, two);
	cr_assert_eq(ration.waiting, 2);
	cr_assert_eq(ration_next(&ration, 1000), one);
	ration_leave(&ration, one);
	cr_assert_eq(memcmp(one->bytes, "one", 3), 0, "being read");
	ration_done(&ration, one);
	cr_assert_eq(ration_next(&ration, 1000), three);
	ration_again(&ration, three, 1000);
	ration_leave(&ration, three);
	cr_assert_eq(ration.waiting, 0);
	cr_assert_eq(ration.bytes, 0);
	teardown();
}

Test(ration, who_is_over_while_it_rests_keeps_nobody)
{
	ration.tired = true;
	struct waiter *one = enter(1, "one");

	enter(2, "two");
	ration_leave(&ration, one);
	cr_assert_null(ration_next(&ration, 1000));
	next_is(2, "two", 1050);
	teardown();
}
