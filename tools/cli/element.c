#include "tools/cli/element.h"

static bool is_blank(uint8_t byte)
{
	return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

/* Behind the string that begins at `at`. */
static size_t string_end(struct span text, size_t at)
{
	for (at++; at < text.size && text.bytes[at] != '"'; at++)
		if (text.bytes[at] == '\\')
			at++;
	return at + 1;
}

bool element_next(struct span *rest, struct span *element)
{
	const struct span text = *rest;
	size_t at = 0, depth = 0, start, end;

	if (text.size == 0 || (text.bytes[0] != '[' && text.bytes[0] != '{' && text.bytes[0] != ','))
		return false;
	at = 1;
	while (at < text.size && is_blank(text.bytes[at]))
		at++;
	if (at >= text.size || text.bytes[at] == ']' || text.bytes[at] == '}')
		return false;
	for (start = at; at < text.size; at++) {
		const uint8_t byte = text.bytes[at];

		if (depth == 0 && (byte == ',' || byte == ']' || byte == '}'))
			break;
		if (byte == '"')
			at = string_end(text, at) - 1;
		else if (byte == '[' || byte == '{')
			depth++;
		else if (byte == ']' || byte == '}')
			depth--;
	}
	for (end = at < text.size ? at : text.size; end > start && is_blank(text.bytes[end - 1]);)
		end--;
	*element = span_of(text.bytes + start, end - start);
	*rest = span_of(text.bytes + (at < text.size ? at : text.size), text.size - (at < text.size ? at : text.size));
	return true;
}
