/* pages_arena.c - pages.h for worlds that are opened a thousand times a second: what was given back is wiped and taken
 * again, for asking the kernel for each page anew costs more than all that is written to it.
 */
#include "tests/fuzz/pages_arena.h"

#include <sys/mman.h>

#include "engine/core/pages.h"
#include "tests/fuzz/fuzz.h"

#define PAGE 4096
#define WIPED_MAX 65536 /* what is larger goes back to the kernel behind its first pages, */
#define WIPED_FIRST 8192 /* which are these */
#define CLASSES 40
#define FREE_MAX 1024

static struct {
	void *pages[FREE_MAX];
	uint32_t count;
} kept[CLASSES]; /* by the power of two that their size is */

static struct {
	const void *pages;
	size_t size;
} written;

void pages_arena_written(const void *pages, size_t size)
{
	written.pages = pages;
	written.size = size;
}

static void wipe(uint8_t *pages, size_t size)
{
	memset(pages, 0, size <= WIPED_MAX ? size : WIPED_FIRST);
	if (size > WIPED_MAX)
		check(madvise(pages + WIPED_FIRST, ((size + PAGE - 1) & ~(size_t)(PAGE - 1)) - WIPED_FIRST,
			      MADV_DONTNEED) == 0);
}

static int class_of(size_t size)
{
	int class = 12;

	while (((size_t)1 << class) < size)
		class ++;
	check(class < CLASSES);
	return class;
}

void *pages_reserve(size_t size)
{
	const int class = class_of(size);

	if (kept[class].count > 0)
		return kept[class].pages[--kept[class].count];
	void *const pages = mmap(NULL, (size_t)1 << class, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return pages == MAP_FAILED ? NULL : pages;
}

void pages_release(void *pages, size_t size)
{
	const int class = class_of(size);

	if (!pages)
		return;
	wipe(pages, written.pages == pages && written.size < size ? written.size : size);
	written.pages = NULL;
	if (kept[class].count < FREE_MAX)
		kept[class].pages[kept[class].count++] = pages;
	else
		munmap(pages, (size_t)1 << class);
}
