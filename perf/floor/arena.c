#include "perf/floor/arena.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_SIZE (256 * 1024)

static struct arena_block *take(struct arena *arena, uint32_t size)
{
	struct arena_block *block = size <= BLOCK_SIZE ? arena->free : NULL;

	if (block) {
		arena->free = block->next;
	} else {
		block = malloc(sizeof(*block) + (size > BLOCK_SIZE ? size : BLOCK_SIZE));
		assert(block);
		block->size = size > BLOCK_SIZE ? size : BLOCK_SIZE;
	}
	block->refs = 1;
	block->used = 0;
	return block;
}

void arena_drop(struct arena *arena, struct arena_block *block)
{
	assert(block->refs > 0);
	if (--block->refs > 0)
		return;
	if (block->size != BLOCK_SIZE) {
		free(block);
		return;
	}
	block->next = arena->free;
	arena->free = block;
}

static void move(struct arena *arena, struct arena_run *run, uint32_t size)
{
	struct arena_block *now = arena->now;

	if (!now || now->size - now->used < run->size + size) {
		if (now)
			arena_drop(arena, now);
		now = arena->now = take(arena, run->size + size);
	}
	uint8_t *to = now->bytes + now->used;

	if (run->size > 0)
		memcpy(to, run->bytes, run->size);
	now->used += run->size;
	now->refs++;
	if (run->block)
		arena_drop(arena, run->block);
	run->block = now;
	run->bytes = to;
}

uint8_t *arena_extend(struct arena *arena, struct arena_run *run, uint32_t size)
{
	struct arena_block *block = run->block;

	if (!block || run->bytes + run->size != block->bytes + block->used || block->size - block->used < size) {
		move(arena, run, size);
		block = run->block;
	}
	uint8_t *at = run->bytes + run->size;

	block->used += size;
	run->size += size;
	return at;
}

void arena_turn(struct arena *arena)
{
	if (arena->now && arena->now->refs == 1)
		arena->now->used = 0;
}
