/* What we send has to be what any inflate reads; it is written into exact allocations, and read back by ours. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "proto/deflate/deflate.h"
#include "proto/deflate/inflate.h"

static struct deflate *make(unsigned int bits, unsigned int level, unsigned int mem_level)
{
	const size_t size = deflate_size(bits, mem_level);
	struct deflate *const deflate = deflate_make(malloc(size), size, bits, level, mem_level);

	cr_assert_not_null(deflate);
	return deflate;
}

/* A payload of at most limit bytes, in an exact allocation that the caller frees. */
static uint8_t *pack(struct deflate *deflate, const char *text, size_t size, size_t limit, bool keep, size_t *payload)
{
	uint8_t *const out = malloc(limit + DEFLATE_ROOM);

	*payload = deflate_message(deflate, out, limit, (const uint8_t *)text, size, keep);
	return out;
}

Test(deflate, writes_the_examples_of_the_rfc)
{
	struct deflate *const deflate = make(15, 6, 8);
	size_t size;
	uint8_t *out = pack(deflate, "Hello", 5, 7, true, &size);

	cr_assert_eq(size, 7);
	cr_assert_eq(memcmp(out, "\xf2\x48\xcd\xc9\xc9\x07\x00", 7), 0, "7.2.3.1");
	free(out);
	out = pack(deflate, "Hello", 5, 5, true, &size);
	cr_assert_eq(size, 5);
	cr_assert_eq(memcmp(out, "\xf2\x00\x11\x00\x00", 5), 0, "7.2.3.2: the context is kept");
	free(out);
	out = pack(deflate, "Hello", 5, 7, false, &size);
	cr_assert_eq(size, 7, "the context is dropped");
	free(out);
	out = pack(deflate, "", 0, 1, true, &size);
	cr_assert_eq(size, 1);
	cr_assert_eq(out[0], 0, "7.2.3.6");
	free(out);
	free(deflate);
}
