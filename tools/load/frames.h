/* frames.h - frames that have been verified, so that a thousand receivers of one message cost one verification.
 *
 * A place is found by the hash of the bytes, or guessed: what followed a frame at one receiver mostly follows it at the
 * next. Either way the bytes are compared, so a place that was taken over by another frame does no harm.
 */
#ifndef LOAD_FRAMES_H
#define LOAD_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "tools/load/payload.h"

#define FRAMES_SLOTS 1024
#define FRAMES_SIZE_MAX 16384

struct frame {
	uint32_t size; /* 0: none; of the bytes as received, framing included */
	uint16_t next; /* the slot that followed */
	uint32_t packed, inflated; /* a compressed one: bytes of its payload as they came, and inflated; else 0 */
	struct payload payload;
	uint64_t position; /* in the room, where the server names one and it is wanted */
	uint8_t bytes[];
};

struct frames {
	uint8_t *slots;
	size_t stride;
};

bool frames_open(struct frames *frames, size_t frame_size); /* the largest to be kept; false: no memory */
void frames_close(struct frames *frames);

static inline struct frame *frames_at(const struct frames *frames, uint32_t slot)
{
	return (struct frame *)(frames->slots + slot * frames->stride);
}

static inline bool frame_begins(const struct frame *frame, const uint8_t *bytes, size_t size)
{
	return frame->size - 1u < size && memcmp(frame->bytes, bytes, frame->size) == 0;
}

uint32_t frames_slot(const uint8_t *bytes, size_t size);

/* Keeps one that was verified, unless it is too large: then NULL. */
struct frame *frames_keep(struct frames *frames, uint32_t slot, const uint8_t *bytes, size_t size,
			  const struct payload *payload, uint64_t position);

#endif
