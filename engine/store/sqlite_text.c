#include "engine/store/sqlite_text.h"

#include "proto/json/json_scan.h"
#include "proto/json/json_string.h"

/* Where the string that begins at `at` ends: behind its second quote. */
static size_t string_end(struct span value, size_t at)
{
	for (at++; at < value.size && value.bytes[at] != '"'; at++)
		at += value.bytes[at] == '\\';
	return at < value.size ? at + 1 : value.size;
}

/* Where an escape stands for no character, all of them become blanks, and the words between them stay. */
static size_t put_without_escapes(uint8_t *out, struct span inner)
{
	size_t size = 0;

	for (size_t at = 0; at < inner.size; at++) {
		if (inner.bytes[at] != '\\') {
			out[size++] = inner.bytes[at];
			continue;
		}
		at += at + 1 < inner.size && inner.bytes[at + 1] == 'u' ? 5 : 1;
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
	while (at < value.size) {
		if (value.bytes[at] != '"') {
			at++;
			continue;
		}
		const size_t end = string_end(value, at);
		const struct span token = span_of(value.bytes + at, end - at);

		at = end;
		if (token.size < 2 || token.bytes[token.size - 1] != '"' || json_is_name(value, at))
			continue;
		size += put_string(out + size, token);
		out[size++] = ' ';
	}
	return size;
}
