#include "proto/ws/ws_mask.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

void ws_mask_scalar(uint8_t *bytes, size_t size, const uint8_t key[4], size_t phase)
{
	for (size_t i = 0; i < size; i++)
		bytes[i] ^= key[(phase + i) & 3];
}

#ifdef __SSE2__
/* Sixteen is a multiple of four: the phase is the same again after each block. */
void ws_mask(uint8_t *bytes, size_t size, const uint8_t key[4], size_t phase)
{
	uint8_t turned[16];
	size_t at = 0;

	for (size_t i = 0; i < sizeof(turned); i++)
		turned[i] = key[(phase + i) & 3];

	const __m128i pattern = _mm_loadu_si128((const __m128i *)turned);

	for (; size - at >= 16; at += 16) {
		__m128i *const block = (__m128i *)(bytes + at);

		_mm_storeu_si128(block, _mm_xor_si128(_mm_loadu_si128(block), pattern));
	}
	ws_mask_scalar(bytes + at, size - at, key, phase);
}
#else
void ws_mask(uint8_t *bytes, size_t size, const uint8_t key[4], size_t phase)
{
	ws_mask_scalar(bytes, size, key, phase);
}
#endif
