/* pages_arena.h - what the pages of worlds before (pages_arena.c) may be told.
 */
#ifndef PAGES_ARENA_H
#define PAGES_ARENA_H

#include <stddef.h>

/* Of these pages, which are released next, nobody wrote behind the first `size` bytes: no more has to be wiped. */
void pages_arena_written(const void *pages, size_t size);

#endif
