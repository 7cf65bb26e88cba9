/* A payload must give the same at every cut and never more than its limit; what is compressed must read back, by any
 * window, alone and after others. Input: what is decided, then a payload that is also the text. */
#include "proto/deflate/deflate.h"
#include "proto/deflate/inflate.h"
#include "tests/fuzz/fuzz.h"

#define LIMIT_MAX 5000
#define CANARY 0xa5

static _Alignas(64) uint8_t inflate_memory[INFLATE_SIZE], deflate_memory[(4 << 15) + (9 << 15) + 8192];
static uint8_t packed[LIMIT_MAX * 2];
static uint8_t history[1 << 15];
static struct fuzz_exact exact, one, other;

/* Room that ends where it says. */
static struct inflate_out room(struct fuzz_exact *memory, size_t capacity)
{
	fuzz_exact_resize(memory, 0);
	return (struct inflate_out){ .bytes = fuzz_exact_resize(memory, capacity), .capacity = capacity };
}

/* In pieces of `step`, the last one with the end. */
static int read_pieces(struct inflate_out *out, struct span payload, struct span before, size_t step)
{
	struct inflate *const inflate = (struct inflate *)(void *)inflate_memory;
	size_t at = 0;
	int result;

	inflate_begin(inflate, before.bytes, before.size);
	do {
		const size_t part = payload.size - at < step ? payload.size - at : step;

		result = inflate_feed(inflate, out, fuzz_exact(&exact, payload.bytes + at, part), part,
				      at + part == payload.size);
		at += part;
	} while (result == 0 && at < payload.size);
	check(result == 1 || result == -1007 || result == -1009);
	check(out->size <= out->capacity && (result != -1009 || out->size == out->capacity));
	return result;
}

static void read_any(struct span payload, struct span before, size_t limit, size_t step)
{
	struct inflate_out whole = room(&one, limit), cut = room(&other, limit);
	const int result = read_pieces(&whole, payload, before, payload.size + 1);

	/* In one piece it would be the same again. */
	if (step < payload.size) {
		check(read_pieces(&cut, payload, before, step) == result);
		check(cut.size == whole.size && memcmp(whole.bytes, cut.bytes, whole.size) == 0);
	}
	if (result != 1 || whole.size == 0)
		return;
	/* It is as large as it is: a byte less is too little. */
	cut = room(&other, whole.size);
	check(read_pieces(&cut, payload, before, step) == 1);
	cut = room(&other, whole.size - 1);
	check(read_pieces(&cut, payload, before, step) == -1009);
}

struct settings {
	unsigned int bits, level, mem_level;
	bool keep;
	size_t limit, step;
};

/* Messages one after the other, of which some do not fit. */
static void write_all(const struct settings *settings, struct span text)
{
	struct deflate *const deflate = deflate_make(deflate_memory, sizeof(deflate_memory), settings->bits,
						     settings->level, settings->mem_level);
	const size_t window = (size_t)1 << settings->bits;
	size_t held = 0, at = 0;

	check(deflate != NULL);
	for (size_t n = 0; n < 4; n++) {
		const struct span message = span_of(text.bytes + at, (text.size - at) / (4 - n));
		const size_t limit = n == 1 ? settings->limit % (message.size + 12) : message.size + 600;

		packed[limit + DEFLATE_ROOM] = CANARY;
		const size_t size =
			deflate_message(deflate, packed, limit, fuzz_exact(&exact, message.bytes, message.size),
					message.size, settings->keep);

		check(size <= limit && (size > 0 || n == 1));
		check(packed[limit + DEFLATE_ROOM] == CANARY);
		at += message.size;
		if (size == 0)
			continue; /* the peer never saw it */
		struct inflate_out out = room(&one, message.size);

		check(read_pieces(&out, span_of(packed, size), span_of(history, held), settings->step) == 1);
		check(out.size == message.size && memcmp(out.bytes, message.bytes, message.size) == 0);
		if (settings->keep)
			held = inflate_remember(history, held, window, out.bytes, out.size);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = fuzz_input_of(data, size);
	const size_t limit = fuzz_below(&input, LIMIT_MAX + 1);
	const size_t step = 1 + fuzz_below(&input, 64);
	const struct settings settings = {
		.bits = DEFLATE_BITS_MIN + fuzz_below(&input, 7),
		.level = fuzz_below(&input, 10),
		.mem_level = 1 + fuzz_below(&input, 9),
		.keep = fuzz_below(&input, 2),
		.limit = limit,
		.step = step,
	};
	const struct span before = fuzz_take(&input, fuzz_below(&input, 256));
	const struct span payload = fuzz_take(&input, LIMIT_MAX);

	if (inflate_make(inflate_memory, sizeof(inflate_memory)) == NULL)
		abort();
	read_any(payload, before, limit, step);
	write_all(&settings, payload);
	return 0;
}
