#include "proto/http/http_query.h"

static int hex_of(uint8_t byte)
{
	if (byte >= '0' && byte <= '9')
		return byte - '0';
	if (byte >= 'a' && byte <= 'f')
		return byte - 'a' + 10;
	return byte >= 'A' && byte <= 'F' ? byte - 'A' + 10 : -1;
}

static bool is_plain(struct span raw, bool plus)
{
	for (size_t i = 0; i < raw.size; i++)
		if (raw.bytes[i] == '%' || (plus && raw.bytes[i] == '+'))
			return false;
	return true;
}

bool http_unescape(struct span *text, struct span raw, bool plus, uint8_t *room, size_t room_size)
{
	size_t size = 0;

	*text = raw;
	if (is_plain(raw, plus))
		return true;
	for (size_t i = 0; i < raw.size; i++) {
		uint8_t byte = raw.bytes[i];

		if (byte == '%') {
			const int high = raw.size - i > 2 ? hex_of(raw.bytes[i + 1]) : -1;
			const int low = raw.size - i > 2 ? hex_of(raw.bytes[i + 2]) : -1;

			if (high < 0 || low < 0 || (high | low) == 0)
				return false;
			byte = (uint8_t)(high << 4 | low);
			i += 2;
		} else if (plus && byte == '+') {
			byte = ' ';
		}
		if (size == room_size)
			return false;
		room[size++] = byte;
	}
	*text = span_of(room, size);
	return true;
}

/* What stands before the mark; the rest is behind it, absent when there was no mark. */
static struct span take(struct span *text, uint8_t mark)
{
	const uint8_t *const at = text->size > 0 ? memchr(text->bytes, mark, text->size) : NULL;
	const struct span before = at ? span_of(text->bytes, (size_t)(at - text->bytes)) : *text;

	*text = at ? span_of(at + 1, text->size - before.size - 1) : SPAN_NONE;
	return before;
}

struct span http_segment_next(struct span *path)
{
	return path->bytes ? take(path, '/') : SPAN_NONE;
}

bool http_query_next(struct span *query, struct span *name, struct span *value)
{
	while (query->bytes) {
		*value = take(query, '&');
		if (value->size == 0)
			continue;
		*name = take(value, '=');
		return true;
	}
	return false;
}
