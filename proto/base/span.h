/* span.h - a run of bytes that somebody else owns.
 *
 * Passed by value. It borrows: valid as long as the memory it was cut from.
 * An absent value is bytes == NULL; an empty one has size 0 and bytes != NULL.
 */
#ifndef SPAN_H
#define SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct span {
	const uint8_t *bytes;
	size_t size;
};

#define SPAN_NONE ((struct span){ NULL, 0 })

/* A span over a string literal, without its terminating zero. */
#define SPAN(literal) ((struct span){ (const uint8_t *)("" literal), sizeof(literal) - 1 })

static inline struct span span_of(const void *bytes, size_t size)
{
	return (struct span){ bytes, size };
}

static inline bool span_equal(struct span a, struct span b)
{
	return a.size == b.size && (a.size == 0 || memcmp(a.bytes, b.bytes, a.size) == 0);
}

static inline bool span_begins(struct span text, struct span with)
{
	return text.size >= with.size && (with.size == 0 || memcmp(text.bytes, with.bytes, with.size) == 0);
}

#endif
