#include "engine/store/sqlite_text.h"

#include "engine/store/words.h"
#include "proto/json/json_scan.h"
#include "proto/json/json_string.h"

/* Where an escape stands for no character, all of them become blanks, and the words between them stay. */
static size_t put_without_escapes(uint8_t *out, struct span inner)
{
	size_t size = 0;

	for (size_t at = 0; at < inner.size; at++) {
		if (inner.bytes[at] != '\\') {
			out[size++] = inner.bytes[at];
			continue;
		}
		at += inner.bytes[at + 1] == 'u' ? 5 : 1;
		out[size++] = ' ';
	}
	return size;
}

static size_t put_string(uint8_t *out, struct span token)
{
	const struct span inner = span_of(token.bytes + 1, token.size - 2);
	struct span text;

	if (json_string(&text, token, out, inner.size) != 1)
		return put_without_escapes(out, inner);
	if (text.bytes != out && text.size > 0)
		memcpy(out, text.bytes, text.size);
	return text.size;
}

size_t text_of_json(uint8_t *out, struct span value)
{
	size_t size = 0;
	size_t at = 0;

	if (json_scan(value.bytes, value.size) != 1)
		return 0;
	for (struct span token; (token = words_string(value, &at)).bytes;) {
		size += put_string(out + size, token);
		out[size++] = ' ';
	}
	return size;
}
