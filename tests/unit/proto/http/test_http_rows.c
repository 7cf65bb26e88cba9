/* The table of strictness (tests/conformance/http) as far as a head alone can tell: what is refused, and for what. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "proto/http/http_head.h"

#define GOOD "GET /healthz HTTP/1.1\r\nHost: a\r\n"
#define SHAKE                                                                                                          \
	"GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"                                 \
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
#define HTTP_REFUSED_not HTTP_REFUSED_NOT

#define HTTP_BYTES(name, text, refusal, verdict, source)                                                               \
	{ #name, text, sizeof(text) - 1, HTTP_REFUSED_##refusal, verdict },
#define HTTP_LINE(name, text, refusal, verdict, source)                                                                \
	HTTP_BYTES(name, text "\r\nHost: a\r\n\r\n", refusal, verdict, source)
#define HTTP_FIELDS(name, text, refusal, verdict, source) HTTP_BYTES(name, GOOD text "\r\n", refusal, verdict, source)
#define HTTP_SHAKE(name, text, refusal, verdict, source) HTTP_BYTES(name, SHAKE text "\r\n", refusal, verdict, source)

static const struct row {
	const char *name, *text;
	size_t size;
	enum http_refusal refusal;
	const char *verdict;
} rows[] = {
#include "tests/conformance/http/tbl/rows.h"
};

/* {x*9} is x nine times. */
static size_t expand(uint8_t *out, size_t capacity, const struct row *row)
{
	size_t used = 0;

	for (size_t at = 0; at < row->size; at++) {
		const char *const end = row->text[at] == '{' ? memchr(row->text + at, '}', row->size - at) : NULL;

		if (!end) {
			out[used++] = (uint8_t)row->text[at];
			continue;
		}
		const char *const star = memrchr(row->text + at, '*', (size_t)(end - row->text) - at);
		const size_t size = (size_t)(star - (row->text + at + 1));

		for (unsigned long left = strtoul(star + 1, NULL, 10); left > 0; left--, used += size) {
			cr_assert_lt(used + size, capacity);
			memcpy(out + used, row->text + at + 1, size);
		}
		at = (size_t)(end - row->text);
	}
	return used;
}

static void check(const struct row *row)
{
	static uint8_t text[32768];
	const size_t size = expand(text, sizeof(text), row);
	uint8_t *const exact = malloc(size);
	struct http_head head;

	memcpy(exact, text, size);
	const int result = http_head_parse(&head, exact, size, 0);

	if (row->refusal != HTTP_REFUSED_NOT)
		cr_expect(result < 0 && head.refusal == row->refusal, "%s: %d for %s", row->name, result,
			  http_refusal_name(head.refusal));
	else if (strcmp(row->verdict, "wait") == 0)
		cr_expect_eq(result, 0, "%s: %d", row->name, result);
	else
		cr_expect_gt(result, 0, "%s: %d for %s", row->name, result, http_refusal_name(head.refusal));
	if (result < 0)
		cr_expect_eq(-result, (int)strtol(row->verdict, NULL, 10), "%s: %d", row->name, result);
	free(exact);
}

Test(http_rows, each_is_read_as_the_table_says)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check(&rows[i]);
}

/* A row of the table for each row of refusals: none is there without a reason. */
Test(http_rows, every_refusal_has_a_row)
{
	for (int refusal = 1; refusal < HTTP_REFUSED_COUNT; refusal++) {
		size_t count = 0;

		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
			count += (int)rows[i].refusal == refusal;
		cr_expect_gt(count, 0, "%s", http_refusal_name((enum http_refusal)refusal));
	}
}
