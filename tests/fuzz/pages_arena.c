/* pages_arena.c - pages.h for worlds that are opened a thousand times a second: what was given back is wiped and taken
 * again, for asking the kernel for each page anew costs more than all that is written to it.
 */
#include "engine/core/pages.h"

#include <sys/mman.h>

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
	const size_t whole = (size_t)1 << class;

	if (!pages)
		return;
	memset(pages, 0, size <= WIPED_MAX ? size : WIPED_FIRST);
	if (size > WIPED_MAX)
		check(madvise((uint8_t *)pages + WIPED_FIRST, whole - WIPED_FIRST, MADV_DONTNEED) == 0);
	if (kept[class].count < FREE_MAX)
		kept[class].pages[kept[class].count++] = pages;
	else
		munmap(pages, whole);
}
