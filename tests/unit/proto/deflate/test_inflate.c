/* Payloads come from anyone at all and in any pieces, so each piece is copied to an exact
 * allocation, and so is the room that a message may take: ASan then sees a byte too many. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "proto/deflate/deflate.h"
#include "proto/deflate/inflate.h"

struct text {
	const char *bytes;
	size_t size;
};

#define TEXT(literal) ((struct text){ literal, sizeof(literal) - 1 })
#define NONE ((struct text){ NULL, 0 })

static struct inflate *make_inflate(void)
{
	struct inflate *const inflate = inflate_make(malloc(INFLATE_SIZE), INFLATE_SIZE);

	cr_assert_not_null(inflate);
	return inflate;
}

static int feed_copy(struct inflate *inflate, struct inflate_out *out, const char *bytes, size_t size, bool last)
{
	uint8_t *const exact = malloc(size ? size : 1);

	memcpy(exact, bytes, size);
	const int result = inflate_feed(inflate, out, exact, size, last);

	free(exact);
	return result;
}

/* Feeds a payload in pieces of step bytes into room for limit; out->bytes is the caller's. */
static int read_pieces(struct inflate *inflate, struct inflate_out *out, struct text wire, size_t step, size_t limit)
{
	int result = 0;
	size_t at = 0;

	*out = (struct inflate_out){ .bytes = malloc(limit ? limit : 1), .capacity = limit };
	do {
		const size_t part = wire.size - at < step ? wire.size - at : step;

		result = feed_copy(inflate, out, wire.bytes + at, part, at + part == wire.size);
		at += part;
	} while (result == 0 && at < wire.size);
	return result;
}

/* What a payload is worth alone: a text, or a refusal; the same at every cut. */
static void expect(struct inflate *inflate, struct text history, struct text wire, size_t limit, int wanted,
		   struct text message, const char *why)
{
	for (size_t step = 1; step <= wire.size + 1; step++) {
		struct inflate_out out;

		inflate_begin(inflate, (const uint8_t *)history.bytes, history.size);
		const int result = read_pieces(inflate, &out, wire, step, limit);

		cr_assert_eq(result, wanted, "%s, by %zu: %d", why, step, result);
		cr_assert_leq(out.size, limit);
		if (wanted > 0) {
			cr_assert_eq(out.size, message.size, "%s, by %zu: %zu bytes", why, step, out.size);
			cr_assert_eq(memcmp(out.bytes, message.bytes, message.size), 0, "%s, by %zu", why, step);
		}
		free(out.bytes);
	}
}

Test(inflate, reads_the_examples_of_the_rfc)
{
	static const struct {
		const char *section;
		struct text history, wire, message;
	} examples[] = {
		{ "7.2.3.1", NONE, TEXT("\xf2\x48\xcd\xc9\xc9\x07\x00"), TEXT("Hello") },
		{ "7.2.3.2", TEXT("Hello"), TEXT("\xf2\x00\x11\x00\x00"), TEXT("Hello") },
		{ "7.2.3.3", NONE, TEXT("\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00"), TEXT("Hello") },
		{ "7.2.3.4", NONE, TEXT("\xf3\x48\xcd\xc9\xc9\x07\x00\x00"), TEXT("Hello") },
		{ "7.2.3.5", NONE, TEXT("\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00"), TEXT("Hello") },
		{ "7.2.3.6", NONE, TEXT("\x00"), TEXT("") },
	};
	struct inflate *const inflate = make_inflate();

	for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++)
		expect(inflate, examples[i].history, examples[i].wire, 5, 1, examples[i].message, examples[i].section);
	free(inflate);
}
