/* words.h - the words in the strings of a JSON value, and whether those of a query are among them.
 *
 * A word is a run of ASCII letters, digits and bytes of UTF-8 beyond ASCII that does not begin with a combining mark,
 * escapes taken out; capitals of ASCII count as small. Names of members are not looked at.
 */
#ifndef STORE_WORDS_H
#define STORE_WORDS_H

#include "proto/base/span.h"

#define WORDS_MAX 16 /* in a query; further ones are not looked for */

/* Whether a combining mark is at `at`, of two bytes (U+0300 to U+036F): it goes on a word and begins none. */
static inline bool words_mark_at(struct span text, size_t at)
{
	return at + 1 < text.size && (text.bytes[at] == 0xcc || (text.bytes[at] == 0xcd && text.bytes[at + 1] < 0xb0));
}

/* Whether the query has a word at all. */
bool words_any(struct span query);

/* Whether each word of the query is a whole word of some string in the value, which must be one JSON value. */
bool words_match(struct span query, struct span json);

/* The next string of the value, its token with the quotes, from *at on, which moves behind it; absent at the end. */
struct span words_string(struct span json, size_t *at);

#endif
