/* Every row is parsed whole, and grown byte by byte with `scanned` as an engine
 * would; the answers must be the same. All bytes lie in exact allocations. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "proto/http/http_head.h"

static struct http_head head;
static uint8_t *kept;

static int parse_exact(const void *bytes, size_t size, size_t scanned)
{
	struct http_head plain;

	free(kept);
	kept = malloc(size ? size : 1);
	memcpy(kept, bytes, size);
	const int result = http_head_parse(&head, kept, size, scanned);

	cr_assert_eq(http_head_parse_scalar(&plain, kept, size, scanned), result, "the plain twin");
	return result;
}

/* Byte by byte until there is an answer; it must come to the same, and need not come later. */
static void check_growing(const uint8_t *bytes, size_t size, int expected, size_t step)
{
	size_t scanned = 0;
	int result = 0;

	while (result == 0 && scanned < size) {
		const size_t more = size - scanned < step ? size - scanned : step;

		result = parse_exact(bytes, scanned + more, scanned);
		scanned += more;
	}
	cr_assert_eq(result, expected, "%d by %zu instead of %d: %.80s", result, step, expected, (char *)bytes);
}

static int parse(const void *bytes, size_t size)
{
	const int expected = parse_exact(bytes, size, 0);

	check_growing(bytes, size, expected, 1);
	check_growing(bytes, size, expected, 2);
	check_growing(bytes, size, expected, 7);
	return parse_exact(bytes, size, 0);
}

#define PARSE(text) parse(text, sizeof(text) - 1)
#define FIELDS(text) PARSE("GET / HTTP/1.1\r\nHost: a\r\n" text "\r\n")
#define LINE(text) PARSE(text "\r\nHost: a\r\n\r\n")
#define REFUSED(status, call) cr_assert_eq(call, -(status), "%s", #call)
#define TAKEN(call) cr_assert_gt(call, 0, "%s", #call)
#define IS(span, text) cr_assert(span_equal(span, SPAN(text)), "%.*s", (int)(span).size, (char *)(span).bytes)

Test(http_head, reads_the_handshake_of_the_rfc)
{
	static const char text[] = "GET /chat?room=a&b HTTP/1.1\r\n"
				   "Host: server.example.com\r\n"
				   "Upgrade: websocket\r\n"
				   "Connection: keep-alive, Upgrade\r\n"
				   "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
				   "Origin:http://example.com\r\n"
				   "Empty: \t \r\n"
				   "Sec-WebSocket-Version:  13 \t\r\n\r\n";

	cr_assert_eq(PARSE(text), sizeof(text) - 1);
	IS(head.method, "GET");
	IS(head.target, "/chat?room=a&b");
	IS(head.path, "/chat");
	IS(head.query, "room=a&b");
	IS(head.host, "server.example.com");
	cr_assert_eq(head.minor, 1);
	cr_assert_eq(head.field_count, 7);
	cr_assert(head.keep_alive && !head.has_body);
	IS(http_head_field(&head, "sec-websocket-version"), "13");
	IS(http_head_field(&head, "ORIGIN"), "http://example.com");
	IS(http_head_field(&head, "empty"), "");
	cr_assert_null(http_head_field(&head, "cookie").bytes);
	cr_assert_null(http_head_field(&head, "origi").bytes);
	cr_assert(http_head_has_token(&head, "connection", "upgrade"));
	cr_assert_not(http_head_has_token(&head, "connection", "close"));
}

Test(http_head, stops_where_the_head_ends)
{
	cr_assert_eq(PARSE("GET / HTTP/1.1\r\nHost: a\r\n\r\n\x81\x80\n\r\n\r\n"), 27);
	cr_assert_eq(PARSE("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\n"), 27);
	cr_assert_eq(PARSE("GET / HTTP/1.1\r\nHost: a\r\n\r"), 0);
	cr_assert_eq(PARSE(""), 0);
}

Test(http_head, lets_one_empty_line_pass_before_the_head)
{
	cr_assert_eq(PARSE("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"), 29);
	IS(head.method, "GET");
	REFUSED(400, PARSE("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"));
	REFUSED(400, PARSE("\r\n\r\n"));
	REFUSED(400, PARSE("\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"));
	REFUSED(400, PARSE("\r\n\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"));
}

Test(http_head, takes_the_four_forms_of_a_target)
{
	TAKEN(LINE("GET /a/b%20c HTTP/1.1"));
	IS(head.path, "/a/b%20c");
	cr_assert_null(head.query.bytes);
	TAKEN(LINE("GET /? HTTP/1.1"));
	IS(head.query, "");
	TAKEN(LINE("GET /?a?b HTTP/1.1"));
	IS(head.query, "a?b");
	TAKEN(PARSE("GET http://Example.org:80/ws?x=1 HTTP/1.1\r\nHost: example.org:80\r\n\r\n"));
	IS(head.path, "/ws");
	IS(head.query, "x=1");
	IS(head.host, "example.org:80");
	TAKEN(PARSE("GET HTTPS://[::1] HTTP/1.1\r\nHost: [::1]\r\n\r\n"));
	IS(head.path, "/");
	TAKEN(LINE("GET http://a?x HTTP/1.1"));
	IS(head.path, "/");
	IS(head.query, "x");
	TAKEN(LINE("OPTIONS * HTTP/1.1"));
	IS(head.path, "*");
	TAKEN(LINE("CONNECT a HTTP/1.1"));
	IS(head.path, "");
	REFUSED(400, LINE("GET * HTTP/1.1"));
	REFUSED(400, LINE("GET chat HTTP/1.1"));
	REFUSED(400, LINE("GET example.org:443 HTTP/1.1"));
	REFUSED(400, LINE("CONNECT /chat HTTP/1.1"));
	REFUSED(400, LINE("GET ftp://a/ HTTP/1.1"));
	REFUSED(400, LINE("GET ws://a/ HTTP/1.1"));
	REFUSED(400, LINE("GET http:/a HTTP/1.1"));
	REFUSED(400, LINE("GET http:// HTTP/1.1"));
	REFUSED(400, LINE("GET http:///a HTTP/1.1"));
	REFUSED(400, LINE("GET http://user@a/ HTTP/1.1"));
	REFUSED(400, LINE("GET :// HTTP/1.1"));
	REFUSED(400, LINE("GET /a#b HTTP/1.1"));
	REFUSED(400, LINE("GET /\xc3\xa9 HTTP/1.1"));
}

Test(http_head, a_request_line_is_three_words_and_two_spaces)
{
	TAKEN(LINE("M-SEARCH / HTTP/1.1"));
	IS(head.method, "M-SEARCH");
	REFUSED(400, LINE("GET  / HTTP/1.1"));
	REFUSED(400, LINE("GET /  HTTP/1.1"));
	REFUSED(400, LINE("GET / HTTP/1.1 "));
	REFUSED(400, LINE(" GET / HTTP/1.1"));
	REFUSED(400, LINE("GET\t/ HTTP/1.1"));
	REFUSED(400, LINE("GET / a HTTP/1.1"));
	REFUSED(400, LINE("GET /"));
	REFUSED(400, LINE("GET"));
	REFUSED(400, LINE(" / HTTP/1.1"));
	REFUSED(400, LINE("G@T / HTTP/1.1"));
	REFUSED(400, LINE("G\xc3T / HTTP/1.1"));
	REFUSED(400, LINE("G(T / HTTP/1.1"));
	REFUSED(400, LINE("Host: a"));
	REFUSED(400, PARSE("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"));
}

Test(http_head, takes_versions_1_0_and_1_1)
{
	TAKEN(PARSE("GET / HTTP/1.0\r\n\r\n"));
	cr_assert_eq(head.minor, 0);
	cr_assert_null(head.host.bytes);
	REFUSED(505, LINE("GET / HTTP/1.2"));
	REFUSED(505, LINE("GET / HTTP/2.0"));
	REFUSED(505, LINE("GET / HTTP/0.9"));
	REFUSED(505, PARSE("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"));
	REFUSED(400, LINE("GET / HTTP/1"));
	REFUSED(400, LINE("GET / HTTP/1.11"));
	REFUSED(400, LINE("GET / http/1.1"));
	REFUSED(400, LINE("GET / HTTP/1,1"));
	REFUSED(400, LINE("GET / HTTP/x.1"));
	REFUSED(400, LINE("GET / HTTP/1.x"));
}

Test(http_head, refuses_lines_that_two_readers_split_differently)
{
	REFUSED(400, PARSE("GET / HTTP/1.1\nHost: a\n\n"));
	REFUSED(400, FIELDS("A: b\nC: d\r\n"));
	REFUSED(400, FIELDS("A: b\rC: d\r\n"));
	REFUSED(400, FIELDS("A: b\r\r\n"));
	REFUSED(400, FIELDS("A: b\r\n c\r\n"));
	REFUSED(400, FIELDS("A: b\r\n\tc\r\n"));
	REFUSED(400, PARSE("GET / HTTP/1.1\r\n Host: a\r\n\r\n"));
	REFUSED(400, FIELDS("A : b\r\n"));
	REFUSED(400, FIELDS("A\t: b\r\n"));
	REFUSED(400, FIELDS(": b\r\n"));
	REFUSED(400, FIELDS("A b\r\n"));
	REFUSED(400, FIELDS("A(b): c\r\n"));
	REFUSED(400, FIELDS("\xc3\xa9: c\r\n"));
}

Test(http_head, refuses_every_control_character)
{
	char text[] = "GET / HTTP/1.1\r\nHost: a\r\nA: 0123456789abcdef0123456789abcdef\r\n\r\n";

	for (size_t at = 28; at < sizeof(text) - 5; at++) {
		for (int byte = 0; byte <= 0xff; byte++) {
			const char before = text[at];
			const bool bad = (byte < 0x20 && byte != '\t') || byte == 0x7f;

			text[at] = (char)byte;
			cr_assert_eq(parse_exact(text, sizeof(text) - 1, 0) == -400, bad, "%02x at %zu", byte, at);
			text[at] = before;
		}
	}
}

Test(http_head, an_http_1_1_request_names_one_host)
{
	REFUSED(400, PARSE("GET / HTTP/1.1\r\n\r\n"));
	REFUSED(400, PARSE("GET / HTTP/1.1\r\nHost:\r\n\r\n"));
	REFUSED(400, PARSE("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"));
	REFUSED(400, PARSE("GET http://a/ HTTP/1.1\r\n\r\n"));
	REFUSED(400, FIELDS("Host: a\r\n"));
	REFUSED(400, FIELDS("hOST: b\r\n"));
	REFUSED(400, PARSE("GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n"));
	REFUSED(400, PARSE("GET / HTTP/1.0\r\nHost: a b\r\n\r\n"));
	TAKEN(PARSE("GET / HTTP/1.0\r\nHost: a\r\n\r\n"));
	IS(head.host, "a");
}

Test(http_head, who_asks_may_ask_for_what_is_answered)
{
	static const char *const good[] = { "/", "/ws", "//", "/a?b[c]", "/a?", "/%41%ff?%", "/a:b@c;d=e,f" };
	static const char *const bad[] = {
		"",   "a",   "*",    "?a",  "/a b", "/a#b",   "/a[",   "/a{?b",
		"/%", "/%4", "/%zz", "/a^", "/a\"", "/a?<b>", "/\x7f", "http://a/",
	};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		cr_assert(http_target_is_valid(span_of(good[i], strlen(good[i]))), "%s", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_assert_not(http_target_is_valid(span_of(bad[i], strlen(bad[i]))), "%s", bad[i]);
}

Test(http_head, the_target_names_no_other_host)
{
	REFUSED(400, LINE("GET http://b/ HTTP/1.1"));
	REFUSED(400, LINE("GET http://a:80/ HTTP/1.1"));
	REFUSED(400, LINE("CONNECT a:443 HTTP/1.1"));
	TAKEN(LINE("GET http://A/ HTTP/1.1"));
	TAKEN(PARSE("GET http://b/ HTTP/1.0\r\n\r\n"));
	IS(head.host, "b");
}

Test(http_head, says_what_a_refusal_is_for)
{
	REFUSED(400, FIELDS("Host: a\r\n"));
	cr_assert_eq(head.refusal, HTTP_REFUSED_host_twice);
	cr_assert_str_eq(http_refusal_name(head.refusal), "host_twice");
	cr_assert_str_eq(http_refusal_text(head.refusal), "more than one Host");
	TAKEN(FIELDS(""));
	cr_assert_eq(head.refusal, HTTP_REFUSED_NOT);
	cr_assert_str_eq(http_refusal_text(head.refusal), "");
}

Test(http_head, a_length_is_said_once_and_in_digits)
{
	TAKEN(FIELDS("Content-Length: 0\r\n"));
	cr_assert_not(head.has_body);
	TAKEN(FIELDS("Content-Length: 0042\r\n"));
	cr_assert(head.has_body);
	cr_assert_eq(head.content_length, 42);
	TAKEN(FIELDS("Content-Length: 18446744073709551615\r\n"));
	cr_assert_eq(head.content_length, UINT64_MAX);
	REFUSED(400, FIELDS("Content-Length: 18446744073709551616\r\n"));
	REFUSED(400, FIELDS("Content-Length: 99999999999999999999\r\n"));
	REFUSED(400, FIELDS("Content-Length: 5\r\nContent-Length: 5\r\n"));
	REFUSED(400, FIELDS("Content-Length: 5\r\ncontent-length: 6\r\n"));
	REFUSED(400, FIELDS("Content-Length: 5, 5\r\n"));
	REFUSED(400, FIELDS("Content-Length:\r\n"));
	REFUSED(400, FIELDS("Content-Length: +5\r\n"));
	REFUSED(400, FIELDS("Content-Length: -5\r\n"));
	REFUSED(400, FIELDS("Content-Length: 0x5\r\n"));
	REFUSED(400, FIELDS("Content-Length: 5 5\r\n"));
	REFUSED(400, FIELDS("Content-Length: 5:\r\n"));
	REFUSED(400, FIELDS("Content-Length: \xb2\r\n"));
}

Test(http_head, refuses_transfer_codings)
{
	REFUSED(501, FIELDS("Transfer-Encoding: chunked\r\n"));
	REFUSED(501, FIELDS("Transfer-Encoding: identity\r\n"));
	REFUSED(501, FIELDS("transfer-encoding:\r\n"));
	REFUSED(400, FIELDS("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"));
	REFUSED(400, FIELDS("Content-Length: 5\r\nTransfer-Encoding: xchunked\r\n"));
	REFUSED(400, FIELDS("Transfer-Encoding : chunked\r\n"));
	REFUSED(400, PARSE("GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"));
}

Test(http_head, a_handshake_has_no_body)
{
	REFUSED(400, FIELDS("Upgrade: websocket\r\nContent-Length: 1\r\n"));
	TAKEN(FIELDS("Upgrade: websocket\r\nContent-Length: 0\r\n"));
	TAKEN(FIELDS("Content-Length: 1\r\n"));
	TAKEN(PARSE("POST / HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nContent-Length: 1\r\n\r\n"));
}

Test(http_head, keeps_the_connection_as_the_version_and_the_client_say)
{
	TAKEN(FIELDS(""));
	cr_assert(head.keep_alive);
	TAKEN(FIELDS("Connection: foo\r\nConnection: bar, Close\r\n"));
	cr_assert_not(head.keep_alive);
	TAKEN(PARSE("GET / HTTP/1.0\r\n\r\n"));
	cr_assert_not(head.keep_alive);
	TAKEN(PARSE("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"));
	cr_assert(head.keep_alive);
	TAKEN(PARSE("GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n"));
	cr_assert_not(head.keep_alive);
}

/* A head of exactly that size, filled up with one long field. */
static int parse_sized(size_t size)
{
	static const char start[] = "GET / HTTP/1.1\r\nHost: a\r\nPad: ";
	uint8_t *const text = malloc(size);

	memset(text, 'x', size);
	memcpy(text, start, sizeof(start) - 1);
	memcpy(text + size - 4, "\r\n\r\n", 4);
	const int result = parse_exact(text, size, 0);

	check_growing(text, size, result, 61);
	free(text);
	return result;
}

Test(http_head, a_head_may_be_8192_bytes_and_no_larger)
{
	cr_assert_eq(parse_sized(HTTP_HEAD_SIZE_MAX), HTTP_HEAD_SIZE_MAX);
	cr_assert_eq(parse_sized(HTTP_HEAD_SIZE_MAX + 1), -431);
	cr_assert_eq(parse_sized(HTTP_HEAD_SIZE_MAX + 2), -431);
	cr_assert_eq(parse_sized(3 * HTTP_HEAD_SIZE_MAX), -431);
}

static int parse_target(size_t size)
{
	uint8_t text[3 * HTTP_HEAD_SIZE_MAX];

	memcpy(text, "GET /", 5);
	memset(text + 5, 'a', size - 1);
	memcpy(text + 4 + size, " HTTP/1.1\r\nHost: a\r\n\r\n", 22);
	const int result = parse_exact(text, 4 + size + 22, 0);

	check_growing(text, 4 + size + 22, result, 61);
	return result;
}

Test(http_head, a_target_may_be_2048_bytes_and_no_larger)
{
	cr_assert_eq(parse_target(HTTP_TARGET_SIZE_MAX), HTTP_TARGET_SIZE_MAX + 26);
	cr_assert_eq(parse_target(HTTP_TARGET_SIZE_MAX + 1), -414);
	cr_assert_eq(parse_target(2 * HTTP_HEAD_SIZE_MAX), -414, "not even the line ends");
}

static int parse_count(size_t count)
{
	static const char start[] = "GET / HTTP/1.1\r\nHost: a\r\n";
	char text[HTTP_HEAD_SIZE_MAX];
	size_t size = sizeof(start) - 1;

	memcpy(text, start, size);
	for (size_t i = 1; i < count; i++, size += 6)
		memcpy(text + size, "A: b\r\n", 6);
	memcpy(text + size, "\r\n", 2);
	return parse(text, size + 2);
}

Test(http_head, a_hundred_fields_and_no_more)
{
	TAKEN(parse_count(HTTP_FIELDS_MAX));
	cr_assert_eq(head.field_count, HTTP_FIELDS_MAX);
	REFUSED(431, parse_count(HTTP_FIELDS_MAX + 1));
}

Test(http_head, looks_at_each_byte_but_once)
{
	uint8_t text[4096];

	/* What was scanned before is not judged again, but for three bytes that an end may have begun in. */
	memset(text, 'a', sizeof(text));
	text[3000] = 0;
	cr_assert_eq(parse_exact(text, sizeof(text), 3004), 0);
	cr_assert_eq(parse_exact(text, sizeof(text), 3003), -400);
}
