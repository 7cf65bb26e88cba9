/* utf8.h - is this UTF-8 (RFC 3629), said at the first byte that is wrong.
 *
 * Pure. Text may come in pieces, cut anywhere, also within a character: the
 * state holds what the next byte may be. Overlong forms, surrogates and code
 * points above U+10FFFF are refused at the earliest byte that tells.
 */
#ifndef UTF8_H
#define UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zero is the start of a text, and again the end of every character. */
struct utf8_state {
	uint8_t needed; /* continuation bytes that the character still lacks */
	uint8_t low;    /* what the next one may be, while needed > 0 */
	uint8_t high;
};

/* Goes on with bytes[0..size), which it borrows. Returns 1 when all is well so
 * far, or -1007 (the WebSocket close code); then the state is of no more use. */
int utf8_feed(struct utf8_state *state, const uint8_t *bytes, size_t size);

/* True when the text may end here: not within a character. */
static inline bool utf8_complete(const struct utf8_state *state)
{
	return state->needed == 0;
}

/* A whole text at once. */
bool utf8_valid(const uint8_t *bytes, size_t size);

/* The plain twin of utf8_feed: its oracle in tests and its floor in benches. */
int utf8_feed_scalar(struct utf8_state *state, const uint8_t *bytes, size_t size);

#endif
