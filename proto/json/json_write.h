/* json_write.h - the pieces of JSON text, written one behind the other into the caller's buffer.
 *
 * Pure. Each function writes at `at` and returns where it stopped. None knows
 * where the buffer ends: the caller has summed the bounds given here.
 */
#ifndef JSON_WRITE_H
#define JSON_WRITE_H

#include "proto/base/span.h"

#define JSON_U64_SIZE_MAX 20

/* The most that json_write_string writes: a quote on both sides, and every byte as \u00XX. */
static inline size_t json_string_bound(size_t size)
{
	return 2 + 6 * size;
}

/* Copies bytes as they are. Most are few, where a call of memcpy costs more
 * than the copy: two moves that overlap in the middle reach every size. */
static inline uint8_t *json_write_raw(uint8_t *at, struct span text)
{
	if (text.size > 64) {
		memcpy(at, text.bytes, text.size);
	} else if (text.size >= 32) {
		memcpy(at, text.bytes, 32);
		memcpy(at + text.size - 32, text.bytes + text.size - 32, 32);
	} else if (text.size >= 16) {
		memcpy(at, text.bytes, 16);
		memcpy(at + text.size - 16, text.bytes + text.size - 16, 16);
	} else if (text.size >= 8) {
		memcpy(at, text.bytes, 8);
		memcpy(at + text.size - 8, text.bytes + text.size - 8, 8);
	} else if (text.size >= 4) {
		memcpy(at, text.bytes, 4);
		memcpy(at + text.size - 4, text.bytes + text.size - 4, 4);
	} else {
		for (size_t i = 0; i < text.size; i++)
			at[i] = text.bytes[i];
	}
	return at + text.size;
}

/* A string with its quotes: the quote, the backslash and U+0000 to U+001F are
 * escaped, all else passes as it is. */
uint8_t *json_write_string(uint8_t *at, struct span text);

/* In decimal, at most JSON_U64_SIZE_MAX bytes. */
uint8_t *json_write_u64(uint8_t *at, uint64_t value);

#endif
