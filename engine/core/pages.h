/* pages.h - address space that costs memory only where it is touched.
 */
#ifndef CORE_PAGES_H
#define CORE_PAGES_H

#include <stddef.h>

/* Gives zeroed bytes, or NULL. */
void *pages_reserve(size_t size);
void pages_release(void *pages, size_t size);

#endif
