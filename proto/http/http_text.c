#include "proto/http/http_text.h"

/* clang-format off */
static const bool token_chars[256] = {
	['0' ... '9'] = true, ['A' ... 'Z'] = true, ['a' ... 'z'] = true,
	['!'] = true, ['#'] = true, ['$'] = true, ['%'] = true, ['&'] = true, ['\''] = true, ['*'] = true, ['+'] = true,
	['-'] = true, ['.'] = true, ['^'] = true, ['_'] = true, ['`'] = true, ['|'] = true, ['~'] = true,
};
/* clang-format on */

bool http_is_token_char(uint8_t byte)
{
	return token_chars[byte];
}

bool http_is_token(struct span text)
{
	for (size_t i = 0; i < text.size; i++)
		if (!token_chars[text.bytes[i]])
			return false;
	return text.size > 0;
}

static bool is_space(uint8_t byte)
{
	return byte == ' ' || byte == '\t';
}

struct span http_trim(struct span text)
{
	while (text.size > 0 && is_space(text.bytes[0])) {
		text.bytes++;
		text.size--;
	}
	while (text.size > 0 && is_space(text.bytes[text.size - 1]))
		text.size--;
	return text;
}

static uint8_t lower(uint8_t byte)
{
	return byte >= 'A' && byte <= 'Z' ? byte | 0x20 : byte;
}

bool http_text_equal(const uint8_t *bytes, const char *word, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (lower(bytes[i]) != lower((uint8_t)word[i]))
			return false;
	return true;
}

/* What stands before the mark goes to the caller, what stands behind it stays in *text. */
static struct span split(struct span *text, char mark)
{
	const uint8_t *const at = text->size > 0 ? memchr(text->bytes, mark, text->size) : NULL;
	const struct span before = span_of(text->bytes, at ? (size_t)(at - text->bytes) : text->size);
	const size_t passed = before.size + (at ? 1 : 0);

	text->bytes += passed;
	text->size -= passed;
	return before;
}

struct span http_list_next(struct span *list, struct span *parameters)
{
	while (list->size > 0) {
		struct span rest = split(list, ',');
		const struct span element = http_trim(split(&rest, ';'));

		if (element.size == 0)
			continue;
		if (parameters)
			*parameters = rest;
		return element;
	}
	return SPAN_NONE;
}

/* "q=0", "q=0." and "q=0.000" all say that it is not wanted (RFC 9110, 12.4.2). */
static bool is_weight_zero(struct span parameter)
{
	const struct span text = http_trim(parameter);

	if (text.size < 3 || lower(text.bytes[0]) != 'q' || text.bytes[1] != '=')
		return false;
	for (size_t i = 2; i < text.size; i++)
		if (text.bytes[i] != '0' && !(i == 3 && text.bytes[i] == '.'))
			return false;
	return true;
}

static bool is_wanted(struct span parameters)
{
	while (parameters.size > 0)
		if (is_weight_zero(split(&parameters, ';')))
			return false;
	return true;
}

bool http_token_list_has(struct span value, const char *token)
{
	struct span parameters;

	for (;;) {
		const struct span element = http_list_next(&value, &parameters);

		if (!element.bytes)
			return false;
		if (http_text_is(element, token) && is_wanted(parameters))
			return true;
	}
}
