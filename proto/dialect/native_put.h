/* native_put.h - the strokes that the native protocol's writers share: a label, then its value.
 *
 * Each writes at `at` and returns where it stopped; see json_write.h. A label
 * is a literal such as `,"seq":`, so that its copy is inlined.
 */
#ifndef DIALECT_NATIVE_PUT_H
#define DIALECT_NATIVE_PUT_H

#include "proto/json/json_write.h"

/* The longest integer, for writing down the longest form of a text in full. */
#define INTEGER_LONGEST "18446744073709551615"

_Static_assert(sizeof(INTEGER_LONGEST) - 1 == JSON_U64_SIZE_MAX, "a bound counts every digit");

static inline __attribute__((always_inline)) uint8_t *put(uint8_t *at, struct span literal)
{
	memcpy(at, literal.bytes, literal.size);
	return at + literal.size;
}

static inline __attribute__((always_inline)) uint8_t *put_integer(uint8_t *at, struct span label, uint64_t value)
{
	return json_write_u64(put(at, label), value);
}

static inline __attribute__((always_inline)) uint8_t *put_string(uint8_t *at, struct span label, struct span value)
{
	return json_write_string(put(at, label), value);
}

/* For what our own grammar has let through, room and epoch: nothing in it is ever escaped. */
static inline __attribute__((always_inline)) uint8_t *put_word(uint8_t *at, struct span label, struct span value)
{
	at = json_write_raw(put(at, label), value);
	*at++ = '"';
	return at;
}

/* The members of an object that we wrote ourselves, behind others, and the end of both. What is no object has none. */
static inline uint8_t *put_members(uint8_t *at, struct span object)
{
	if (object.size <= 2 || object.bytes[0] != '{' || object.bytes[object.size - 1] != '}')
		return put(at, SPAN("}"));
	return json_write_raw(put(at, SPAN(",")), span_of(object.bytes + 1, object.size - 1));
}

#endif
