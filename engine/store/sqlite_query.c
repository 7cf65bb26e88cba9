#include "engine/store/sqlite_query.h"

#include "engine/store/words.h"

/* What the tokenizer may take as part of a word. */
static bool is_word(uint8_t byte)
{
	return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') ||
	       byte >= 0x80;
}

struct expression {
	char *out;
	size_t size, length;
	bool full;
};

/* One word or phrase as a string of FTS5: nothing in it is taken for anything else. */
static void put(struct expression *expression, struct span text, bool prefix)
{
	char *out = expression->out;
	size_t at = expression->length;
	bool something = false;

	for (size_t i = 0; i < text.size; i++)
		if (words_mark_at(text, i))
			i++;
		else
			something |= is_word(text.bytes[i]);
	if (!something || expression->full)
		return;
	/* A blank, two quotes, a star and the end. */
	expression->full = at + text.size + 5 > expression->size;
	if (expression->full)
		return;
	if (at > 0)
		out[at++] = ' ';
	out[at++] = '"';
	for (size_t i = 0; i < text.size; i++)
		out[at++] = is_word(text.bytes[i]) ? (char)text.bytes[i] : ' ';
	out[at++] = '"';
	if (prefix)
		out[at++] = '*';
	out[at] = 0;
	expression->length = at;
}

size_t query_expression(struct span query, char *out, size_t size)
{
	struct expression expression = { .out = out, .size = size };
	size_t at = 0;

	while (at < query.size) {
		const bool quoted = query.bytes[at] == '"';
		const size_t from = at + quoted;

		at = from;
		while (at < query.size && (quoted ? query.bytes[at] != '"' : is_word(query.bytes[at])))
			at++;
		put(&expression, span_of(query.bytes + from, at - from),
		    !quoted && at < query.size && query.bytes[at] == '*');
		at += at < query.size && (quoted || query.bytes[at] != '"');
	}
	return expression.full ? 0 : expression.length;
}
