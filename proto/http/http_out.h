/* http_out.h - append to bounded memory, and learn at the end whether all of it fitted.
 */
#ifndef HTTP_OUT_H
#define HTTP_OUT_H

#include "proto/base/span.h"

struct http_out {
	uint8_t *bytes; /* borrows */
	size_t capacity;
	size_t size;    /* of all that was put, also what did not fit */
};

static inline void http_out_bytes(struct http_out *out, const void *bytes, size_t size)
{
	if (size > 0 && out->size <= out->capacity && size <= out->capacity - out->size)
		memcpy(out->bytes + out->size, bytes, size);
	out->size += size;
}

static inline void http_out_text(struct http_out *out, const char *text)
{
	http_out_bytes(out, text, strlen(text));
}

static inline void http_out_number(struct http_out *out, uint64_t number)
{
	uint8_t digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (uint8_t)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	http_out_bytes(out, digits + at, sizeof(digits) - at);
}

/* The size of what was put, or 0 when it did not fit; then the bytes are of no use. */
static inline size_t http_out_finish(const struct http_out *out)
{
	return out->size <= out->capacity ? out->size : 0;
}

#endif
