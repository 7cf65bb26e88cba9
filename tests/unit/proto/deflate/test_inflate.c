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

Test(inflate, what_other_encoders_write)
{
	static const struct {
		const char *why;
		struct text history, wire, message;
	} rows[] = {
		{ "an empty block of fixed codes", NONE, TEXT("\x02\x00"), TEXT("") },
		{ "empty blocks before the text", NONE,
		  TEXT("\x00\x00\x00\xff\xff\x00\x00\x00\xff\xff\xf2\x48\xcd\xc9\xc9\x07\x00"), TEXT("Hello") },
		{ "and behind it", NONE, TEXT("\xf2\x48\xcd\xc9\xc9\x07\x00\x00\x00\xff\xff\x00\x00\x00\xff\xff\x00"),
		  TEXT("Hello") },
		{ "a final block that is empty", NONE, TEXT("\x03\x00\x00"), TEXT("") },
		{ "two final blocks", NONE, TEXT("\xf3\x48\xcd\xc9\xc9\x07\x00\xf3\x48\xcd\xc9\xc9\x07\x00\x00"),
		  TEXT("HelloHello") },
		{ "the second refers to the first", NONE, TEXT("\xf3\x48\xcd\xc9\xc9\x07\x00\xf2\x00\x11\x00\x00"),
		  TEXT("HelloHello") },
		{ "a final block that refers to history", TEXT("Hello"), TEXT("\xf3\x00\x11\x00\x00"), TEXT("Hello") },
		{ "a final block that is stored", NONE, TEXT("\x01\x05\x00\xfa\xffHello\x00"), TEXT("Hello") },
		{ "a stored block of nothing in between", NONE,
		  TEXT("\x00\x01\x00\xfe\xffH\x00\x00\x00\xff\xff\x00"
		       "\x04\x00\xfb\xff"
		       "ello\x00"),
		  TEXT("Hello") },
	};
	struct inflate *const inflate = make_inflate();

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect(inflate, rows[i].history, rows[i].wire, 10, 1, rows[i].message, rows[i].why);
	free(inflate);
}

Test(inflate, refuses_what_is_no_deflate)
{
	static const struct {
		const char *why;
		struct text history, wire;
	} rows[] = {
		{ "a block of the fourth kind", NONE, TEXT("\x06") },
		{ "a final one", NONE, TEXT("\x07\x00") },
		{ "of a block no byte", NONE, TEXT("") },
		{ "stored: not the size twice", NONE, TEXT("\x00\x05\x00\xfa\xfeHello\x00") },
		{ "stored: ends early", NONE, TEXT("\x00\x05\x00\xfa\xffHel") },
		{ "stored: ends before its size", NONE, TEXT("\x00\x05") },
		{ "fixed: ends early", NONE, TEXT("\xf2\x48\xcd") },
		{ "fixed: ends within the last code", NONE, TEXT("\xf2\x48\xcd\xc9\xc9\x07") },
		{ "the tail was not cut off", NONE, TEXT("\xf2\x48\xcd\xc9\xc9\x07\x00\x00\x00\xff\xff") },
		{ "half of it was not", NONE, TEXT("\xf2\x48\xcd\xc9\xc9\x07\x00\x00\x00") },
		{ "a final block, and no byte behind (7.2.3.4)", NONE, TEXT("\xf3\x48\xcd\xc9\xc9\x07\x00") },
		{ "the header of zlib's own format", NONE, TEXT("\x78\x9c\xf2\x48\xcd\xc9\xc9\x07\x00") },
		{ "gzip's", NONE, TEXT("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xf3\x48\xcd\xc9\xc9\x07\x00") },
		{ "it refers to what is not there", NONE, TEXT("\xf2\x00\x11\x00\x00") },
		{ "it refers to a byte before what is there", TEXT("llo"), TEXT("\xf2\x00\x11\x00\x00") },
		{ "after a final block too", NONE, TEXT("\x01\x03\x00\xfc\xffllo\xf2\x00\x11\x00\x00") },
		{ "a distance of 32 bits", NONE, TEXT("\xf2\x00\x3d\x00\x00") },
		{ "dynamic: too many codes", NONE, TEXT("\xfc\xff\xff\xff\xff") },
		{ "dynamic: the tail ends it, but for a bit", NONE,
		  TEXT("\x04\xe0\x01\x90\x24\x49\x92\x24\x49\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
		       "\x00"
		       "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
		       "\x00"
		       "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x12\x8b\x9a\x47\x56\xcf\xde\x03\x00\x00\x00\x00\x00"
		       "\x00"
		       "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
		       "\x00"
		       "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
		       "\x00"
		       "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x3c\x00") },
		{ "dynamic: no code for an end", NONE, TEXT("\x04\xc0\x81\x08\x00\x00\x00\x00\x20\x7f\xeb\x03\x00") },
	};
	struct inflate *const inflate = make_inflate();

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect(inflate, rows[i].history, rows[i].wire, 100, -1007, NONE, rows[i].why);
	free(inflate);
}

Test(inflate, at_the_limit_and_one_past)
{
	static const struct text hello = { "\xf2\x48\xcd\xc9\xc9\x07\x00", 7 };
	struct inflate *const inflate = make_inflate();

	expect(inflate, NONE, hello, 6, 1, TEXT("Hello"), "below");
	expect(inflate, NONE, hello, 5, 1, TEXT("Hello"), "at it");
	expect(inflate, NONE, hello, 4, -1009, NONE, "past it");
	expect(inflate, NONE, hello, 0, -1009, NONE, "none at all");
	expect(inflate, NONE, TEXT("\x00"), 0, 1, TEXT(""), "nothing fits into nothing");
	expect(inflate, NONE, TEXT("\x00\x05\x00\xfa\xffHello\x06"), 5, -1007, NONE,
	       "bad behind the limit, not over it");
	expect(inflate, NONE, TEXT("\x00\x05\x00\xfa\xffHello\x06"), 4, -1009, NONE, "over it before it is bad");
	free(inflate);
}

/* Its last bytes come of the tail: the room may be full when no more is to be read. */
Test(inflate, what_the_tail_brings_is_over_the_limit_too)
{
	static const char wire[] =
		"\x64\x53\x01\x0e\xc2\x20\x0c\xfc\x0a\x5f\xf1\x29\x4b\x46\x94\xc4\x81\x19\xe8\xb2\xdf\xcb\x95\x5e"
		"\x81\x2d\x71\x42\x4b\xb9\x6b\xaf\xa5\xa4\x2d\xed\x7b\x3a\x5c\x88\x2e\x64\x97\xfd\xfe\xf3\xbb\xdb"
		"\xbc\x2f\x21\x3e\xe1\x3c\xd3\xd7\x85\x82\xdd\x12\x57\x2c\xe5\xe5\xc5\xf9\x88\x71\xc1\x95\x42\x04"
		"\xdb\xac\xfe\xf3\x4e\x67\xbb\x99\xf1\xc3\xee\x78\x2d\x05\x40\xca\x60\xc1\xdd\x55\x03\x25\x48\xaf"
		"\x83\xa7\x1e\x9e\x3e\x0b\xb3\x06\xc1\xd4\x24\x24\x01\xd8\xdd\x00\x63\x24\xc0\x08\x86\x30\xb1\xaf"
		"\x4e\xad\xf0\x52\x37\x08\x7c\x7c\x7c\x7c\x7c\x7c\x7c\x7c\x7c\x7c\x7c\x7c\x7c\xb5\x0a\x95";
	struct inflate *const inflate = make_inflate();
	struct inflate_out out;

	for (size_t limit = 319; limit <= 324; limit++)
		for (size_t step = 1; step <= sizeof(wire); step++) {
			inflate_begin(inflate, NULL, 0);
			const struct text all = { wire, sizeof(wire) - 1 };
			const int result = read_pieces(inflate, &out, all, step, limit);

			cr_assert_eq(result, limit < 323 ? -1009 : 1, "%zu, by %zu: %d", limit, step, result);
			cr_assert_eq(out.size, limit < 323 ? limit : 323);
			free(out.bytes);
		}
	free(inflate);
}

Test(inflate, one_message_does_not_reach_into_another)
{
	static const struct text secret = { "\x00\x06\x00\xf9\xffsecret\x00", 12 };
	static const struct text reach = { "\xf2\x00\x11\x00\x00", 5 };
	struct inflate *const inflate = make_inflate();
	struct inflate_out out;

	/* Whole, refused in the middle, left in the middle: nothing of it stays. */
	for (size_t size = 1; size <= secret.size; size++) {
		inflate_begin(inflate, NULL, 0);
		out = (struct inflate_out){ .bytes = malloc(6), .capacity = 6 };
		feed_copy(inflate, &out, secret.bytes, size, size == secret.size);
		free(out.bytes);
		expect(inflate, NONE, reach, 100, -1007, NONE, "another's text");
	}
	expect(inflate, TEXT("Hello"), reach, 100, 1, TEXT("Hello"), "its own");
	expect(inflate, NONE, reach, 100, -1007, NONE, "and its own no more");
	free(inflate);
}

Test(inflate, of_a_history_the_last_32768_bytes_count)
{
	const size_t size = deflate_size(15, 9);
	struct deflate *const deflate = deflate_make(malloc(size), size, 15, 9, 9);
	struct inflate *const inflate = make_inflate();
	const size_t far = 32768 - 262; /* zlib looks back so far */
	char *const text = malloc(far + 8), *const early = malloc(100000);
	uint8_t wire[512];
	int results[20];
	uint64_t state = 1;

	for (size_t i = 0; i < 100000; i++)
		early[i] = (char)((state = state * 6364136223846793005u + 1442695040888963407u) >> 56);
	memcpy(text, early + 100000 - far, far);
	uint8_t *const first = malloc(far + 1000);

	cr_assert_gt(deflate_message(deflate, first, far + 1000 - DEFLATE_ROOM, (const uint8_t *)text, far, true), 0);
	free(first);
	const size_t payload =
		deflate_message(deflate, wire, sizeof(wire) - DEFLATE_ROOM, (const uint8_t *)text, 100, true);

	cr_assert(payload > 0 && payload < 30, "%zu", payload);
	expect(inflate, (struct text){ early, 100000 }, (struct text){ (const char *)wire, payload }, 100, 1,
	       (struct text){ text, 100 }, "a long history");
	/* Some letters may stand there as they are before the first reference. */
	for (size_t less = 0; less < 20; less++) {
		struct inflate_out out;

		inflate_begin(inflate, (const uint8_t *)text + less, far - less);
		results[less] = read_pieces(inflate, &out, (struct text){ (const char *)wire, payload }, 7, 100);
		free(out.bytes);
	}
	cr_assert_eq(results[0], 1, "just enough");
	cr_assert_eq(results[19], -1007, "too little");
	free(text);
	free(early);
	free(deflate);
	free(inflate);
}

static double cpu_ms(void)
{
	struct timespec time;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
	return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

Test(inflate, a_bomb_stops_at_the_limit)
{
	const size_t bomb = 32 << 20, limit = 65536, size = deflate_size(15, 9);
	struct deflate *const deflate = deflate_make(malloc(size), size, 15, 9, 9);
	struct inflate *const inflate = make_inflate();
	uint8_t *const zeros = calloc(1, bomb), *const wire = malloc(65536);
	const size_t payload = deflate_message(deflate, wire, 65536 - DEFLATE_ROOM, zeros, bomb, false);
	struct inflate_out out = { .bytes = malloc(limit), .capacity = limit };

	cr_assert(payload > 0 && bomb / payload > 1000, "%zu: 1000 to 1", payload);
	inflate_begin(inflate, NULL, 0);
	const double start = cpu_ms();

	cr_assert_eq(feed_copy(inflate, &out, (const char *)wire, payload, true), -1009);
	cr_assert_lt(cpu_ms() - start, 20, "%f ms", cpu_ms() - start);
	cr_assert_eq(out.size, limit);

	/* Byte by byte: refused as soon as there is enough to know. */
	size_t fed = 0;
	int result = 0;

	inflate_begin(inflate, NULL, 0);
	for (out.size = 0; result == 0 && fed < payload; fed++) {
		const size_t before = out.size;

		result = feed_copy(inflate, &out, (const char *)wire + fed, 1, false);
		cr_assert_leq(out.size - before, 8 * 258, "a bit is a match of 258 at most");
	}
	cr_assert_eq(result, -1009);
	cr_assert_lt(fed, 2 * limit / 1000);
	free(zeros);
	free(wire);
	free(out.bytes);
	free(deflate);
	free(inflate);
}

/* 64 KiB of a pattern, and the byte that ends it; how long it takes to find that there is nothing in it. */
static double time_of_nothing(struct inflate *inflate, struct text pattern)
{
	const size_t count = 65536 / pattern.size, size = count * pattern.size;
	char *const wire = malloc(size + 1);
	struct inflate_out out = { .capacity = 0 };

	for (size_t i = 0; i < count; i++)
		memcpy(wire + i * pattern.size, pattern.bytes, pattern.size);
	wire[size] = 0;
	inflate_begin(inflate, NULL, 0);
	const double start = cpu_ms();

	cr_assert_eq(feed_copy(inflate, &out, wire, size + 1, true), 1);
	free(wire);
	return cpu_ms() - start;
}

/* What costs most a byte, as far as we know: tables for codes that are not used, 70 ns. */
Test(inflate, much_that_says_nothing_takes_its_size)
{
	struct inflate *const inflate = make_inflate();

	cr_assert_lt(time_of_nothing(inflate, TEXT("\x00\x00\x00\xff\xff")), 50);
	cr_assert_lt(time_of_nothing(inflate, TEXT("\x01\x00\x00\xff\xff")), 50, "each has zlib begin anew");
	cr_assert_lt(time_of_nothing(inflate, TEXT("\x04\xc0\x81\x08\x00\x00\x00\x00\x20\x7f\xeb\x43\x00\x1c\x88\x00"
						   "\x00\x00\x00\x00\xf2\xb7\x3e")),
		     100, "two dynamic blocks in 23 bytes");
	free(inflate);
}

Test(inflate, a_history_keeps_the_last_bytes)
{
	static const struct {
		const char *before, *message, *after;
	} rows[] = {
		{ "", "", "" },
		{ "", "abc", "abc" },
		{ "", "abcd", "abcd" },
		{ "", "abcde", "bcde" },
		{ "xy", "", "xy" },
		{ "xy", "ab", "xyab" },
		{ "xy", "abc", "yabc" },
		{ "wxyz", "", "wxyz" },
		{ "wxyz", "a", "xyza" },
		{ "wxyz", "abc", "zabc" },
		{ "wxyz", "abcd", "abcd" },
		{ "wxyz", "abcdefgh", "efgh" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t *const history = malloc(4);

		memcpy(history, rows[i].before, strlen(rows[i].before));
		const size_t held = inflate_remember(history, strlen(rows[i].before), 4,
						     (const uint8_t *)rows[i].message, strlen(rows[i].message));

		cr_assert_eq(held, strlen(rows[i].after), "row %zu: %zu", i, held);
		cr_assert_eq(memcmp(history, rows[i].after, held), 0, "row %zu", i);
		free(history);
	}
}

Test(inflate, memory_is_what_it_says)
{
	void *const memory = malloc(INFLATE_SIZE);

	for (size_t size = 0; size < INFLATE_SIZE; size += 4096)
		if (size >= 8192)
			cr_assert(inflate_make(memory, size) == NULL || size > 36 * 1024, "%zu", size);
	cr_assert_not_null(inflate_make(memory, INFLATE_SIZE));
	free(memory);
}
