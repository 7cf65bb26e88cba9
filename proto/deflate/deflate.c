#include "proto/deflate/deflate.h"

#include <assert.h>
#include <limits.h>
#define ZLIB_CONST
#include <zlib.h>

#include "proto/deflate/deflate_arena.h"

/* What a flush ends with, and a payload of permessage-deflate does not (7.2.1). */
#define TAIL_SIZE 4

/* zlib's own record of a stream: 6,000 bytes, and air. */
#define STATE_SIZE 8192

struct deflate {
	z_stream stream;
	struct deflate_arena arena;
	bool used; /* there is a context that would have to be forgotten */
};

size_t deflate_size(unsigned int bits, unsigned int mem_level)
{
	assert(bits >= DEFLATE_BITS_MIN && bits <= DEFLATE_BITS_MAX);
	assert(mem_level >= 1 && mem_level <= DEFLATE_MEM_LEVEL_MAX);
	/* zconf.h: the window twice and a chain a byte of it; heads of chains, and symbols, 4 or 5 bytes each. */
	return STATE_SIZE + ((size_t)4 << bits) + ((size_t)9 << (mem_level + 6));
}

struct deflate *deflate_make(void *memory, size_t size, unsigned int bits, unsigned int level, unsigned int mem_level)
{
	struct deflate *const self = memory;

	assert(bits >= DEFLATE_BITS_MIN && bits <= DEFLATE_BITS_MAX);
	assert(level <= DEFLATE_LEVEL_MAX && mem_level >= 1 && mem_level <= DEFLATE_MEM_LEVEL_MAX);
	*self = (struct deflate){ .arena = deflate_arena_behind(memory, size, sizeof(*self)) };
	self->stream.zalloc = deflate_arena_take;
	self->stream.zfree = deflate_arena_drop;
	self->stream.opaque = &self->arena;
	if (deflateInit2(&self->stream, (int)level, Z_DEFLATED, -(int)bits, (int)mem_level, Z_DEFAULT_STRATEGY) != Z_OK)
		return NULL;
	return self;
}

static void forget(struct deflate *self)
{
	const int result = deflateReset(&self->stream);

	assert(result == Z_OK);
	(void)result;
	self->used = false;
}

size_t deflate_message(struct deflate *self, uint8_t *out, size_t limit, const uint8_t *bytes, size_t size, bool keep)
{
	z_stream *const stream = &self->stream;

	assert(size <= INT_MAX && limit <= INT_MAX - DEFLATE_ROOM);
	if (self->used && !keep)
		forget(self);
	if (size == 0) {
		/* zlib would say nothing when it has just been flushed. */
		if (limit > 0)
			out[0] = 0;
		return limit > 0;
	}
	stream->next_in = bytes;
	stream->avail_in = (unsigned int)size;
	stream->next_out = out;
	stream->avail_out = (unsigned int)(limit + DEFLATE_ROOM);
	self->used = true;
	const int result = deflate(stream, Z_SYNC_FLUSH);

	assert(result == Z_OK);
	(void)result;
	/* With room left everything is out, the tail too. */
	if (stream->avail_out == 0) {
		forget(self);
		return 0;
	}
	const size_t payload = limit + DEFLATE_ROOM - stream->avail_out - TAIL_SIZE;

	assert(stream->avail_in == 0 && payload > 0 && payload <= limit);
	return payload;
}
