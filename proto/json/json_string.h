/* json_string.h - the value of a token that json_scan has found.
 *
 * Pure. A token has been validated; here it is judged whether it is a value
 * that we take. What we only pass on is never judged so: a lone surrogate is
 * fine in data and refused in a name.
 */
#ifndef JSON_STRING_H
#define JSON_STRING_H

#include "proto/base/span.h"

#define JSON_INTEGER_MAX ((1ull << 53) - 1) /* what every JSON reader can hold exactly */

enum json_string_refusal {
	JSON_STRING_SURROGATE = 1, /* \ud800 to \udfff without its other half: no UTF-8 stands for it */
	JSON_STRING_ZERO,          /* \u0000 */
	JSON_STRING_ROOM,          /* more bytes than there is room for */
};

/* Takes the escapes out of a string token (with its quotes). *value borrows
 * the token where there are none, otherwise room[0..value->size), which must
 * not overlap the token. Never absent: an empty string has bytes.
 * Returns 1, or -(enum json_string_refusal). Without escapes any size is 1. */
int json_string(struct span *value, struct span token, uint8_t *room, size_t room_size);

/* Whether the string whose end is at json.bytes[at] is the name of a member: a colon follows. */
static inline bool json_is_name(struct span json, size_t at)
{
	while (at < json.size &&
	       (json.bytes[at] == ' ' || json.bytes[at] == '\t' || json.bytes[at] == '\n' || json.bytes[at] == '\r'))
		at++;
	return at < json.size && json.bytes[at] == ':';
}

/* Reads a number token that is an integer 0..JSON_INTEGER_MAX written without
 * sign, fraction and exponent. Returns whether it is one. */
bool json_integer(uint64_t *value, struct span token);

#endif
