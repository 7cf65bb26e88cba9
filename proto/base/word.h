/* word.h - words of a text that somebody wrote into an option: cut at blanks, tabs and line ends, and shown again.
 */
#ifndef BASE_WORD_H
#define BASE_WORD_H

#include "proto/base/span.h"

static inline bool word_is_blank(uint8_t byte)
{
	return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

/* Cuts the next word off; size 0: there is none. Borrows the text. */
static inline struct span word_take(struct span *text)
{
	size_t from = 0, to;

	if (text->size == 0) /* and no text at all has no address to count from */
		return *text;
	while (from < text->size && word_is_blank(text->bytes[from]))
		from++;
	for (to = from; to < text->size && !word_is_blank(text->bytes[to]); to++)
		;
	const struct span word = span_of(text->bytes + from, to - from);

	*text = span_of(text->bytes + to, text->size - to);
	return word;
}

#define WORD_SHOWN_MAX 64

/* A word for one line that says what is wrong with it: its beginning, and `?` for what would end or colour the line. */
const char *word_shown(struct span word, char out[WORD_SHOWN_MAX + 4]);

#endif
