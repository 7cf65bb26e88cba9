/* board.h - what one thread says to all others: the newest whole words of it, read without stopping anybody.
 *
 * One thread writes; a reader that comes in the middle of it reads in vain, and again later. All is in atomic words, so
 * no reader sees a torn one.
 */
#ifndef CORE_BOARD_H
#define CORE_BOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BOARD_SIZE 4096 /* bytes */

struct board {
	uint64_t version; /* odd: it is being written; 0: nothing was */
	uint64_t words[BOARD_SIZE / 8];
};

/* size: a multiple of 8, at most BOARD_SIZE, always the same. */
void board_write(struct board *board, const void *from, size_t size);

/* False: nothing was written yet, or it is being written; then `to` has no meaning. */
bool board_read(const struct board *board, void *to, size_t size);

#endif
