#include "proto/utf8/utf8.h"

#include <assert.h>

#if defined(__x86_64__)
#include <cpuid.h>
#include <tmmintrin.h>
#endif

#define WS_CLOSE_BAD_PAYLOAD 1007

/* What the first byte of a character asks of those behind it: RFC 3629, section 4, its ABNF row by
 * row. Only the next byte is ever restricted. Absent rows begin no character of two bytes or more. */
/* clang-format off */
static const struct utf8_state leads[256] = {
	[0xc2 ... 0xdf] = { 1, 0x80, 0xbf },
	[0xe0]          = { 2, 0xa0, 0xbf }, /* below: overlong */
	[0xe1 ... 0xec] = { 2, 0x80, 0xbf },
	[0xed]          = { 2, 0x80, 0x9f }, /* above: surrogates */
	[0xee ... 0xef] = { 2, 0x80, 0xbf },
	[0xf0]          = { 3, 0x90, 0xbf }, /* below: overlong */
	[0xf1 ... 0xf3] = { 3, 0x80, 0xbf },
	[0xf4]          = { 3, 0x80, 0x8f }, /* above: beyond U+10FFFF */
};
/* clang-format on */

int utf8_feed_scalar(struct utf8_state *state, const uint8_t *bytes, size_t size)
{
	struct utf8_state now = *state;

	assert(now.needed <= 3);
	for (size_t i = 0; i < size; i++) {
		const uint8_t byte = bytes[i];

		if (now.needed > 0) {
			if (byte < now.low || byte > now.high)
				return -WS_CLOSE_BAD_PAYLOAD;
			now.low = 0x80;
			now.high = 0xbf;
			now.needed--;
		} else if (byte >= 0x80) {
			now = leads[byte];
			if (now.needed == 0)
				return -WS_CLOSE_BAD_PAYLOAD;
		}
	}
	*state = now;
	return 1;
}

#if defined(__x86_64__)

#define BLOCK sizeof(__m128i)

/* What two neighbours do wrong together, one bit a mistake. After J. Keiser and D. Lemire, "Validating UTF-8 in less
 * than one instruction per byte": a mistake is there when the first one's halves and the second one's high half all
 * allow it, and each half is looked up in a table of sixteen. */
enum {
	TOO_SHORT = 1 << 0,   /* 11...... then no continuation */
	TOO_LONG = 1 << 1,    /* 0....... then a continuation */
	OVERLONG_3 = 1 << 2,  /* e0 then 80 to 9f */
	TOO_LARGE = 1 << 3,   /* f4 then 90 to bf, or f5 to ff then one */
	SURROGATE = 1 << 4,   /* ed then a0 to bf */
	OVERLONG_2 = 1 << 5,  /* c0 or c1 then a continuation */
	OVERLONG_4 = 1 << 6,  /* f0 then 80 to 8f */
	TOO_LARGE_8 = 1 << 6, /* f5 to ff then 80 to 8f */
	TWO_MORE = -128,      /* a continuation after a continuation: right in the third place or fourth */
	ANY_LOW = TOO_SHORT | TOO_LONG | TWO_MORE, /* whatever the first one's low half is */
};

__attribute__((target("ssse3"))) static inline __m128i mistakes_of_pairs(__m128i first, __m128i second)
{
	/* clang-format off */
	const __m128i first_high = _mm_setr_epi8(
		TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG,
		TWO_MORE, TWO_MORE, TWO_MORE, TWO_MORE, TOO_SHORT | OVERLONG_2, TOO_SHORT,
		TOO_SHORT | OVERLONG_3 | SURROGATE, TOO_SHORT | TOO_LARGE | TOO_LARGE_8 | OVERLONG_4);
	const char large = ANY_LOW | TOO_LARGE | TOO_LARGE_8;
	const __m128i first_low = _mm_setr_epi8(
		ANY_LOW | OVERLONG_3 | OVERLONG_2 | OVERLONG_4, ANY_LOW | OVERLONG_2, ANY_LOW, ANY_LOW,
		ANY_LOW | TOO_LARGE, large, large, large, large, large, large, large,
		large, large | SURROGATE, large, large);
	const char later = TOO_LONG | OVERLONG_2 | TWO_MORE;
	const __m128i second_high = _mm_setr_epi8(
		TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT,
		later | OVERLONG_3 | TOO_LARGE_8 | OVERLONG_4, later | OVERLONG_3 | TOO_LARGE,
		later | SURROGATE | TOO_LARGE, later | SURROGATE | TOO_LARGE,
		TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT);
	/* clang-format on */
	const __m128i low_half = _mm_set1_epi8(0x0f);
	const __m128i a = _mm_shuffle_epi8(first_high, _mm_and_si128(_mm_srli_epi16(first, 4), low_half));
	const __m128i b = _mm_shuffle_epi8(first_low, _mm_and_si128(first, low_half));
	const __m128i c = _mm_shuffle_epi8(second_high, _mm_and_si128(_mm_srli_epi16(second, 4), low_half));

	return _mm_and_si128(_mm_and_si128(a, b), c);
}

/* Zero where all is well. The third byte of a character and its fourth must be, and nothing else may be, a
 * continuation after a continuation: so that bit, 0x80, is turned round there. */
__attribute__((target("ssse3"))) static inline __m128i mistakes(__m128i before, __m128i block)
{
	const __m128i pairs = mistakes_of_pairs(_mm_alignr_epi8(block, before, 15), block);
	const __m128i third = _mm_subs_epu8(_mm_alignr_epi8(block, before, 14), _mm_set1_epi8(0xe0 - 0x80));
	const __m128i fourth = _mm_subs_epu8(_mm_alignr_epi8(block, before, 13), _mm_set1_epi8(0xf0 - 0x80));
	const __m128i due = _mm_and_si128(_mm_or_si128(third, fourth), _mm_set1_epi8((char)0x80));

	return _mm_xor_si128(pairs, due);
}

/* Whole blocks from the start of a character on. Tells no mistake of a character that the last block leaves
 * unfinished. Returns 1 or -1007. */
__attribute__((target("ssse3"))) static int feed_blocks(const uint8_t *bytes, size_t count)
{
	__m128i before = _mm_setzero_si128();
	__m128i found = _mm_setzero_si128();

	for (size_t i = 0; i < count; i++) {
		const __m128i block = _mm_loadu_si128((const __m128i *)(bytes + i * BLOCK));

		if (_mm_movemask_epi8(_mm_or_si128(before, block)) != 0)
			found = _mm_or_si128(found, mistakes(before, block));
		before = block;
	}
	return _mm_movemask_epi8(_mm_cmpeq_epi8(found, _mm_setzero_si128())) == 0xffff ? 1 : -WS_CLOSE_BAD_PAYLOAD;
}

/* CPUID leaves a virtual machine each time it is asked: once is enough. */
static bool has_ssse3(void)
{
	static int known;
	unsigned a, b, c, d;
	int answer = __atomic_load_n(&known, __ATOMIC_RELAXED);

	if (answer == 0) {
		answer = __get_cpuid(1, &a, &b, &c, &d) && c & bit_SSSE3 ? 1 : -1;
		__atomic_store_n(&known, answer, __ATOMIC_RELAXED);
	}
	return answer > 0;
}

static size_t skip_ascii(const uint8_t *bytes, size_t size)
{
	size_t at = 0;

	while (size - at >= BLOCK && _mm_movemask_epi8(_mm_loadu_si128((const __m128i *)(bytes + at))) == 0)
		at += BLOCK;
	/* What is left is less than a block: one more that ends with the text sees it, and some of its ASCII again. */
	if (at > 0 && size - at < BLOCK &&
	    _mm_movemask_epi8(_mm_loadu_si128((const __m128i *)(bytes + size - BLOCK))) == 0)
		return size;
	return at;
}

/* Where the character that bytes[0..size) may leave unfinished begins. */
static size_t last_start(const uint8_t *bytes, size_t size)
{
	for (size_t back = 1; back <= 3 && back <= size; back++)
		if (bytes[size - back] >= 0xc0)
			return size - back;
	return size;
}

int utf8_feed(struct utf8_state *state, const uint8_t *bytes, size_t size)
{
	size_t at = 0;

	/* To the end of a character that was cut. */
	for (; state->needed > 0 && at < size; at++)
		if (utf8_feed_scalar(state, bytes + at, 1) < 0)
			return -WS_CLOSE_BAD_PAYLOAD;

	at += skip_ascii(bytes + at, size - at);
	if (size - at >= BLOCK && has_ssse3()) {
		const size_t count = (size - at) / BLOCK;

		if (feed_blocks(bytes + at, count) < 0)
			return -WS_CLOSE_BAD_PAYLOAD;
		at += last_start(bytes + at, count * BLOCK);
	}
	return utf8_feed_scalar(state, bytes + at, size - at);
}

#else

int utf8_feed(struct utf8_state *state, const uint8_t *bytes, size_t size)
{
	return utf8_feed_scalar(state, bytes, size);
}

#endif

bool utf8_valid(const uint8_t *bytes, size_t size)
{
	struct utf8_state state = { 0 };

	return utf8_feed(&state, bytes, size) > 0 && utf8_complete(&state);
}
