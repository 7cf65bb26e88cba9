/* fuzz.h - what the fuzz targets share: the judgement, an input that is drawn from, and memory that ends where it says.
 *
 * A target is LLVMFuzzerTestOneInput: libFuzzer calls it, AFL++ does, and replay.c does with the files of a corpus.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "engine/core/poison.h"
#include "proto/base/span.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void check(bool holds)
{
	if (!holds)
		abort();
}

/* Bytes that decide; zeros when they are used up. */
struct fuzz_input {
	const uint8_t *at, *end;
};

static inline struct fuzz_input fuzz_input_of(const uint8_t *bytes, size_t size)
{
	return (struct fuzz_input){ bytes, bytes + size };
}

static inline size_t fuzz_left(const struct fuzz_input *input)
{
	return (size_t)(input->end - input->at);
}

static inline uint32_t fuzz_byte(struct fuzz_input *input)
{
	return input->at < input->end ? *input->at++ : 0;
}

/* Below bound, by as few bytes as will do. */
static inline uint32_t fuzz_below(struct fuzz_input *input, uint32_t bound)
{
	uint32_t drawn = 0;

	for (uint64_t reach = 1; reach < bound; reach <<= 8)
		drawn = drawn << 8 | fuzz_byte(input);
	return bound > 1 ? drawn % bound : 0;
}

/* Up to `most` of what is left. */
static inline struct span fuzz_take(struct fuzz_input *input, size_t most)
{
	const size_t size = fuzz_left(input) < most ? fuzz_left(input) : most;
	const struct span taken = span_of(input->at, size);

	input->at += size;
	return taken;
}

/* A copy whose ends are exact, without an allocation an input. One of these holds one copy at a time. With
 * AddressSanitizer it starts at 64 bytes and both ends are known; in a build without (make fuzz-fast) it ends where the
 * page behind it may not be touched. */
#define FUZZ_EXACT_MAX 65536

#ifdef POISON_ON
struct fuzz_exact {
	_Alignas(64) uint8_t before[64];
	uint8_t bytes[FUZZ_EXACT_MAX + 64];
	size_t reach; /* bytes[0..reach) are as the last copy left them; poisoned behind it */
};

/* The same copy, with as many bytes as it is to have now: what it had stays. */
static inline uint8_t *fuzz_exact_resize(struct fuzz_exact *exact, size_t size)
{
	check(size <= FUZZ_EXACT_MAX);
	if (exact->reach == 0) {
		POISON(exact->before, sizeof(exact->before));
		POISON(exact->bytes, sizeof(exact->bytes));
	}
	UNPOISON(exact->bytes, size);
	/* From `size` on to the end of the older copy; the rest is poisoned since the first time. */
	POISON(exact->bytes + size, (exact->reach > size ? exact->reach - size : 0) + 8);
	exact->reach = size + 1;
	return exact->bytes;
}

static inline uint8_t *fuzz_exact(struct fuzz_exact *exact, const uint8_t *bytes, size_t size)
{
	uint8_t *const copy = fuzz_exact_resize(exact, size);

	if (size > 0)
		memcpy(copy, bytes, size);
	return copy;
}
#else
struct fuzz_exact {
	uint8_t *end; /* of the copy: the next page is nobody's */
	size_t size;
};

static inline uint8_t *fuzz_exact_resize(struct fuzz_exact *exact, size_t size)
{
	const size_t stays = exact->size < size ? exact->size : size;

	check(size <= FUZZ_EXACT_MAX);
	if (!exact->end) {
		uint8_t *const pages = mmap(NULL, FUZZ_EXACT_MAX + 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		check(pages != MAP_FAILED && mprotect(pages, FUZZ_EXACT_MAX, PROT_READ | PROT_WRITE) == 0);
		exact->end = pages + FUZZ_EXACT_MAX;
	}
	memmove(exact->end - size, exact->end - exact->size, stays);
	exact->size = size;
	return exact->end - size;
}

static inline uint8_t *fuzz_exact(struct fuzz_exact *exact, const uint8_t *bytes, size_t size)
{
	exact->size = 0;

	uint8_t *const copy = fuzz_exact_resize(exact, size);

	if (size > 0)
		memcpy(copy, bytes, size);
	return copy;
}
#endif

#endif
