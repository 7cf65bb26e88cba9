#include "proto/json/json_walk.h"

#include <assert.h>

static bool is_between(uint8_t byte)
{
	return byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t' || byte == ',' || byte == ':';
}

/* Commas and colons stand where they belong: that was seen to. */
static const uint8_t *skip_between(const uint8_t *at, const uint8_t *end)
{
	while (at < end && is_between(*at))
		at++;
	return at;
}

/* From the opening quote to behind the closing one. */
static const uint8_t *skip_string(const uint8_t *at, const uint8_t *end)
{
	for (at++; at < end && *at != '"'; at++)
		at += *at == '\\';
	assert(at < end);
	return at + 1;
}

/* From the opening bracket to behind the closing one. */
static const uint8_t *skip_container(const uint8_t *at, const uint8_t *end)
{
	uint32_t depth = 0;

	do {
		assert(at < end);
		if (*at == '"') {
			at = skip_string(at, end);
			continue;
		}
		depth += *at == '{' || *at == '[';
		depth -= *at == '}' || *at == ']';
		at++;
	} while (depth > 0);
	return at;
}

static const uint8_t *skip_word(const uint8_t *at, const uint8_t *end)
{
	while (at < end && !is_between(*at))
		at++;
	return at;
}

static struct json_value take(struct json_walk *walk)
{
	const uint8_t *from = walk->at;
	const enum json_type type = json_type_of(*from);

	if (type == JSON_STRING)
		walk->at = skip_string(from, walk->end);
	else if (type == JSON_OBJECT || type == JSON_ARRAY)
		walk->at = skip_container(from, walk->end);
	else
		walk->at = skip_word(from, walk->end);
	return (struct json_value){ type, span_of(from, (size_t)(walk->at - from)) };
}

struct json_walk json_walk_begin(const struct json_value *container)
{
	const struct span token = container->token;

	assert(container->type == JSON_OBJECT || container->type == JSON_ARRAY);
	assert(token.size >= 2);
	return (struct json_walk){
		.at = token.bytes + 1,
		.end = token.bytes + token.size - 1,
		.keyed = container->type == JSON_OBJECT,
	};
}

bool json_walk_next(struct json_walk *walk, struct span *key, struct json_value *value)
{
	*key = SPAN_NONE;
	walk->at = skip_between(walk->at, walk->end);
	if (walk->at == walk->end)
		return false;
	if (walk->keyed) {
		*key = take(walk).token;
		walk->at = skip_between(walk->at, walk->end);
		assert(walk->at < walk->end);
	}
	*value = take(walk);
	return true;
}
