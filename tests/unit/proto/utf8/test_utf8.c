/* Each text is fed whole, byte by byte, and cut once at every place; each piece from an exact allocation. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "proto/utf8/utf8.h"

#define VALID SIZE_MAX      /* no byte is wrong, and it may end here */
#define CUT (SIZE_MAX - 1)  /* no byte is wrong, but the last character is not whole */

typedef int feed_fn(struct utf8_state *state, const uint8_t *bytes, size_t size);

static int feed_exact(feed_fn *feed, struct utf8_state *state, const uint8_t *bytes, size_t size)
{
	uint8_t *exact = malloc(size ? size : 1);

	memcpy(exact, bytes, size);
	const int result = feed(state, exact, size);
	free(exact);
	return result;
}

/* Where the first wrong byte is, found by feeding single bytes. */
static size_t verdict(feed_fn *feed, const uint8_t *bytes, size_t size)
{
	struct utf8_state state = { 0 };

	for (size_t i = 0; i < size; i++)
		if (feed(&state, bytes + i, 1) != 1)
			return i;
	return utf8_complete(&state) ? VALID : CUT;
}

/* The same verdict must come of any two pieces, of which the second may be empty. */
static void check(const uint8_t *bytes, size_t size, size_t expected)
{
	feed_fn *const feeds[] = { utf8_feed, utf8_feed_scalar };

	cr_assert_eq(utf8_valid(bytes, size), expected == VALID);
	for (size_t f = 0; f < 2; f++) {
		cr_assert_eq(verdict(feeds[f], bytes, size), expected, "twin %zu", f);
		for (size_t cut = 0; cut <= size; cut++) {
			struct utf8_state state = { 0 };
			int result = feed_exact(feeds[f], &state, bytes, cut);

			cr_assert_eq(result, expected < cut ? -1007 : 1, "twin %zu, first %zu", f, cut);
			if (result < 0)
				continue;
			result = feed_exact(feeds[f], &state, bytes + cut, size - cut);
			cr_assert_eq(result, expected < size ? -1007 : 1, "twin %zu, cut at %zu", f, cut);
			if (result > 0)
				cr_assert_eq(utf8_complete(&state), expected == VALID);
		}
	}
}

/* A row alone, and far enough in that a vector holds it at each of its places. */
static void check_everywhere(const char *text, size_t size, size_t expected)
{
	uint8_t long_text[160];

	check((const uint8_t *)text, size, expected);
	for (size_t at = 1; at <= 70; at++) {
		memset(long_text, at % 2 ? 'a' : 'z', sizeof(long_text));
		memcpy(long_text + at, text, size);
		const size_t moved = expected < size ? at + expected : expected == CUT ? at + size : VALID;

		check(long_text, at + size + 40, moved);
	}
}

#define ROW(text, expected)                                                                                            \
	{                                                                                                              \
		text, sizeof(text) - 1, expected                                                                       \
	}

static const struct row {
	const char *text;
	size_t size;
	size_t expected;
} rows[] = {
	ROW("", VALID),
	ROW("Hello", VALID),
	ROW("\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5", VALID), /* Autobahn 6.2: kosme */
	ROW("\xe2\x89\xa2\xce\x91", VALID),                         /* RFC 3629, 7 */
	ROW("\xed\x95\x9c\xea\xb5\xad\xec\x96\xb4", VALID),
	ROW("\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e", VALID),
	ROW("\xef\xbb\xbf\xf0\xa3\x8e\xb4", VALID),
	/* 6.5, 6.7, 6.8: the first and last of each length. */
	ROW("\0", VALID),
	ROW("\x7f", VALID),
	ROW("\xc2\x80", VALID),
	ROW("\xdf\xbf", VALID),
	ROW("\xe0\xa0\x80", VALID),
	ROW("\xef\xbf\xbf", VALID),
	ROW("\xf0\x90\x80\x80", VALID),
	ROW("\xf4\x8f\xbf\xbf", VALID),
	ROW("\xed\x9f\xbf", VALID),
	ROW("\xee\x80\x80", VALID),
	ROW("\xef\xbf\xbd", VALID),
	/* 6.9: noncharacters are characters here. */
	ROW("\xef\xb7\x90", VALID),
	ROW("\xef\xbf\xbe", VALID),
	ROW("\xf0\x9f\xbf\xbe", VALID),
	/* One past the largest, at the byte that tells. */
	ROW("\xf4\x90\x80\x80", 1),
	ROW("\xf5\x80\x80\x80", 0),
	ROW("\xf7\xbf\xbf\xbf", 0),
	/* 6.6, 6.10: five and six bytes, and bytes that are never there. */
	ROW("\xf8\x88\x80\x80\x80", 0),
	ROW("\xfb\xbf\xbf\xbf\xbf", 0),
	ROW("\xfc\x84\x80\x80\x80\x80", 0),
	ROW("\xfe", 0),
	ROW("\xff", 0),
	ROW("\xfe\xfe\xff\xff", 0),
	/* 6.10: continuation bytes alone. */
	ROW("\x80", 0),
	ROW("\xbf", 0),
	ROW("\xce\xba\x80", 2),
	/* 6.11, 6.12: lead bytes without what they promise. */
	ROW("\xc2 ", 1),
	ROW("\xdf\x7f", 1),
	ROW("\xe1 ", 1),
	ROW("\xe1\x80 ", 2),
	ROW("\xf1\x80\x80 ", 3),
	ROW("\xe1\x80\xc0", 2),
	ROW("\xc2\xc2", 1),
	ROW("\xf1\x80\xe1\x80\x80", 2),
	/* 6.15 to 6.17: overlong. */
	ROW("\xc0\x80", 0),
	ROW("\xc0\xaf", 0),
	ROW("\xc1\xbf", 0),
	ROW("\xe0\x80\xaf", 1),
	ROW("\xe0\x9f\xbf", 1),
	ROW("\xf0\x80\x80\xaf", 1),
	ROW("\xf0\x8f\xbf\xbf", 1),
	/* 6.20, 6.21: surrogates, alone and in pairs. */
	ROW("\xed\xa0\x80", 1),
	ROW("\xed\xaf\xbf", 1),
	ROW("\xed\xb0\x80", 1),
	ROW("\xed\xbf\xbf", 1),
	ROW("\xed\xa0\x80\xed\xb0\x80", 1),
	/* 6.4: a good beginning, a bad middle. */
	ROW("\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xf4\x90\x80\x80"
	    "edited",
	    12),
};

Test(utf8, says_at_which_byte_a_text_is_wrong)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_everywhere(rows[i].text, rows[i].size, rows[i].expected);
}

Test(utf8, a_character_cut_short_is_no_end)
{
	check((const uint8_t *)"a\xc2", 2, CUT);
	check((const uint8_t *)"\xe0\xa0", 2, CUT);
	check((const uint8_t *)"\xe0", 1, CUT);
	check((const uint8_t *)"\xf4\x8f\xbf", 3, CUT);
	check((const uint8_t *)"0123456789abcdef0123456789abcdef\xf0\x90\x80", 35, CUT);
}

/* The rule turned round: encode in the given number of bytes, whether that is right or not. */
static void encode(uint8_t out[4], uint32_t point, size_t size)
{
	static const uint8_t marks[5] = { 0, 0x00, 0xc0, 0xe0, 0xf0 };

	for (size_t i = size - 1; i > 0; i--, point >>= 6)
		out[i] = 0x80 | (point & 0x3f);
	out[0] = (uint8_t)(marks[size] | point);
}

Test(utf8, takes_every_code_point_in_its_shortest_form_alone)
{
	static const uint32_t ends[5] = { 0, 0x80, 0x800, 0x10000, 0x200000 };
	uint8_t text[4];

	for (size_t size = 1; size <= 4; size++)
		for (uint32_t point = 0; point < ends[size]; point++) {
			const bool surrogate = point >= 0xd800 && point <= 0xdfff;
			const bool right = point >= ends[size - 1] && point <= 0x10ffff && !surrogate;

			encode(text, point, size);
			if (utf8_valid(text, size) != right)
				cr_assert_fail("U+%04X in %zu bytes", point, size);
		}
}

static uint32_t next_random(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

/* Mostly right text of all lengths of characters, with now and then a byte struck over. */
static size_t make_text(uint8_t *text, size_t capacity, uint32_t *seed)
{
	static const uint32_t starts[5] = { 0, 0x20, 0x80, 0x800, 0x10000 };
	static const uint32_t counts[5] = { 0, 0x5f, 0x780, 0xd000, 0x100000 };
	const uint32_t longest = 1 + next_random(seed) % 4;
	const size_t goal = next_random(seed) % (capacity - 4);
	size_t size = 0;

	while (size < goal) {
		const size_t length = 1 + next_random(seed) % longest;

		encode(text + size, starts[length] + next_random(seed) % counts[length], length);
		size += length;
	}
	if (size > 0 && next_random(seed) % 2)
		text[next_random(seed) % size] = (uint8_t)next_random(seed);
	return size;
}

Test(utf8, the_fast_twin_agrees_with_the_plain_one)
{
	uint8_t text[400];
	uint32_t seed = 7;

	for (int round = 0; round < 20000; round++) {
		const size_t size = make_text(text, sizeof(text), &seed);
		const size_t cut = size ? next_random(&seed) % (size + 1) : 0;
		struct utf8_state fast = { 0 }, plain = { 0 };
		int got = feed_exact(utf8_feed, &fast, text, cut);

		if (got > 0)
			got = feed_exact(utf8_feed, &fast, text + cut, size - cut);
		cr_assert_eq(got, utf8_feed_scalar(&plain, text, size), "round %d", round);
		cr_assert_eq(fast.needed, got > 0 ? plain.needed : fast.needed, "round %d", round);
		if (got > 0 && fast.needed > 0)
			cr_assert_eq(memcmp(&fast, &plain, sizeof(fast)), 0, "round %d: other states", round);
	}
}
