/* Tokens that are known: by all their letters, under one policy, and no more of them than there are places. */
#include <criterion/criterion.h>
#include <string.h>

#include "engine/auth/verified.h"

static struct counters counters;
static struct verified verified;
static uint8_t digest[VERIFIED_DIGEST_SIZE];

/* Of a token that is its number. */
static const uint8_t *of(uint32_t number)
{
	verified_digest(digest, span_of(&number, sizeof(number)));
	return digest;
}

static void setup_with(uint32_t tokens)
{
	cr_assert_eq(verified_open(&verified, tokens, 5, &counters), 0);
}

static void teardown(void)
{
	verified_close(&verified);
}

TestSuite(verified, .fini = teardown);

Test(verified, none_where_none_are_wanted)
{
	setup_with(0);
	cr_assert_not(verified_keeps(&verified));
	cr_assert_not(verified_keeps(NULL));
	cr_assert_eq(verified_bytes(0), 0);
}

Test(verified, places_come_in_eights)
{
	cr_assert_eq(verified_bytes(1), 8 * sizeof(struct verified_entry));
	cr_assert_eq(verified_bytes(8), 8 * sizeof(struct verified_entry));
	cr_assert_eq(verified_bytes(9), 16 * sizeof(struct verified_entry));
	cr_assert_eq(verified_bytes(UINT32_MAX), (1ull << 32) * sizeof(struct verified_entry));
}

Test(verified, by_all_of_the_digest)
{
	uint8_t other[VERIFIED_DIGEST_SIZE];

	setup_with(8);
	verified_add(&verified, of(1), 1, 3);
	cr_assert_eq(verified_find(&verified, of(1), 1), 3);
	for (size_t bit = 0; bit < 8 * sizeof(other); bit++) {
		memcpy(other, of(1), sizeof(other));
		other[bit / 8] ^= (uint8_t)(1 << bit % 8);
		cr_assert_eq(verified_find(&verified, other, 1), -1, "bit %zu", bit);
	}
	cr_assert_eq(counter_read(&counters, COUNTER_token_cache_hits), 1);
	cr_assert_eq(counter_read(&counters, COUNTER_token_cache_misses), 8 * sizeof(other));
}

Test(verified, of_one_policy)
{
	setup_with(8);
	verified_add(&verified, of(1), 1, 3);
	cr_assert_eq(verified_find(&verified, of(1), 2), -1);
	verified_add(&verified, of(1), 2, 4);
	cr_assert_eq(verified_find(&verified, of(1), 2), 4);
}

Test(verified, the_one_longest_not_asked_for_gives_way)
{
	setup_with(8);
	verified.asked = UINT32_MAX - 6; /* the count goes round meanwhile */
	for (uint32_t i = 0; i < 8; i++)
		verified_add(&verified, of(i), 1, i);
	cr_assert_eq(verified_find(&verified, of(0), 1), 0);
	verified_add(&verified, of(8), 1, 8);
	cr_assert_eq(verified_find(&verified, of(1), 1), -1);
	for (uint32_t i = 0; i < 9; i++)
		cr_assert_eq(verified_find(&verified, of(i), 1), i == 1 ? -1 : (int)i);
}

Test(verified, of_another_policy_gives_way_first)
{
	setup_with(8);
	verified_add(&verified, of(7), 1, 7);
	for (uint32_t i = 0; i < 9; i++)
		if (i != 7)
			verified_add(&verified, of(i), 2, i);
	for (uint32_t i = 0; i < 9; i++)
		cr_assert_eq(verified_find(&verified, of(i), 2), i == 7 ? -1 : (int)i);
}

/* With fewer places than tokens: most are kept, and what is found is right. */
Test(verified, many)
{
	uint32_t found = 0;

	setup_with(1000);
	for (uint32_t i = 0; i < 4000; i++)
		verified_add(&verified, of(i), 1, i);
	for (uint32_t i = 0; i < 4000; i++) {
		const int key = verified_find(&verified, of(i), 1);

		cr_assert(key == -1 || key == (int)i);
		found += key >= 0;
	}
	cr_assert_gt(found, 900);
	cr_assert_leq(found, 1000);
	for (uint32_t i = 3900; i < 4000; i++)
		cr_assert_eq(verified_find(&verified, of(i), 1), (int)i, "the newest are there");
}
