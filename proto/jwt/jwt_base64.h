/* jwt_base64.h - base64url as tokens have it: without padding, and in one spelling alone (RFC 4648, 5; RFC 7515, 2).
 *
 * Pure. What two readers might take for the same bytes is refused: padding, blanks, the other alphabet's letters, and
 * bits behind the last byte that are not zero.
 */
#ifndef JWT_BASE64_H
#define JWT_BASE64_H

#include "proto/base/span.h"

/* Bytes that so many letters stand for. */
static inline size_t jwt_base64_bytes(size_t letters)
{
	return letters / 4 * 3 + letters % 4 * 3 / 4;
}

/* Writes jwt_base64_bytes(text.size) bytes to out. Returns whether the text is right; if not, out is not to be used. */
bool jwt_base64_decode(uint8_t *out, struct span text);

#endif
