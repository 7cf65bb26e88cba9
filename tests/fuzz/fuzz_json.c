/* A judge written the slow and obvious way, by recursion, must agree with the
 * scan on every text; so must the twin without SIMD. What the scan points at
 * must be a value, and a string must survive being read, written and read. */
#include "proto/json/json_plain.h"
#include "proto/json/json_scan.h"
#include "proto/json/json_string.h"
#include "proto/json/json_write.h"
#include "proto/utf8/utf8.h"
#include "tests/fuzz/fuzz.h"

#define NAME_COUNT 4

static const struct json_name names[NAME_COUNT] = { { "op" }, { "data" }, { "presence" }, { "a" } };

struct judge {
	const uint8_t *at, *end;
};

static int peek(const struct judge *judge)
{
	return judge->at < judge->end ? *judge->at : -1;
}

static bool accept(struct judge *judge, int byte)
{
	if (peek(judge) != byte)
		return false;
	judge->at++;
	return true;
}

static void space(struct judge *judge)
{
	while (accept(judge, ' ') || accept(judge, '\t') || accept(judge, '\n') || accept(judge, '\r'))
		;
}

static bool one_of(struct judge *judge, const char *set)
{
	const int byte = peek(judge);

	return byte > 0 && strchr(set, byte) && accept(judge, byte);
}

static bool digits(struct judge *judge)
{
	if (!one_of(judge, "0123456789"))
		return false;
	while (one_of(judge, "0123456789"))
		;
	return true;
}

static bool number(struct judge *judge)
{
	accept(judge, '-');
	if (!accept(judge, '0') && !digits(judge))
		return false;
	if (accept(judge, '.') && !digits(judge))
		return false;
	if (!one_of(judge, "eE"))
		return true;
	one_of(judge, "+-");
	return digits(judge);
}

static bool string(struct judge *judge)
{
	if (!accept(judge, '"'))
		return false;
	while (!accept(judge, '"')) {
		if (!accept(judge, '\\')) {
			if (peek(judge) < 0x20)
				return false;
			judge->at++;
			continue;
		}
		if (accept(judge, 'u')) {
			for (int i = 0; i < 4; i++)
				if (!one_of(judge, "0123456789abcdefABCDEF"))
					return false;
		} else if (!one_of(judge, "\"\\/bfnrt")) {
			return false;
		}
	}
	return true;
}

static bool word(struct judge *judge, const char *text)
{
	for (; *text; text++)
		if (!accept(judge, *text))
			return false;
	return true;
}

static bool value(struct judge *judge, int depth);

static bool container(struct judge *judge, int depth, bool object)
{
	const int close = object ? '}' : ']';

	if (depth == JSON_DEPTH_MAX)
		return false;
	judge->at++;
	space(judge);
	if (accept(judge, close))
		return true;
	do {
		space(judge);
		if (object) {
			if (!string(judge))
				return false;
			space(judge);
			if (!accept(judge, ':'))
				return false;
		}
		if (!value(judge, depth + 1))
			return false;
		space(judge);
	} while (accept(judge, ','));
	return accept(judge, close);
}

static bool value(struct judge *judge, int depth)
{
	space(judge);
	switch (peek(judge)) {
	case '{':
	case '[':
		return container(judge, depth, peek(judge) == '{');
	case '"':
		return string(judge);
	case 't':
		return word(judge, "true");
	case 'f':
		return word(judge, "false");
	case 'n':
		return word(judge, "null");
	default:
		return number(judge);
	}
}

static bool judged(const uint8_t *text, size_t size)
{
	struct judge judge = { text, text + size };

	if (!value(&judge, 0))
		return false;
	space(&judge);
	return judge.at == judge.end;
}

static void check_string(struct span token)
{
	uint8_t *room = malloc(token.size);
	struct span read, again;

	if (json_string(&read, token, room, token.size) == 1) {
		uint8_t *const written = malloc(json_string_bound(read.size));
		uint8_t *const end = json_write_string(written, read);
		const struct span back = span_of(written, (size_t)(end - written));
		uint8_t *const room_again = malloc(back.size);

		check(back.size <= json_string_bound(read.size));
		check(json_scan(back.bytes, back.size) == 1);
		check(utf8_valid(read.bytes, read.size) || !utf8_valid(token.bytes, token.size));
		check(json_string(&again, back, room_again, back.size) == 1 || memchr(read.bytes, 0, read.size));
		check(span_equal(again, read));
		/* What fits exactly fits; a byte less is refused where room was needed at all. */
		check(json_string(&again, token, room, read.size) == 1);
		if (again.bytes == room && read.size > 0)
			check(json_string(&again, token, room, read.size - 1) == -JSON_STRING_ROOM);
		free(room_again);
		free(written);
	}
	free(room);
}

static void check_members(const struct json_value *values, const uint8_t *text, size_t size)
{
	for (size_t i = 0; i < NAME_COUNT; i++) {
		const struct span token = values[i].token;
		uint64_t integer;

		if (values[i].type == JSON_ABSENT)
			continue;
		check(token.bytes > text && token.bytes + token.size < text + size && token.size > 0);
		check(judged(token.bytes, token.size));
		check(json_scan(token.bytes, token.size) == 1);
		if (values[i].type == JSON_STRING)
			check_string(token);
		if (values[i].type == JSON_NUMBER && json_integer(&integer, token)) {
			uint8_t written[JSON_U64_SIZE_MAX];
			const size_t written_size = (size_t)(json_write_u64(written, integer) - written);

			check(integer <= JSON_INTEGER_MAX);
			check(span_equal(span_of(written, written_size), token));
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *exact = malloc(size ? size : 1);
	struct json_value values[NAME_COUNT], twins[NAME_COUNT];

	memcpy(exact, data, size);
	const bool valid = judged(exact, size);
	const int result = json_scan_object(values, names, NAME_COUNT, exact, size);

	check((json_scan(exact, size) == 1) == valid);
	check((json_scan_scalar(exact, size) == 1) == valid);
	check(json_scan_object_scalar(twins, names, NAME_COUNT, exact, size) == result);
	check(json_plain(exact, size) == json_plain_scalar(exact, size));
	/* A second one of a wanted key may end the scan before what is wrong further on. */
	if (result == 1)
		check(valid);
	if (result == -JSON_BAD && valid) {
		struct judge judge = { exact, exact + size };

		space(&judge);
		check(peek(&judge) != '{');
	}
	if (result == 1) {
		for (size_t i = 0; i < NAME_COUNT; i++) {
			check(values[i].type == twins[i].type);
			if (values[i].type != JSON_ABSENT)
				check(values[i].token.bytes == twins[i].token.bytes &&
				      values[i].token.size == twins[i].token.size);
		}
		check_members(values, exact, size);
	}
	free(exact);
	return 0;
}
