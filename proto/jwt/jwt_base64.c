#include "proto/jwt/jwt_base64.h"

#define NONE 0x80 /* no letter of the alphabet */
#define N8 NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE
#define N32 N8, N8, N8, N8

/* clang-format off */
static const uint8_t values[256] = {
	N32,
	N8, NONE, NONE, NONE, NONE, NONE, 62, NONE, NONE,
	52, 53, 54, 55, 56, 57, 58, 59, 60, 61, NONE, NONE, NONE, NONE, NONE, NONE,
	NONE, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,
	15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, NONE, NONE, NONE, NONE, 63,
	NONE, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40,
	41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, NONE, NONE, NONE, NONE, NONE,
	N32, N32, N32, N32,
};
/* clang-format on */

bool jwt_base64_decode(uint8_t *out, struct span text)
{
	const uint8_t *at = text.bytes;
	const size_t more = text.size % 4;
	uint8_t wrong = more == 1 ? NONE : 0;

	for (size_t left = text.size / 4; left > 0; left--, at += 4) {
		const uint8_t a = values[at[0]], b = values[at[1]], c = values[at[2]], d = values[at[3]];

		wrong |= a | b | c | d;
		*out++ = (uint8_t)(a << 2 | b >> 4);
		*out++ = (uint8_t)(b << 4 | c >> 2);
		*out++ = (uint8_t)(c << 6 | d);
	}
	if (more >= 2) {
		const uint8_t a = values[at[0]], b = values[at[1]], c = more == 3 ? values[at[2]] : 0;
		const uint8_t behind = more == 3 ? c & 0x03 : b & 0x0f;

		wrong |= a | b | c | (behind != 0 ? NONE : 0);
		*out++ = (uint8_t)(a << 2 | b >> 4);
		if (more == 3)
			*out = (uint8_t)(b << 4 | c >> 2);
	}
	return (wrong & NONE) == 0;
}
