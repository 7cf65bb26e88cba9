/* arena.h - bytes on their way out, written once and shared by all who are sent them.
 *
 * A block is filled from front to back and lives while a run or a send refers to it. A run is contiguous bytes
 * that grow until they are sent: all of a turn's messages to one room, so that a member is sent them at once.
 */
#ifndef FLOOR_ARENA_H
#define FLOOR_ARENA_H

#include <stddef.h>
#include <stdint.h>

struct arena_block {
	uint32_t refs, size, used;
	struct arena_block *next; /* while it is free */
	uint8_t bytes[];
};

/* Holds its block. Zero is empty. */
struct arena_run {
	struct arena_block *block;
	uint8_t *bytes;
	uint32_t size;
};

struct arena {
	struct arena_block *now; /* what is being filled, held once */
	struct arena_block *free;
};

/* Gives size bytes at the run's end to be written. What was there may move. */
uint8_t *arena_extend(struct arena *arena, struct arena_run *run, uint32_t size);

void arena_drop(struct arena *arena, struct arena_block *block);

/* Between turns: begins anew in the same bytes, which the caches still have, if nobody reads them. */
void arena_turn(struct arena *arena);

#endif
