/* Texts are copied to exact allocations, so that ASan sees a read past the end,
 * and behind every offset of a block, so that no cut between SIMD and tail hides. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "proto/json/json_scan.h"
#include "tests/unit/proto/json/json_oracle.h"

static const struct span accepted[] = {
	SPAN("{}"),
	SPAN("[]"),
	SPAN("\"\""),
	SPAN("0"),
	SPAN("-0"),
	SPAN("1"),
	SPAN("-1"),
	SPAN("10"),
	SPAN("1.0"),
	SPAN("1.5e9"),
	SPAN("1E9"),
	SPAN("1e+9"),
	SPAN("1e-9"),
	SPAN("0e0"),
	SPAN("0.0E00"),
	SPAN("-0.1"),
	SPAN("123456789012345678901234567890"),
	SPAN("1e99999"),
	SPAN("true"),
	SPAN("false"),
	SPAN("null"),
	SPAN(" null"),
	SPAN("null "),
	SPAN("\t\r\n null\t\r\n "),
	SPAN("[1]"),
	SPAN("[1,2]"),
	SPAN("[ 1 , 2 ]"),
	SPAN("[[]]"),
	SPAN("[[],[]]"),
	SPAN("[{}]"),
	SPAN("[{},[]]"),
	SPAN("[null,true,false,0,\"\",{},[]]"),
	SPAN("{\"a\":1}"),
	SPAN("{\"a\":1,\"b\":2}"),
	SPAN("{\"\":0}"),
	SPAN("{\"a\":1,\"a\":1}"),
	SPAN("{ \"a\" : 1 , \"b\" : [ ] }"),
	SPAN("{\"a\":{\"b\":{\"c\":[1,{\"d\":[]}]}}}"),
	SPAN("{\n}"),
	SPAN("[\n]"),
	SPAN("\"a\""),
	SPAN("\"\\\"\""),
	SPAN("\"\\\\\""),
	SPAN("\"\\/\""),
	SPAN("\"\\b\\f\\n\\r\\t\""),
	SPAN("\"\\u0041\""),
	SPAN("\"\\uABCD\\uabcd\""),
	SPAN("\"\\u0000\""),
	SPAN("\"\\ud83d\\udc4d\""),
	SPAN("\"\\ud800\""),
	SPAN("\"\\udc00\\ud800\""),
	SPAN("\"\x7f\""),
	SPAN("\"\xc2\x80\""),
	SPAN("\"\xe2\x80\xa8\xe2\x80\xa9\""),
	SPAN("\"\xf4\x8f\xbf\xbf\""),
	SPAN("\"\xef\xbb\xbf\""),
	SPAN("\"/\""),
	SPAN("\"a long string that takes more than one block of the scanner, and then some more\""),
	SPAN("\"0123456789abcdef\\n0123456789abcdef\\\\0123456789abcdef\""),
	SPAN("[\"\\\\\",\"\\\\\\\"\"]"),
	SPAN("[1.25,-3e2,\"x\",{\"k\":[true]}]"),
	SPAN("{\"a\":\"}\",\"b\":\"]\"}"),
	SPAN("[\"[\",\"{\"]"),
};

static const struct span refused[] = {
	SPAN(""),
	SPAN(" "),
	SPAN("{"),
	SPAN("}"),
	SPAN("["),
	SPAN("]"),
	SPAN("\""),
	SPAN("\"\\\""),
	SPAN("\"\\"),
	SPAN("{}}"),
	SPAN("[]]"),
	SPAN("{}{}"),
	SPAN("[] []"),
	SPAN("1 2"),
	SPAN("[1,]"),
	SPAN("[,1]"),
	SPAN("[,]"),
	SPAN("[1 2]"),
	SPAN("[1,,2]"),
	SPAN("[1"),
	SPAN("[1,"),
	SPAN("{,}"),
	SPAN("{\"a\":1,}"),
	SPAN("{\"a\"}"),
	SPAN("{\"a\":}"),
	SPAN("{\"a\" 1}"),
	SPAN("{:1}"),
	SPAN("{a:1}"),
	SPAN("{'a':1}"),
	SPAN("{1:1}"),
	SPAN("{\"a\":1 \"b\":2}"),
	SPAN("{\"a\":1,,\"b\":2}"),
	SPAN("{\"a\"::1}"),
	SPAN("{\"a\":1"),
	SPAN("{\"a\":"),
	SPAN("{\"a\""),
	SPAN("{\"a"),
	SPAN("{\"a\":1]"),
	SPAN("[1}"),
	SPAN("[{]}"),
	SPAN("{[}]"),
	SPAN("[[1]"),
	SPAN("{\"a\":[}]"),
	SPAN("{[]:1}"),
	SPAN("{null:1}"),
	SPAN("-"),
	SPAN("+1"),
	SPAN("01"),
	SPAN("-01"),
	SPAN("00"),
	SPAN("1."),
	SPAN(".1"),
	SPAN("-.1"),
	SPAN("1.e1"),
	SPAN("1e"),
	SPAN("1e+"),
	SPAN("1e-"),
	SPAN("1.5.5"),
	SPAN("1e1.5"),
	SPAN("1e5e5"),
	SPAN("0x10"),
	SPAN("1_000"),
	SPAN("1a"),
	SPAN("--1"),
	SPAN("-a"),
	SPAN("NaN"),
	SPAN("Infinity"),
	SPAN("-Infinity"),
	SPAN("tru"),
	SPAN("truex"),
	SPAN("TRUE"),
	SPAN("True"),
	SPAN("nul"),
	SPAN("nulll"),
	SPAN("fals"),
	SPAN("undefined"),
	SPAN("t"),
	SPAN("f"),
	SPAN("n"),
	SPAN("'a'"),
	SPAN("\"\\a\""),
	SPAN("\"\\x41\""),
	SPAN("\"\\U0041\""),
	SPAN("\"\\u\""),
	SPAN("\"\\u004\""),
	SPAN("\"\\u004g\""),
	SPAN("\"\\u00 1\""),
	SPAN("\"\\u-041\""),
	SPAN("\"\\u004"),
	SPAN("\"\\'\""),
	SPAN("\"\\0\""),
	SPAN("\"\n\""),
	SPAN("\"\t\""),
	SPAN("\"\x1f\""),
	SPAN("\"\0\""),
	SPAN("\0"),
	SPAN("1\0"),
	SPAN("{}\0"),
	SPAN("\f1"),
	SPAN("\v1"),
	SPAN("\xc2\xa0"
	     "1"),
	SPAN("\xef\xbb\xbf{}"),
	SPAN("\xe2\x80\xa8"
	     "1"),
	SPAN("/**/1"),
	SPAN("1//"),
	SPAN("#1"),
	SPAN("[1;2]"),
	SPAN("(1)"),
	SPAN("\"a\"b"),
	SPAN("\"a\"\"b\""),
	SPAN("a\"b\""),
	SPAN("\"a raw newline deep in a string that is longer than a block \n is still one\""),
	SPAN("\"a string without its end that is a good deal longer than a block"),
	SPAN("{\"a\\q\":1}"),
	SPAN("{\"a\n\":1}"),
	SPAN("\x7f"),
	SPAN("\xff"),
	SPAN("[\"a\",\n4\n,1,"),
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static int scan_exact(const void *text, size_t size)
{
	uint8_t *exact = malloc(size ? size : 1);

	memcpy(exact, text, size);
	const int result = json_scan(exact, size);

	cr_assert_eq(json_scan_scalar(exact, size), result, "%.*s", (int)size, (const char *)text);
	cr_assert_eq(json_oracle(exact, size), result == 1, "%.*s", (int)size, (const char *)text);
	free(exact);
	return result;
}

Test(json_scan, accepts_every_form)
{
	for (size_t i = 0; i < COUNT(accepted); i++)
		cr_assert_eq(scan_exact(accepted[i].bytes, accepted[i].size), 1, "%zu: %s", i,
			     (const char *)accepted[i].bytes);
}

Test(json_scan, refuses_every_other)
{
	for (size_t i = 0; i < COUNT(refused); i++)
		cr_assert_eq(scan_exact(refused[i].bytes, refused[i].size), -JSON_BAD, "%zu: %s", i,
			     (const char *)refused[i].bytes);
}

/* Moved behind 0 to 40 spaces, every byte of a text stands once at each place of a block. */
Test(json_scan, gives_the_same_answer_at_every_offset)
{
	char padded[256];

	for (size_t offset = 0; offset <= 40; offset++) {
		memset(padded, ' ', offset);
		for (size_t i = 0; i < COUNT(accepted); i++) {
			memcpy(padded + offset, accepted[i].bytes, accepted[i].size);
			cr_assert_eq(scan_exact(padded, offset + accepted[i].size), 1);
		}
		for (size_t i = 0; i < COUNT(refused); i++) {
			memcpy(padded + offset, refused[i].bytes, refused[i].size);
			cr_assert_eq(scan_exact(padded, offset + refused[i].size), -JSON_BAD);
		}
	}
}

/* Of a whole object no beginning is one: waiting for more is the frame's business, not ours. */
Test(json_scan, refuses_every_beginning_of_an_object)
{
	static const char whole[] = "{\"op\":\"send\",\"id\":4,\"data\":{\"t\":[1.5e-3,true,null,\"\\u00e9\\\\\"]}}";

	for (size_t size = 0; size < sizeof(whole) - 1; size++)
		cr_assert_eq(scan_exact(whole, size), -JSON_BAD, "%zu bytes", size);
	cr_assert_eq(scan_exact(whole, sizeof(whole) - 1), 1);
}

Test(json_scan, every_byte_in_a_string_and_around_a_value)
{
	for (int byte = 0; byte < 256; byte++) {
		const char string[3] = { '"', (char)byte, '"' };
		const char before[2] = { (char)byte, '1' };
		const bool plain = byte >= 0x20 && byte != '"' && byte != '\\';
		const bool joins = byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n' || byte == '-' ||
				   (byte >= '1' && byte <= '9');

		cr_assert_eq(scan_exact(string, 3), plain ? 1 : -JSON_BAD, "%#x", byte);
		cr_assert_eq(scan_exact(before, 2), joins ? 1 : -JSON_BAD, "%#x", byte);
	}
}

static size_t nest(char *text, int depth, const char *open, const char *inside, const char *close)
{
	size_t size = 0;

	for (int i = 0; i < depth; i++, size += strlen(open))
		memcpy(text + size, open, strlen(open));
	memcpy(text + size, inside, strlen(inside));
	size += strlen(inside);
	for (int i = 0; i < depth; i++, size += strlen(close))
		memcpy(text + size, close, strlen(close));
	return size;
}

Test(json_scan, depth_to_the_limit_and_one_past_it)
{
	char text[1024];

	for (int more = 0; more <= 1; more++) {
		const int expected = more ? -JSON_BAD : 1;
		const int depth = JSON_DEPTH_MAX + more;

		cr_assert_eq(scan_exact(text, nest(text, depth, "[", "", "]")), expected);
		cr_assert_eq(scan_exact(text, nest(text, depth, "[", "1", "]")), expected);
		cr_assert_eq(scan_exact(text, nest(text, depth, "{\"a\":", "1", "}")), expected);
		cr_assert_eq(scan_exact(text, nest(text, depth / 2, "[{\"a\":", more ? "[]" : "1", "}]")), expected);
		cr_assert_eq(scan_exact(text, nest(text, depth - 1, "[1,", "{}", ",2]")), expected);
	}
	cr_assert_eq(scan_exact(text, nest(text, 200, "[", "", "]")), -JSON_BAD);
	cr_assert_eq(scan_exact(text, nest(text, 16, "[[],", "[[[[]]]]", ",{}]")), 1, "what is closed counts no more");
}

static struct json_value values[4];

static int scan_object(const char *text)
{
	static const struct json_name names[4] = { { "op" }, { "room" }, { "presence" }, { "a" } };
	static uint8_t *exact;
	struct json_value twin[4];

	free(exact);
	exact = malloc(strlen(text) + 1);
	memcpy(exact, text, strlen(text));
	memset(values, 0xaa, sizeof(values));
	const int result = json_scan_object(values, names, 4, exact, strlen(text));

	cr_assert_eq(json_scan_object_scalar(twin, names, 4, exact, strlen(text)), result);
	for (size_t i = 0; result == 1 && i < 4; i++)
		cr_assert_eq(twin[i].type, values[i].type);
	return result;
}

static void found(size_t i, enum json_type type, const char *token)
{
	cr_assert_eq(values[i].type, type);
	cr_assert(span_equal(values[i].token, span_of(token, strlen(token))), "%.*s", (int)values[i].token.size,
		  (const char *)values[i].token.bytes);
}

Test(json_scan, finds_the_wanted_members_of_the_outermost_object)
{
	cr_assert_eq(scan_object(" { \"x\" : { \"op\" : 1 } , \"op\" : \"s\\n\" , \"room\":\t[1, {}]\n,"
				 "\"presence\":{ } } "),
		     1);
	found(0, JSON_STRING, "\"s\\n\"");
	found(1, JSON_ARRAY, "[1, {}]");
	found(2, JSON_OBJECT, "{ }");
	cr_assert_eq(values[3].type, JSON_ABSENT);
	cr_assert_eq(scan_object("{\"op\":true,\"room\":false,\"presence\":null,\"a\":-1.5e3}"), 1);
	found(0, JSON_TRUE, "true");
	found(1, JSON_FALSE, "false");
	found(2, JSON_NULL, "null");
	found(3, JSON_NUMBER, "-1.5e3");
	cr_assert_eq(scan_object("{}"), 1);
	cr_assert_eq(values[0].type, JSON_ABSENT);
}

Test(json_scan, keys_are_compared_whole_and_unescaped)
{
	cr_assert_eq(scan_object("{\"o\":1,\"opp\":2,\"presence2\":3,\"\":4,\"roo\":5,\"OP\":6,\"\\u0000\":7,"
				 "\"a\\u0000\":8,"
				 "\"\\ud800\":9,\"\\/op\":10}"),
		     1);
	for (size_t i = 0; i < 4; i++)
		cr_assert_eq(values[i].type, JSON_ABSENT, "%zu", i);
	cr_assert_eq(scan_object("{\"\\u006f\\u0070\":1,"
				 "\"\\u0070\\u0072\\u0065\\u0073\\u0065\\u006e\\u0063\\u0065\":2}"),
		     1);
	found(0, JSON_NUMBER, "1");
	found(2, JSON_NUMBER, "2");
}

Test(json_scan, a_wanted_key_twice_is_refused)
{
	cr_assert_eq(scan_object("{\"op\":1,\"op\":1}"), -JSON_TWICE);
	cr_assert_eq(scan_object("{\"op\":null,\"x\":1,\"\\u006fp\":1}"), -JSON_TWICE);
	cr_assert_eq(scan_object("{\"x\":1,\"x\":1,\"a\":{\"op\":1,\"op\":1}}"), 1);
}

Test(json_scan, only_an_object_is_one)
{
	static const char *const texts[] = {
		"",        "[]",       "1",          "\"{}\"",     "null",        "{}x",   "x{}",
		"{},",     "{\"a\"}",  "{\"a\":1,}", "{,\"a\":1}", "{",           "{\"",   "{\"a\"",
		"{\"a\":", "{\"a\":1", "{\"a\":1,",  "{\"a\":1]",  "{\"a\\\":1}", "{a:1}", "{\"a\":1\"op\":2}",
	};

	for (size_t i = 0; i < COUNT(texts); i++)
		cr_assert_eq(scan_object(texts[i]), -JSON_BAD, "%s", texts[i]);
}

Test(json_scan, an_objects_own_depth_counts)
{
	char text[256] = "{\"a\":";

	for (int depth = JSON_DEPTH_MAX; depth <= JSON_DEPTH_MAX + 1; depth++) {
		const size_t size = 5 + nest(text + 5, depth - 1, "[", "", "]");

		memcpy(text + size, "}", 2);
		cr_assert_eq(scan_object(text), depth == JSON_DEPTH_MAX ? 1 : -JSON_BAD);
	}
}

/* In an answer stands what was taken at JSON_DEPTH_MAX, and the answer is around it. */
Test(json_scan, answers_may_be_deeper)
{
	static const struct json_name name = { "a" };
	struct json_value value;
	char text[1024] = "{\"a\":";

	for (int more = 0; more <= 1; more++) {
		const int expected = more ? -JSON_BAD : 1;
		const char *const inside = more ? "[]" : "1";
		size_t size = nest(text, JSON_DEEP_MAX / 2, "[{\"b\":", inside, "}]");

		cr_expect_eq(json_scan_deep((uint8_t *)text, size), expected);
		memcpy(text, "{\"a\":", 5);
		size = 5 + nest(text + 5, JSON_DEEP_MAX / 2 - 1, "[{\"b\":", more ? "[[]]" : "[1]", "}]");
		text[size++] = '}';
		cr_expect_eq(json_scan_object_deep(&value, &name, 1, (uint8_t *)text, size), expected);
		cr_expect(more || value.token.size == size - 6);
	}
	cr_expect_eq(json_scan_deep((uint8_t *)text, nest(text, 40, "[", "{", "]")), -JSON_BAD);
	cr_expect_eq(json_scan_deep((uint8_t *)text, nest(text, 40, "[", "1", "}")), -JSON_BAD);
}
