#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "proto/ws/ws_close.h"

static struct ws_close parsed;
static uint8_t *payload;

static int parse(const void *bytes, size_t size)
{
	free(payload);
	payload = malloc(size ? size : 1);
	memcpy(payload, bytes, size);
	parsed = (struct ws_close){ .code = 1 };
	return ws_close_parse(&parsed, payload, size);
}

static int parse_code(uint32_t code)
{
	const uint8_t bytes[2] = { (uint8_t)(code >> 8), (uint8_t)code };

	return parse(bytes, 2);
}

Test(ws_close, an_empty_payload_names_no_code)
{
	cr_assert_eq(parse("", 0), 1);
	cr_assert_eq(parsed.code, 1005);
	cr_assert_eq(parsed.reason.size, 0);
	cr_assert_not_null(parsed.reason.bytes);
}

Test(ws_close, reads_code_and_reason)
{
	cr_assert_eq(parse("\x03\xe8"
			   "bye",
			   5),
		     1);
	cr_assert_eq(parsed.code, 1000);
	cr_assert(span_equal(parsed.reason, SPAN("bye")));
	cr_assert_eq(parse("\x03", 1), -1002, "half a code");
	cr_assert_eq(parsed.code, 1, "not written");
}

Test(ws_close, takes_every_code_that_may_be_sent_and_no_other)
{
	for (uint32_t code = 0; code <= UINT16_MAX; code++) {
		const bool right = (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
				   (code >= 3000 && code <= 4999);

		cr_assert_eq(parse_code(code), right ? 1 : -1002, "%u", code);
		if (right)
			cr_assert_eq(parsed.code, code);
	}
}

Test(ws_close, a_reason_is_utf8_and_fits_a_control_frame)
{
	uint8_t bytes[126] = { 0x03, 0xe8 };

	memset(bytes + 2, 'x', sizeof(bytes) - 2);
	cr_assert_eq(parse(bytes, 125), 1);
	cr_assert_eq(parsed.reason.size, 123);
	cr_assert_eq(parse(bytes, 126), -1002);
	cr_assert_eq(parse("\x03\xe8\xce\xba", 4), 1);
	cr_assert_eq(parse("\x03\xe8\xce", 3), -1007, "not whole");
	cr_assert_eq(parse("\x03\xe8\xff", 3), -1007);
	cr_assert_eq(parse("\x03\xee\xff", 3), -1002, "the code comes first");
}

Test(ws_close, what_is_written_can_be_read)
{
	uint8_t bytes[WS_CLOSE_PAYLOAD_MAX];
	const size_t size = ws_close_write(bytes, 4408, "hello_timeout", 13);

	cr_assert_eq(size, 15);
	cr_assert_eq(parse(bytes, size), 1);
	cr_assert_eq(parsed.code, 4408);
	cr_assert(span_equal(parsed.reason, SPAN("hello_timeout")));
	cr_assert_eq(ws_close_write(bytes, 1000, NULL, 0), 2);
	cr_assert_eq(memcmp(bytes, "\x03\xe8", 2), 0);
}

Test(ws_close, a_long_reason_is_cut_before_a_character)
{
	uint8_t *const out = malloc(WS_CLOSE_PAYLOAD_MAX);
	char reason[200];

	for (size_t lead = 0; lead < 3; lead++) {
		memset(reason, 'x', lead);
		for (size_t at = lead; at + 3 <= sizeof(reason); at += 3)
			memcpy(reason + at, "\xe2\x89\xa2", 3);
		const size_t size = ws_close_write(out, 1001, reason, 123 + 60);

		cr_assert_eq(size, 2 + lead + (123 - lead) / 3 * 3, "behind %zu", lead);
		cr_assert_eq(parse(out, size), 1);
	}
	memset(reason, 'x', sizeof(reason));
	cr_assert_eq(ws_close_write(out, 1001, reason, 123), 125);
	cr_assert_eq(ws_close_write(out, 1001, reason, 124), 125);
	free(out);
}
