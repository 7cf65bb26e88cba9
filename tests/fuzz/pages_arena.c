/* pages_arena.c - pages.h out of one piece of address space, for worlds that are opened a thousand times a second: what
 * was given back becomes empty, all at once, when the last is. What finds no room there comes from the kernel.
 */
#include "engine/core/pages.h"

#include <stdint.h>
#include <sys/mman.h>

#include "tests/fuzz/fuzz.h"

#define ARENA_SIZE ((size_t)1 << 32)
#define PAGE 4096

static uint8_t *arena;
static size_t used;
static uint64_t out; /* that are of the arena and not given back */

static void *map(size_t size)
{
	void *pages = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return pages == MAP_FAILED ? NULL : pages;
}

void *pages_reserve(size_t size)
{
	const size_t whole = (size + PAGE - 1) & ~(size_t)(PAGE - 1);

	if (!arena)
		check((arena = map(ARENA_SIZE)) != NULL);
	if (whole > ARENA_SIZE - used)
		return map(size);
	used += whole;
	out++;
	return arena + used - whole;
}

void pages_release(void *pages, size_t size)
{
	uint8_t *const bytes = pages;

	if (!bytes)
		return;
	if (bytes < arena || bytes >= arena + ARENA_SIZE) {
		munmap(pages, size);
		return;
	}
	if (--out > 0)
		return;
	check(madvise(arena, used, MADV_DONTNEED) == 0);
	used = 0;
}
