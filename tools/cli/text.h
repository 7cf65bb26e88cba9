/* text.h - bytes that grow: what is being written, or waits to be sent.
 *
 * Zero is an empty one. Out of memory ends the process.
 */
#ifndef CLI_TEXT_H
#define CLI_TEXT_H

#include "proto/base/span.h"

struct text {
	uint8_t *bytes;
	size_t size;
	size_t capacity;
};

/* Makes room for `more` bytes behind what is there, and returns where they go. */
uint8_t *text_room(struct text *text, size_t more);

void text_put(struct text *text, struct span bytes);
void text_puts(struct text *text, const char *string);
void text_number(struct text *text, uint64_t number);

/* As a JSON string, with its quotes. */
void text_json(struct text *text, struct span value);

/* Takes the first `size` bytes off. */
void text_drop(struct text *text, size_t size);

/* Empty again; the memory stays. */
void text_clear(struct text *text);

/* Gives the memory back. */
void text_free(struct text *text);

static inline struct span text_span(const struct text *text)
{
	return span_of(text->bytes ? text->bytes : (const uint8_t *)"", text->size);
}

#endif
