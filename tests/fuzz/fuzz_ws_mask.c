/* Masking must be what one byte after the other gives, at every alignment, in pieces too, and undo itself.
 * Input: the key, the phase, where the bytes begin, where they are cut, the bytes. */
#include "proto/ws/ws_mask.h"
#include "tests/fuzz/fuzz.h"

static _Alignas(64) uint8_t fast[4096 + 128], plain[4096 + 128], expected[4096];

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 7 || size > 4096)
		return 0;
	const uint8_t *const key = data, *const bytes = data + 7;
	const size_t phase = data[4], start = data[5] % 64, count = size - 7;
	const size_t cut = count > 0 ? data[6] * 16 % (count + 1) : 0;

	for (size_t i = 0; i < count; i++)
		expected[i] = bytes[i] ^ key[(phase + i) % 4];
	memset(fast, 0xa5, count + 128);
	memcpy(fast + start, bytes, count);
	memcpy(plain + start, bytes, count);
	ws_mask(fast + start, cut, key, phase);
	ws_mask(fast + start + cut, count - cut, key, phase + cut);
	ws_mask_scalar(plain + start, count, key, phase);
	check(memcmp(fast + start, expected, count) == 0);
	check(memcmp(plain + start, expected, count) == 0);
	for (size_t i = 0; i < 64; i++)
		check(fast[start + count + i] == 0xa5 && (i >= start || fast[i] == 0xa5));
	ws_mask(fast + start, count, key, phase);
	check(memcmp(fast + start, bytes, count) == 0);
	return 0;
}
