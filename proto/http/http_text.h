/* http_text.h - the small words of HTTP: tokens, lists of them, and comparing without case (RFC 9110, 5.6).
 *
 * Pure; all spans borrow.
 */
#ifndef HTTP_TEXT_H
#define HTTP_TEXT_H

#include "proto/base/span.h"

/* One of the characters that a method or a field name is made of. */
bool http_is_token_char(uint8_t byte);

/* One character or more, all of them a token's. */
bool http_is_token(struct span text);

/* Without the spaces and tabs around. */
struct span http_trim(struct span text);

/* Equal but for the case of ASCII letters. Most names differ in size already: seen here, without a call. */
__attribute__((pure)) bool http_text_equal(const uint8_t *bytes, const char *word, size_t size);

static inline bool http_text_is(struct span text, const char *word)
{
	return text.size == strlen(word) && http_text_equal(text.bytes, word, text.size);
}

/* Takes the next element off a comma-separated list, trimmed, without its
 * parameters (;...), which go to *parameters when that is not NULL. Empty elements are
 * passed over. Returns SPAN_NONE at the end. */
struct span http_list_next(struct span *list, struct span *parameters);

/* True when a list such as Connection's or Accept-Encoding's has the token; one that is
 * there with a weight of zero ("gzip;q=0") is not. */
bool http_token_list_has(struct span value, const char *token);

#endif
