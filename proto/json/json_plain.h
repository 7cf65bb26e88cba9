/* json_plain.h - how far a string's bytes go on without one that JSON treats specially.
 *
 * Pure. Special are the quote, the backslash and U+0000 to U+001F; all else,
 * also every byte above 0x7f, stands in a string as itself. Both functions
 * return how many bytes from the start are plain: size when all are. Borrow.
 */
#ifndef JSON_PLAIN_H
#define JSON_PLAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

static inline bool json_is_plain(uint8_t byte)
{
	return byte >= 0x20 && byte != '"' && byte != '\\';
}

/* The plain twin of json_plain: its oracle in tests, its floor in benches, and its tail. */
static inline size_t json_plain_scalar(const uint8_t *bytes, size_t size)
{
	size_t at = 0;

	while (at < size && json_is_plain(bytes[at]))
		at++;
	return at;
}

#ifdef __SSE2__
/* One bit for each of the sixteen bytes that is special. */
static inline uint32_t json_special_mask(const uint8_t bytes[16])
{
	const __m128i block = _mm_loadu_si128((const __m128i *)bytes);
	const __m128i quote = _mm_cmpeq_epi8(block, _mm_set1_epi8('"'));
	const __m128i backslash = _mm_cmpeq_epi8(block, _mm_set1_epi8('\\'));
	const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(block, _mm_set1_epi8(0x1f)), block);

	return (uint32_t)_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(quote, backslash), control));
}

static inline size_t json_plain(const uint8_t *bytes, size_t size)
{
	size_t at = 0;

	for (; size - at >= 16; at += 16) {
		const uint32_t mask = json_special_mask(bytes + at);

		if (mask != 0)
			return at + (size_t)__builtin_ctz(mask);
	}
	return at + json_plain_scalar(bytes + at, size - at);
}
#else
static inline size_t json_plain(const uint8_t *bytes, size_t size)
{
	return json_plain_scalar(bytes, size);
}
#endif

#endif
