#include "tools/cli/text.h"

#include <stdio.h>
#include <stdlib.h>

#include "proto/json/json_write.h"

uint8_t *text_room(struct text *text, size_t more)
{
	if (text->capacity - text->size < more) {
		size_t capacity = text->capacity ? text->capacity : 256;

		while (capacity - text->size < more)
			capacity *= 2;
		text->bytes = realloc(text->bytes, capacity);
		if (!text->bytes) {
			fputs("uproar-cli: out of memory\n", stderr);
			abort();
		}
		text->capacity = capacity;
	}
	return text->bytes + text->size;
}

void text_put(struct text *text, struct span bytes)
{
	if (bytes.size == 0)
		return;
	memcpy(text_room(text, bytes.size), bytes.bytes, bytes.size);
	text->size += bytes.size;
}

void text_puts(struct text *text, const char *string)
{
	text_put(text, span_of(string, strlen(string)));
}

void text_number(struct text *text, uint64_t number)
{
	uint8_t *const at = text_room(text, JSON_U64_SIZE_MAX);

	text->size += (size_t)(json_write_u64(at, number) - at);
}

void text_json(struct text *text, struct span value)
{
	uint8_t *const at = text_room(text, json_string_bound(value.size));

	text->size += (size_t)(json_write_string(at, value) - at);
}

void text_drop(struct text *text, size_t size)
{
	text->size -= size;
	if (text->size > 0)
		memmove(text->bytes, text->bytes + size, text->size);
}

void text_clear(struct text *text)
{
	text->size = 0;
}

void text_free(struct text *text)
{
	free(text->bytes);
	*text = (struct text){ 0 };
}
