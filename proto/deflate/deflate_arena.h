/* deflate_arena.h - zlib's allocations out of memory that the caller gave.
 *
 * Nothing is given back: zlib allocates when it is made, and inflate its window
 * once more. What does not fit is refused, and zlib says so.
 */
#ifndef DEFLATE_ARENA_H
#define DEFLATE_ARENA_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#define DEFLATE_ARENA_ALIGN 16

struct deflate_arena {
	uint8_t *bytes;
	size_t size;
	size_t used;
};

/* Of memory[0..size), what is behind the first `head` bytes. */
static inline struct deflate_arena deflate_arena_behind(void *memory, size_t size, size_t head)
{
	const size_t start = (head + DEFLATE_ARENA_ALIGN - 1) / DEFLATE_ARENA_ALIGN * DEFLATE_ARENA_ALIGN;

	assert((uintptr_t)memory % DEFLATE_ARENA_ALIGN == 0 && start <= size);
	return (struct deflate_arena){ .bytes = (uint8_t *)memory + start, .size = size - start };
}

/* zlib's alloc_func and free_func. */
static inline void *deflate_arena_take(void *opaque, unsigned int items, unsigned int item_size)
{
	struct deflate_arena *const arena = opaque;
	const size_t size = (size_t)items * item_size;
	const size_t whole = (size + DEFLATE_ARENA_ALIGN - 1) / DEFLATE_ARENA_ALIGN * DEFLATE_ARENA_ALIGN;

	if (whole > arena->size - arena->used)
		return NULL;
	void *const taken = arena->bytes + arena->used;

	arena->used += whole;
	return taken;
}

static inline void deflate_arena_drop(void *opaque, void *bytes)
{
	(void)opaque;
	(void)bytes;
}

#endif
