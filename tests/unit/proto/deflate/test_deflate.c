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

/* Words, noise, one letter, by turns. */
static void fill(char *text, size_t size, unsigned int seed)
{
	static const char words[] = "the quick brown fox jumps over the lazy dog and then it sleeps for a while. ";
	unsigned int state = seed * 2654435761u + 1;

	for (size_t i = 0; i < size; i++) {
		state = state * 1664525u + 1013904223u;
		text[i] = seed % 3 == 0   ? words[(i + seed) % (sizeof(words) - 1)]
			  : seed % 3 == 1 ? (char)(state >> 24)
					  : 'x';
	}
}

struct reader {
	struct inflate *inflate;
	uint8_t *history;
	size_t held, capacity;
};

static void read_back(struct reader *reader, const uint8_t *payload, size_t size, const char *text, size_t text_size)
{
	uint8_t *const exact = malloc(size);
	struct inflate_out out = { .bytes = malloc(text_size ? text_size : 1), .capacity = text_size };

	memcpy(exact, payload, size);
	inflate_begin(reader->inflate, reader->history, reader->held);
	cr_assert_eq(inflate_feed(reader->inflate, &out, exact, size, true), 1);
	cr_assert_eq(out.size, text_size);
	cr_assert_eq(memcmp(out.bytes, text, text_size), 0);
	if (reader->history)
		reader->held = inflate_remember(reader->history, reader->held, reader->capacity, out.bytes, out.size);
	free(exact);
	free(out.bytes);
}

static void round_trips(struct inflate *inflate, unsigned int bits, unsigned int level, unsigned int mem_level,
			bool keep)
{
	static const size_t sizes[] = { 1, 2, 100, 0, 0, 511, 512, 513, 1024, 5000, 0, 33000, 3, 70000 };
	struct deflate *const deflate = make(bits, level, mem_level);
	struct reader reader = { .inflate = inflate, .capacity = (size_t)1 << bits };

	reader.history = keep ? malloc(reader.capacity) : NULL;
	for (unsigned int i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		char *const text = malloc(sizes[i] ? sizes[i] : 1);
		size_t size;

		fill(text, sizes[i], i + bits);
		uint8_t *const out = pack(deflate, text, sizes[i], 2 * sizes[i] + 100, keep, &size);

		cr_assert_gt(size, 0);
		read_back(&reader, out, size, text, sizes[i]);
		free(out);
		free(text);
	}
	free(reader.history);
	free(deflate);
}

Test(deflate, every_window_reads_back)
{
	uint8_t *const memory = malloc(INFLATE_SIZE);
	struct inflate *const inflate = inflate_make(memory, INFLATE_SIZE);

	for (unsigned int bits = DEFLATE_BITS_MIN; bits <= DEFLATE_BITS_MAX; bits++)
		for (unsigned int level = 0; level <= DEFLATE_LEVEL_MAX; level += 3)
			for (unsigned int mem_level = 1; mem_level <= DEFLATE_MEM_LEVEL_MAX; mem_level += 4) {
				round_trips(inflate, bits, level, mem_level, false);
				round_trips(inflate, bits, level, mem_level, true);
			}
	free(memory);
}

Test(deflate, memory_of_every_size_suffices)
{
	for (unsigned int bits = DEFLATE_BITS_MIN; bits <= DEFLATE_BITS_MAX; bits++)
		for (unsigned int mem_level = 1; mem_level <= DEFLATE_MEM_LEVEL_MAX; mem_level++) {
			const size_t size = deflate_size(bits, mem_level);
			void *const memory = malloc(size);

			cr_assert_not_null(deflate_make(memory, size, bits, 1, mem_level));
			cr_assert_null(
				deflate_make(memory, size - 4096 - ((size_t)1 << (mem_level + 6)), bits, 1, mem_level),
				"nor is it all air");
			free(memory);
		}
}

Test(deflate, at_the_limit_and_one_past)
{
	uint8_t *const memory = malloc(INFLATE_SIZE);
	struct reader reader = { .inflate = inflate_make(memory, INFLATE_SIZE) };

	for (unsigned int seed = 0; seed < 3; seed++)
		for (size_t size = 1; size < 600; size += 7) {
			struct deflate *const deflate = make(12, 6, 5);
			char text[600];
			size_t whole, payload;

			fill(text, size, seed);
			free(pack(deflate, text, size, size + 20, false, &whole));
			uint8_t *out = pack(deflate, text, size, whole, false, &payload);

			cr_assert_eq(payload, whole, "%zu bytes fit into as many", whole);
			read_back(&reader, out, payload, text, size);
			free(out);
			free(pack(deflate, text, size, whole - 1, false, &payload));
			cr_assert_eq(payload, 0, "%zu bytes into one less", whole);
			free(deflate);
		}
	free(memory);
}

Test(deflate, what_did_not_fit_is_not_referred_to)
{
	uint8_t *const memory = malloc(INFLATE_SIZE);
	struct reader reader = { .inflate = inflate_make(memory, INFLATE_SIZE) };
	struct deflate *const deflate = make(15, 6, 8);
	static const char text[] = "a text that is long enough to be worth a reference, a text that is";
	size_t size;

	free(pack(deflate, text, sizeof(text), 10, true, &size));
	cr_assert_eq(size, 0);
	uint8_t *const out = pack(deflate, text, sizeof(text), 100, true, &size);

	cr_assert_gt(size, 0);
	read_back(&reader, out, size, text, sizeof(text));
	free(out);
	free(pack(deflate, "", 0, 0, true, &size));
	cr_assert_eq(size, 0, "not even nothing fits into nothing");
	free(deflate);
	free(memory);
}

Test(deflate, nothing_is_known_of_the_message_before_unless_it_is_kept)
{
	uint8_t *const memory = malloc(INFLATE_SIZE);
	struct reader reader = { .inflate = inflate_make(memory, INFLATE_SIZE) };
	struct deflate *const deflate = make(15, 6, 8);
	static const char text[] = "a password that is in both messages: correct horse battery staple";
	size_t first, again, kept;

	free(pack(deflate, text, sizeof(text), 100, false, &first));
	uint8_t *const out = pack(deflate, text, sizeof(text), 100, false, &again);

	cr_assert_eq(again, first);
	read_back(&reader, out, again, text, sizeof(text));
	free(out);
	free(pack(deflate, text, sizeof(text), 100, true, &kept));
	cr_assert_lt(kept, 20, "%zu", kept);
	free(deflate);
	free(memory);
}
