#include "proto/deflate/inflate.h"

#include <assert.h>
#include <limits.h>
#include <string.h>
#define ZLIB_CONST
#include <zlib.h>

#include "proto/deflate/deflate_arena.h"

#define WINDOW_BITS 15
#define WINDOW_SIZE ((size_t)1 << WINDOW_BITS)

#define BAD_PAYLOAD 1007
#define TOO_BIG 1009

/* What the sender cut off (7.2.2). */
static const uint8_t tail[4] = { 0x00, 0x00, 0xff, 0xff };

struct inflate {
	z_stream stream;
	struct deflate_arena arena;
	bool in_message;
	bool between_blocks; /* what the last call read ended a block, to the bit */
	uint8_t over; /* the first byte past a limit: where it has to be put */
};

struct inflate *inflate_make(void *memory, size_t size)
{
	struct inflate *const self = memory;

	*self = (struct inflate){ .arena = deflate_arena_behind(memory, size, sizeof(*self)) };
	self->stream.zalloc = deflate_arena_take;
	self->stream.zfree = deflate_arena_drop;
	self->stream.opaque = &self->arena;
	/* The window comes with the first message: seen now whether it will fit. */
	if (inflateInit2(&self->stream, -WINDOW_BITS) != Z_OK || self->arena.size - self->arena.used < WINDOW_SIZE)
		return NULL;
	return self;
}

void inflate_begin(struct inflate *self, const uint8_t *history, size_t size)
{
	const size_t count = size < WINDOW_SIZE ? size : WINDOW_SIZE;
	int result = inflateReset(&self->stream);

	assert(result == Z_OK);
	if (count > 0)
		result = inflateSetDictionary(&self->stream, history + (size - count), (unsigned int)count);
	assert(result == Z_OK);
	self->in_message = true;
}

/* One call of zlib's. Returns its result; what came out is in out or, when that is full, in `over`. */
static int step(struct inflate *self, struct inflate_out *out)
{
	z_stream *const stream = &self->stream;
	const size_t room = out->capacity - out->size;

	stream->next_out = room > 0 ? out->bytes + out->size : &self->over;
	stream->avail_out = room > 0 ? (unsigned int)room : 1;
	const int result = inflate(stream, Z_SYNC_FLUSH);

	assert(result != Z_MEM_ERROR && result != Z_STREAM_ERROR);
	if (room > 0)
		out->size += room - stream->avail_out;
	/* zlib.h: 128 between blocks, and the low bits it holds of a byte; not of a call with nothing to do. */
	if (result != Z_BUF_ERROR)
		self->between_blocks = (stream->data_type & (128 | 63)) == 128;
	return result;
}

/* Inflates all of bytes[0..size). Returns 0 or -(close code). */
static int run(struct inflate *self, struct inflate_out *out, const uint8_t *bytes, size_t size)
{
	z_stream *const stream = &self->stream;

	stream->next_in = bytes;
	stream->avail_in = (unsigned int)size;
	for (;;) {
		const bool full = out->size == out->capacity;
		const int result = step(self, out);

		if (full && stream->avail_out == 0)
			return -TOO_BIG;
		/* A block may say that it is the last; others follow all the same, with the same window (7.2.3.4). */
		if (result == Z_STREAM_END)
			inflateResetKeep(stream);
		else if (result != Z_OK && !(result == Z_BUF_ERROR && stream->avail_in == 0))
			return -BAD_PAYLOAD;
		/* Where the room is full it may hold back what came with the last byte: that is over the limit. */
		if (stream->avail_in == 0 && (full || stream->avail_out > 0))
			return 0;
	}
}

int inflate_feed(struct inflate *self, struct inflate_out *out, const uint8_t *bytes, size_t size, bool last)
{
	int result = 0;

	assert(self->in_message && out->size <= out->capacity);
	assert(size <= INT_MAX && out->capacity <= INT_MAX);
	if (size > 0)
		result = run(self, out, bytes, size);
	if (result == 0 && last)
		result = run(self, out, tail, sizeof(tail));
	if (result == 0 && last)
		result = self->between_blocks ? 1 : -BAD_PAYLOAD;
	self->in_message = result == 0;
	return result;
}

size_t inflate_remember(uint8_t *history, size_t held, size_t capacity, const uint8_t *message, size_t size)
{
	assert(held <= capacity);
	if (size >= capacity) {
		memcpy(history, message + (size - capacity), capacity);
		return capacity;
	}
	const size_t kept = held < capacity - size ? held : capacity - size;

	memmove(history, history + (held - kept), kept);
	if (size > 0)
		memcpy(history + kept, message, size);
	return kept + size;
}
