/* Whether the words of a query are in the strings of a value: against a search that is done the slow and obvious way.
 * Input: the query, a zero, the value. */
#include "engine/store/words.h"
#include "proto/json/json_scan.h"
#include "proto/json/json_string.h"
#include "proto/utf8/utf8.h"
#include "tests/fuzz/fuzz.h"

#define TEXT_MAX 4096

static struct fuzz_exact query_copy, value_copy;

static bool is_part(uint8_t byte)
{
	return byte >= 0x80 || (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
	       (byte >= 'a' && byte <= 'z');
}

/* The text's words, small, each between two spaces: " a b ". */
static size_t spread(char *out, struct span text)
{
	size_t size = 0;

	out[size++] = ' ';
	for (size_t i = 0; i < text.size; i++) {
		const uint8_t byte = text.bytes[i];

		if (is_part(byte))
			out[size++] = (char)(byte >= 'A' && byte <= 'Z' ? byte + 32 : byte);
		else if (out[size - 1] != ' ')
			out[size++] = ' ';
	}
	if (out[size - 1] != ' ')
		out[size++] = ' ';
	return size;
}

/* Every string that is no member's name, spread, one after the other. */
static size_t spread_all(char *out, struct span json)
{
	size_t size = 0;

	for (size_t at = 0; at < json.size; at++) {
		uint8_t room[TEXT_MAX];
		struct span text;
		size_t end = at + 1, behind;

		if (json.bytes[at] != '"')
			continue;
		while (json.bytes[end] != '"')
			end += json.bytes[end] == '\\' ? 2 : 1;
		for (behind = end + 1; behind < json.size && memchr(" \t\r\n", json.bytes[behind], 4);)
			behind++;
		if ((behind == json.size || json.bytes[behind] != ':') &&
		    json_string(&text, span_of(json.bytes + at, end + 1 - at), room, sizeof(room)) == 1)
			size += spread(out + size, text);
		at = end;
	}
	return size;
}

static bool judge(struct span query, struct span json)
{
	static char wanted[TEXT_MAX + 2], all[2 * TEXT_MAX + 2];
	const size_t size = spread(wanted, query), total = spread_all(all, json);
	int count = 0;

	for (size_t at = 0; at + 1 < size && count < WORDS_MAX; count++) {
		const char *const end = memchr(wanted + at + 1, ' ', size - at - 1);
		const size_t word = (size_t)(end - wanted) - at + 1;

		if (!memmem(all, total, wanted + at, word))
			return false;
		at += word - 1;
	}
	return count > 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *const zero = size > 0 ? memchr(data, 0, size) : NULL;

	if (!zero || size > TEXT_MAX)
		return 0;
	const size_t first = (size_t)(zero - data), rest = size - first - 1;
	const struct span query = span_of(fuzz_exact(&query_copy, data, first), first);
	const struct span json = span_of(fuzz_exact(&value_copy, zero + 1, rest), rest);
	char out[TEXT_MAX + 2];

	check(words_any(query) == (spread(out, query) > 1));
	if (!utf8_valid(json.bytes, json.size) || json_scan(json.bytes, json.size) != 1)
		return 0;
	check(words_match(query, json) == judge(query, json));
	return 0;
}
