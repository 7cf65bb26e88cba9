/* postgres_words.h - the words of a message and of a search, for an index that knows words alone.
 *
 * A word is a run of letters, digits and the marks behind them, in lower case; what does not fit WORD_SIZE_MAX bytes of
 * it is left out. So what is found does not depend on the language that the database was made with.
 */
#ifndef STORE_POSTGRES_WORDS_H
#define STORE_POSTGRES_WORDS_H

#include "proto/base/span.h"

#define POSTGRES_WORD_SIZE_MAX 512

/* Bytes that the words of a text of `size` bytes never exceed. */
static inline size_t postgres_words_bound(size_t size)
{
	return size * 2 + 4;
}

/* Writes the words of all strings in a JSON value (but the keys of objects) to `out`, a space before each, and gives
 * how many bytes that are. The value is one (proto/json); of anything else something is written, within the bound. */
size_t postgres_words_of_json(uint8_t *out, struct span value);

/* Writes a tsquery for what has all words of the text; 0: there are none. At most 6 bytes a word are added:
 * postgres_query_bound(). */
static inline size_t postgres_query_bound(size_t size)
{
	return size * 5 + 8;
}
size_t postgres_words_of_query(uint8_t *out, struct span text);

#endif
