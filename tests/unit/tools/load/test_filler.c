#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "proto/deflate/deflate.h"
#include "tools/load/filler.h"

static uint8_t *fill(size_t size, uint64_t key)
{
	uint8_t *const out = malloc(size ? size : 1);

	filler_write(out, size, key);
	return out;
}

Test(load_filler, a_letter_unless_words_were_asked_for)
{
	uint8_t *const out = fill(3, 7);

	cr_assert_eq(memcmp(out, "xxx", 3), 0);
	free(out);
}

Test(load_filler, words_are_plain_and_differ_by_key)
{
	filler_words();
	for (size_t size = 0; size < 200000; size = size * 2 + 1) {
		uint8_t *const one = fill(size, 1), *const again = fill(size, 1), *const other = fill(size, 2);

		for (size_t i = 0; i < size; i++)
			cr_assert(one[i] >= 0x20 && one[i] < 0x7f && one[i] != '"' && one[i] != '\\');
		cr_assert_eq(memcmp(one, again, size), 0);
		cr_assert(size < 16 || memcmp(one, other, size) != 0);
		free(one);
		free(again);
		free(other);
	}
}

Test(load_filler, words_compress_as_chat_does)
{
	const size_t memory = deflate_size(15, DEFLATE_MEM_LEVEL);
	struct deflate *const deflate = deflate_make(malloc(memory), memory, 15, DEFLATE_LEVEL, DEFLATE_MEM_LEVEL);
	uint8_t out[2048];

	filler_words();
	uint8_t *const text = fill(1024, 3);
	const size_t size = deflate_message(deflate, out, sizeof(out) - DEFLATE_ROOM, text, 1024, false);

	cr_assert(size > 350 && size < 600, "%zu", size);
	free(text);
	free(deflate);
}
