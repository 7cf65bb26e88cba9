#include "tools/load/frames.h"

#include "engine/core/hash.h"
#include "engine/core/pages.h"

bool frames_open(struct frames *frames, size_t frame_size)
{
	const size_t size = frame_size < FRAMES_SIZE_MAX ? frame_size : FRAMES_SIZE_MAX;

	frames->stride = (sizeof(struct frame) + size + 63) & ~(size_t)63;
	frames->slots = pages_reserve(FRAMES_SLOTS * frames->stride);
	return frames->slots;
}

void frames_close(struct frames *frames)
{
	pages_release(frames->slots, FRAMES_SLOTS * frames->stride);
}

uint32_t frames_slot(const uint8_t *bytes, size_t size)
{
	return (uint32_t)(hash_bytes(bytes, size, 0) % FRAMES_SLOTS);
}

struct frame *frames_keep(struct frames *frames, uint32_t slot, const uint8_t *bytes, size_t size,
			  const struct payload *payload, uint64_t position)
{
	struct frame *frame = frames_at(frames, slot);

	if (size > frames->stride - sizeof(*frame))
		return NULL;
	frame->size = (uint32_t)size;
	frame->payload = *payload;
	frame->position = position;
	frame->packed = frame->inflated = 0;
	memcpy(frame->bytes, bytes, size);
	return frame;
}
