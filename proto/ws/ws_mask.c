#include "proto/ws/ws_mask.h"

#ifdef __SSE2__
#include <emmintrin.h>
#include <string.h>
#endif

void ws_mask_scalar(uint8_t *bytes, size_t size, const uint8_t key[4], size_t phase)
{
	for (size_t i = 0; i < size; i++)
		bytes[i] ^= key[(phase + i) & 3];
}

#ifdef __SSE2__
/* The key as a word of which the lowest byte is for the first byte of the run. */
static uint32_t turned(const uint8_t key[4], size_t phase)
{
	const unsigned shift = (phase & 3) * 8;
	uint32_t word;

	memcpy(&word, key, sizeof(word));
	return word >> shift | word << (-shift & 31);
}

static void mask_word(uint8_t *bytes, uint64_t pattern)
{
	uint64_t word;

	memcpy(&word, bytes, sizeof(word));
	word ^= pattern;
	memcpy(bytes, &word, sizeof(word));
}

/* Blocks and words are multiples of four bytes: the phase is the same again after each. */
void ws_mask(uint8_t *bytes, size_t size, const uint8_t key[4], size_t phase)
{
	const uint32_t word = turned(key, phase);
	const __m128i pattern = _mm_set1_epi32((int)word);
	size_t at = 0;

	for (; size - at >= 16; at += 16) {
		__m128i *const block = (__m128i *)(bytes + at);

		_mm_storeu_si128(block, _mm_xor_si128(_mm_loadu_si128(block), pattern));
	}
	if (size - at >= 8) {
		mask_word(bytes + at, (uint64_t)word << 32 | word);
		at += 8;
	}
	for (size_t i = 0; at < size; i++, at++)
		bytes[at] ^= (uint8_t)(word >> (i & 3) * 8);
}
#else
void ws_mask(uint8_t *bytes, size_t size, const uint8_t key[4], size_t phase)
{
	ws_mask_scalar(bytes, size, key, phase);
}
#endif
