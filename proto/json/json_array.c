#include "proto/json/json_array.h"

#include <assert.h>

static bool is_between(uint8_t byte)
{
	return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r' || byte == ',' || byte == '[';
}

/* Of a string whose opening quote is at `at`: behind its closing one. */
static size_t string_end(struct span text, size_t at)
{
	for (at++; text.bytes[at] != '"'; at++) {
		at += text.bytes[at] == '\\';
		assert(at + 1 < text.size);
	}
	return at + 1;
}

static size_t nested_end(struct span text, size_t at)
{
	uint32_t depth = 0;

	do {
		assert(at < text.size);
		const uint8_t byte = text.bytes[at];

		depth += byte == '{' || byte == '[';
		depth -= byte == '}' || byte == ']';
		at = byte == '"' ? string_end(text, at) : at + 1;
	} while (depth > 0);
	return at;
}

/* Of a number, true, false or null. */
static size_t word_end(struct span text, size_t at)
{
	while (!is_between(text.bytes[at]) && text.bytes[at] != ']') {
		at++;
		assert(at < text.size);
	}
	return at;
}

static enum json_type type_of(uint8_t first)
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

/* The opening bracket is there in the first call alone: behind it a bracket begins an element. */
struct json_value json_array_next(struct span *array)
{
	struct span text = *array;
	size_t at = 0;
	bool opened = false;

	assert(text.size > 0);
	/* What an earlier call left begins with the comma, or is the end. */
	while (is_between(text.bytes[at]) && !(opened && text.bytes[at] == '[')) {
		opened = opened || text.bytes[at] == '[' || text.bytes[at] == ',';
		at++;
		assert(at < text.size);
	}
	if (text.bytes[at] == ']') {
		*array = span_of(text.bytes + at, text.size - at);
		return (struct json_value){ .type = JSON_ABSENT };
	}
	const enum json_type type = type_of(text.bytes[at]);
	size_t end;

	if (type == JSON_STRING)
		end = string_end(text, at);
	else if (type == JSON_OBJECT || type == JSON_ARRAY)
		end = nested_end(text, at);
	else
		end = word_end(text, at);
	*array = span_of(text.bytes + end, text.size - end);
	return (struct json_value){ .type = type, .token = span_of(text.bytes + at, end - at) };
}
