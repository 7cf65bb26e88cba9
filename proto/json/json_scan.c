/* Every function takes where to read and returns where it stopped, NULL when
 * the text is refused. The twins with and without SIMD are made from the same
 * source: all that differs is how a string's plain bytes are skipped. */
#include "proto/json/json_scan.h"

#include <assert.h>

#include "proto/json/json_plain.h"
#include "proto/json/json_string.h"

#define INLINE static inline __attribute__((always_inline))

typedef size_t plain_fn(const uint8_t *bytes, size_t size);

INLINE const uint8_t *skip_space(const uint8_t *at, const uint8_t *end)
{
	while (at < end && *at <= ' ' && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t'))
		at++;
	return at;
}

static bool is_hex(uint8_t byte)
{
	return (uint8_t)(byte - '0') <= 9 || (uint8_t)((byte | 0x20) - 'a') <= 5;
}

/* From behind the backslash. */
static const uint8_t *skip_escape(const uint8_t *at, const uint8_t *end)
{
	if (at == end)
		return NULL;
	switch (*at++) {
	case '"':
	case '\\':
	case '/':
	case 'b':
	case 'f':
	case 'n':
	case 'r':
	case 't':
		return at;
	case 'u':
		if (end - at < 4 || !is_hex(at[0]) || !is_hex(at[1]) || !is_hex(at[2]) || !is_hex(at[3]))
			return NULL;
		return at + 4;
	default:
		return NULL;
	}
}

/* From behind the opening quote to behind the closing one. */
INLINE const uint8_t *skip_string(const uint8_t *at, const uint8_t *end, plain_fn *plain)
{
	for (;;) {
		at += plain(at, (size_t)(end - at));
		if (at == end)
			return NULL;
		if (*at == '"')
			return at + 1;
		if (*at != '\\')
			return NULL;
		at = skip_escape(at + 1, end);
		if (!at)
			return NULL;
	}
}

/* One digit or more. */
static const uint8_t *skip_digits(const uint8_t *at, const uint8_t *end)
{
	const uint8_t *const from = at;

	while (at < end && (uint8_t)(*at - '0') <= 9)
		at++;
	return at == from ? NULL : at;
}

static const uint8_t *skip_number(const uint8_t *at, const uint8_t *end)
{
	if (*at == '-')
		at++;
	if (at < end && *at == '0')
		at++;
	else
		at = skip_digits(at, end);
	if (at && at < end && *at == '.')
		at = skip_digits(at + 1, end);
	if (at && at < end && (*at | 0x20) == 'e') {
		at++;
		if (at < end && (*at == '+' || *at == '-'))
			at++;
		at = skip_digits(at, end);
	}
	return at;
}

static const uint8_t *skip_word(const uint8_t *at, const uint8_t *end, struct span word)
{
	if ((size_t)(end - at) < word.size || memcmp(at, word.bytes, word.size) != 0)
		return NULL;
	return at + word.size;
}

INLINE const uint8_t *skip_scalar(const uint8_t *at, const uint8_t *end, plain_fn *plain)
{
	switch (*at) {
	case '"':
		return skip_string(at + 1, end, plain);
	case 't':
		return skip_word(at, end, SPAN("true"));
	case 'f':
		return skip_word(at, end, SPAN("false"));
	case 'n':
		return skip_word(at, end, SPAN("null"));
	default:
		return skip_number(at, end);
	}
}

INLINE const uint8_t *skip_colon(const uint8_t *at, const uint8_t *end)
{
	at = skip_space(at, end);
	return at < end && *at == ':' ? at + 1 : NULL;
}

INLINE const uint8_t *skip_key(const uint8_t *at, const uint8_t *end, plain_fn *plain)
{
	at = skip_space(at, end);
	if (at == end || *at != '"')
		return NULL;
	at = skip_string(at + 1, end, plain);
	return at ? skip_colon(at, end) : NULL;
}

/* One value that stands inside depth of at most depth_max containers. What is open is a bit each, not a call each. */
INLINE const uint8_t *skip_value(const uint8_t *at, const uint8_t *end, uint32_t depth, uint32_t depth_max,
				 plain_fn *plain)
{
	const uint32_t outside = depth;
	uint64_t objects = 0; /* the containers we are in, the innermost lowest: 1 an object, 0 an array */

	for (;;) {
		at = skip_space(at, end);
		if (at == end)
			return NULL;
		if (*at == '{' || *at == '[') {
			const bool object = *at == '{';

			if (depth++ == depth_max)
				return NULL;
			objects = objects << 1 | object;
			at = skip_space(at + 1, end);
			if (at == end)
				return NULL;
			if (*at != (object ? '}' : ']')) {
				at = object ? skip_key(at, end, plain) : at;
				if (!at)
					return NULL;
				continue;
			}
		} else {
			at = skip_scalar(at, end, plain);
			if (!at)
				return NULL;
		}
		for (;;) { /* a value is over: so are the containers that close behind it */
			if (depth == outside)
				return at;
			at = skip_space(at, end);
			if (at == end)
				return NULL;
			const uint8_t next = *at++;

			if (next == ',')
				break;
			if (next != (objects & 1 ? '}' : ']'))
				return NULL;
			objects >>= 1;
			depth--;
		}
		if (objects & 1)
			at = skip_key(at, end, plain);
		if (!at)
			return NULL;
	}
}

enum json_type json_type_of(uint8_t first)
{
	switch (first) {
	case '{':
		return JSON_OBJECT;
	case '[':
		return JSON_ARRAY;
	case '"':
		return JSON_STRING;
	case 't':
		return JSON_TRUE;
	case 'f':
		return JSON_FALSE;
	case 'n':
		return JSON_NULL;
	default:
		return JSON_NUMBER;
	}
}

/* Eight bytes with zeros behind the word, in the order of memory. Too long a
 * word is none: 0, which no name is. Up to end it may be read past the word. */
INLINE uint64_t word_load(const uint8_t *bytes, size_t size, const uint8_t *end)
{
	uint64_t word = 0;

	if (size == 0 || size > sizeof(word))
		return 0;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	if ((size_t)(end - bytes) >= sizeof(word)) {
		memcpy(&word, bytes, sizeof(word));
		return word & UINT64_MAX >> (64 - 8 * size);
	}
#endif
	for (size_t i = 0; i < size; i++)
		((uint8_t *)&word)[i] = bytes[i];
	return word;
}

INLINE size_t word_find(const struct json_name *names, size_t count, uint64_t word)
{
	for (size_t i = 0; i < count; i++) {
		uint64_t name;

		memcpy(&name, names[i].text, sizeof(name));
		if (name == word)
			return i;
	}
	return count;
}

size_t json_name_find(const struct json_name *names, size_t count, struct span word)
{
	return word_find(names, count, word_load(word.bytes, word.size, word.bytes + word.size));
}

/* Keys spelled with escapes are rare, so their way is slow: token has its quotes. */
static size_t key_find(const struct json_name *names, size_t count, struct span token)
{
	uint8_t room[sizeof(names->text)];
	struct span key;

	if (json_string(&key, token, room, sizeof(room)) < 0)
		return count;
	return json_name_find(names, count, key);
}

INLINE int scan_object(struct json_value *values, const struct json_name *names, size_t count, const uint8_t *at,
		       const uint8_t *end, uint32_t depth_max, plain_fn *plain)
{
	assert(count <= JSON_NAMES_MAX);
	for (size_t i = 0; i < count; i++)
		values[i].type = JSON_ABSENT;
	at = skip_space(at, end);
	if (at == end || *at != '{')
		return -JSON_BAD;
	at = skip_space(at + 1, end);
	const bool empty = at < end && *at == '}';

	while (!empty) {
		at = skip_space(at, end);
		if (at == end || *at != '"')
			return -JSON_BAD;
		const uint8_t *const key = at++;
		const size_t key_size = plain(at, (size_t)(end - at));
		size_t found;

		if (key_size < (size_t)(end - at) && at[key_size] == '"') {
			found = word_find(names, count, word_load(at, key_size, end));
			at += key_size + 1;
		} else {
			at = skip_string(at + key_size, end, plain);
			if (!at)
				return -JSON_BAD;
			found = key_find(names, count, span_of(key, (size_t)(at - key)));
		}
		at = skip_colon(at, end);
		if (!at)
			return -JSON_BAD;
		const uint8_t *const value = skip_space(at, end);

		at = skip_value(value, end, 1, depth_max, plain);
		if (!at)
			return -JSON_BAD;
		if (found < count) {
			if (values[found].type != JSON_ABSENT)
				return -JSON_TWICE;
			values[found].type = json_type_of(*value);
			values[found].token = span_of(value, (size_t)(at - value));
		}
		at = skip_space(at, end);
		if (at == end || *at != ',')
			break;
		at++;
	}
	if (at == end || *at != '}')
		return -JSON_BAD;
	return skip_space(at + 1, end) == end ? 1 : -JSON_BAD;
}

INLINE int scan_any(const uint8_t *at, const uint8_t *end, uint32_t depth_max, plain_fn *plain)
{
	at = skip_value(at, end, 0, depth_max, plain);
	return at && skip_space(at, end) == end ? 1 : -JSON_BAD;
}

int json_scan_object(struct json_value *values, const struct json_name *names, size_t count, const uint8_t *text,
		     size_t size)
{
	return scan_object(values, names, count, text, text + size, JSON_DEPTH_MAX, json_plain);
}

int json_scan(const uint8_t *text, size_t size)
{
	return scan_any(text, text + size, JSON_DEPTH_MAX, json_plain);
}

int json_scan_object_deep(struct json_value *values, const struct json_name *names, size_t count, const uint8_t *text,
			  size_t size)
{
	return scan_object(values, names, count, text, text + size, JSON_DEEP_MAX, json_plain);
}

int json_scan_deep(const uint8_t *text, size_t size)
{
	return scan_any(text, text + size, JSON_DEEP_MAX, json_plain);
}

int json_scan_object_scalar(struct json_value *values, const struct json_name *names, size_t count, const uint8_t *text,
			    size_t size)
{
	return scan_object(values, names, count, text, text + size, JSON_DEPTH_MAX, json_plain_scalar);
}

int json_scan_scalar(const uint8_t *text, size_t size)
{
	return scan_any(text, text + size, JSON_DEPTH_MAX, json_plain_scalar);
}
