#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "tools/load/frames.h"

static struct frames frames;
static const struct payload payload = { .producer = 1, .number = 2, .room = 3, .intended_ns = 4 };

static void open_frames(void)
{
	cr_assert(frames_open(&frames, 100));
}

static void close_frames(void)
{
	frames_close(&frames);
}

TestSuite(frames, .init = open_frames, .fini = close_frames);

/* Copied to its exact size, so that a byte read too much is seen. */
static uint8_t *exact(const char *text, size_t size)
{
	uint8_t *const bytes = malloc(size);

	cr_assert_not_null(bytes);
	memcpy(bytes, text, size);
	return bytes;
}

Test(frames, an_empty_place_is_the_beginning_of_nothing)
{
	uint8_t *const bytes = exact("x", 1);

	for (uint32_t slot = 0; slot < FRAMES_SLOTS; slot++) {
		cr_assert_not(frame_begins(frames_at(&frames, slot), bytes, 1));
		cr_assert_not(frame_begins(frames_at(&frames, slot), bytes, 0));
	}
	free(bytes);
}

Test(frames, one_that_is_kept_is_found_at_the_front_of_more)
{
	uint8_t *const whole = exact("hello", 5), *const more = exact("hello, you", 10), *const less = exact("hell", 4),
		       *const other = exact("hallo", 5);
	const uint32_t slot = frames_slot(whole, 5);

	frames_keep(&frames, slot, whole, 5, &payload, 77);

	const struct frame *const frame = frames_at(&frames, slot);

	cr_assert(frame_begins(frame, whole, 5));
	cr_assert(frame_begins(frame, more, 10));
	cr_assert_not(frame_begins(frame, less, 4), "not all there");
	cr_assert_not(frame_begins(frame, other, 5));
	cr_assert_eq(frame->payload.number, 2);
	cr_assert_eq(frame->position, 77);
	frames_at(&frames, slot)->packed = frames_at(&frames, slot)->inflated = 9;
	cr_assert_eq(frames_keep(&frames, slot, other, 5, &payload, 78), frame);
	cr_assert_eq(frame->packed + frame->inflated, 0, "what was said of the other goes with it");
	cr_assert_not(frame_begins(frame, whole, 5), "its place was taken over");
	free(whole);
	free(more);
	free(less);
	free(other);
}

Test(frames, one_that_is_too_large_is_not_kept)
{
	const size_t most = frames.stride - sizeof(struct frame);
	uint8_t *const bytes = calloc(1, most + 1);

	cr_assert_geq(most, 100);
	cr_assert_null(frames_keep(&frames, 5, bytes, most + 1, &payload, 0));
	cr_assert_eq(frames_at(&frames, 5)->size, 0);
	frames_keep(&frames, FRAMES_SLOTS - 1, bytes, most, &payload, 0);
	cr_assert(frame_begins(frames_at(&frames, FRAMES_SLOTS - 1), bytes, most));
	free(bytes);
}
