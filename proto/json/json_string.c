#include "proto/json/json_string.h"

#include <assert.h>

#include "proto/json/json_plain.h"

static uint32_t hex4(const uint8_t *digits)
{
	uint32_t value = 0;

	for (size_t i = 0; i < 4; i++) {
		const uint8_t digit = digits[i];

		value = value << 4 | (digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10);
	}
	return value;
}

/* One escape's character, from its backslash on. *size is how many bytes the escape takes.
 * Returns the code point, or -(enum json_string_refusal). */
static int32_t escape_read(const uint8_t *at, const uint8_t *end, size_t *size)
{
	*size = 2;
	switch (at[1]) {
	case 'b':
		return '\b';
	case 'f':
		return '\f';
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case 't':
		return '\t';
	case 'u':
		break;
	default:
		return at[1];
	}
	assert(end - at >= 6);
	const uint32_t high = hex4(at + 2);

	*size = 6;
	if (high == 0)
		return -JSON_STRING_ZERO;
	if (high < 0xd800 || high > 0xdfff)
		return (int32_t)high;
	if (high >= 0xdc00 || end - at < 12 || at[6] != '\\' || at[7] != 'u')
		return -JSON_STRING_SURROGATE;
	const uint32_t low = hex4(at + 8);

	*size = 12;
	if (low < 0xdc00 || low > 0xdfff)
		return -JSON_STRING_SURROGATE;
	return (int32_t)(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00));
}

static size_t utf8_write(uint8_t out[4], uint32_t point)
{
	assert(point <= 0x10ffff);
	if (point < 0x80) {
		out[0] = (uint8_t)point;
		return 1;
	}
	const size_t size = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
	static const uint8_t lead[5] = { 0, 0, 0xc0, 0xe0, 0xf0 };

	for (size_t i = size; i-- > 1; point >>= 6)
		out[i] = (uint8_t)(0x80 | (point & 0x3f));
	out[0] = (uint8_t)(lead[size] | point);
	return size;
}

int json_string(struct span *value, struct span token, uint8_t *room, size_t room_size)
{
	assert(token.size >= 2 && token.bytes[0] == '"' && token.bytes[token.size - 1] == '"');
	const uint8_t *at = token.bytes + 1;
	const uint8_t *const end = token.bytes + token.size - 1;
	size_t used = 0;

	*value = span_of(at, (size_t)(end - at));
	if (json_plain(at, value->size) == value->size)
		return 1;
	while (at < end) {
		const size_t plain = json_plain(at, (size_t)(end - at));
		uint8_t utf8[4];
		size_t escape_size;

		if (plain > room_size - used)
			return -JSON_STRING_ROOM;
		if (plain > 0) /* there may be no room at all */
			memcpy(room + used, at, plain);
		used += plain;
		at += plain;
		if (at == end)
			break;
		assert(*at == '\\' && end - at >= 2);
		const int32_t point = escape_read(at, end, &escape_size);

		if (point < 0)
			return point;
		const size_t utf8_size = utf8_write(utf8, (uint32_t)point);

		if (utf8_size > room_size - used)
			return -JSON_STRING_ROOM;
		memcpy(room + used, utf8, utf8_size);
		used += utf8_size;
		at += escape_size;
	}
	*value = span_of(room, used);
	return 1;
}

bool json_integer(uint64_t *value, struct span token)
{
	uint64_t sum = 0;

	/* Sixteen digits cannot overflow, and 2^53 has sixteen. */
	if (token.size == 0 || token.size > 16)
		return false;
	for (size_t i = 0; i < token.size; i++) {
		const uint8_t digit = (uint8_t)(token.bytes[i] - '0');

		if (digit > 9)
			return false;
		sum = sum * 10 + digit;
	}
	*value = sum;
	return sum <= JSON_INTEGER_MAX;
}
