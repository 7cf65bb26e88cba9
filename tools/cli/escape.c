#include "tools/cli/escape.h"

#include <stdio.h>

#include "proto/utf8/utf8.h"

/* The size of the character at the start, 0 when it is not UTF-8; *code is its number. */
static size_t character(struct span text, uint32_t *code)
{
	const uint8_t first = text.bytes[0];
	const size_t size = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;

	if (size > text.size || !utf8_valid(text.bytes, size))
		return 0;
	*code = size == 1 ? first : first & (0x7fu >> size);
	for (size_t i = 1; i < size; i++)
		*code = *code << 6 | (text.bytes[i] & 0x3f);
	return size;
}

/* Control characters of ASCII and Latin 1, line ends of Unicode, and what turns the direction of writing. */
static bool is_harmful(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code <= 0x9f) || code == 0x61c || code == 0x200e || code == 0x200f ||
	       (code >= 0x2028 && code <= 0x202e) || (code >= 0x2060 && code <= 0x206f) || code == 0xfeff ||
	       (code >= 0xfff9 && code <= 0xfffb) || code == 0xe0001;
}

static void put_code(struct text *out, uint32_t code, enum escape_kind kind)
{
	char spelled[16];

	if (code == '\n' || code == '\r' || code == '\t')
		snprintf(spelled, sizeof(spelled), "%s", code == '\n' ? "\\n" : code == '\r' ? "\\r" : "\\t");
	else if (kind == ESCAPE_JSON && code > 0xffff)
		snprintf(spelled, sizeof(spelled), "\\u%04x\\u%04x", (unsigned)(0xd7c0 + (code >> 10)),
			 (unsigned)(0xdc00 | (code & 0x3ff)));
	else
		snprintf(spelled, sizeof(spelled), kind == ESCAPE_JSON ? "\\u%04x" : "\\u{%x}", (unsigned)code);
	text_puts(out, spelled);
}

void escape_put(struct text *out, struct span text, enum escape_kind kind)
{
	size_t at = 0;

	while (at < text.size) {
		uint32_t code = 0;
		const size_t size = character(span_of(text.bytes + at, text.size - at), &code);
		const bool line_end = code == '\n' || code == '\r';
		const bool blank = kind != ESCAPE_PEOPLE && (line_end || (code == '\t' && kind == ESCAPE_JSON));

		if (size == 0) {
			char spelled[8];

			snprintf(spelled, sizeof(spelled), "\\x{%02x}", text.bytes[at++]);
			text_puts(out, spelled);
			continue;
		}
		if (size == 1 && blank) /* in JSON these stand only between tokens */
			text_puts(out, " ");
		else if (kind != ESCAPE_LINES && is_harmful(code))
			put_code(out, code, kind);
		else
			text_put(out, span_of(text.bytes + at, size));
		at += size;
	}
}
