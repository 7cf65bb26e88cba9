#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "proto/http/http_out.h"
#include "proto/http/http_response.h"

#define IS(size, out, text)                                                                                            \
	do {                                                                                                           \
		cr_assert_eq(size, sizeof(text) - 1);                                                                  \
		cr_assert_eq(memcmp(out, text, sizeof(text) - 1), 0, "%.*s", (int)(size), (char *)(out));              \
	} while (0)

Test(http_response, writes_a_head)
{
	uint8_t out[512];
	size_t size = http_response_head(out, sizeof(out), 200, "text/plain", 42, true, NULL);

	IS(size, out,
	   "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 42\r\n"
	   "Connection: keep-alive\r\n\r\n");
	size = http_response_head(out, sizeof(out), 405, NULL, 0, false, "Allow: GET\r\nVary: *\r\n");
	IS(size, out,
	   "HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\nConnection: close\r\n"
	   "Allow: GET\r\nVary: *\r\n\r\n");
	size = http_response_head(out, sizeof(out), 426, NULL, 0, false, "Upgrade: websocket\r\n");
	IS(size, out,
	   "HTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\nConnection: close, upgrade\r\n"
	   "Upgrade: websocket\r\n\r\n");
}

Test(http_response, says_no_length_where_it_would_be_wrong)
{
	static const int without[] = { 101, 204, 304 };
	uint8_t out[512];

	for (size_t i = 0; i < 3; i++) {
		const size_t size = http_response_head(out, sizeof(out), without[i], NULL, 0, true, NULL);

		cr_assert_null(memmem(out, size, "Content-Length", 14), "%d", without[i]);
	}
}

Test(http_response, fits_exactly_or_not_at_all)
{
	uint8_t out[512];
	const size_t size = http_response_head(out, sizeof(out), 200, "text/html", UINT64_MAX, true, "A: b\r\n");

	cr_assert_not_null(memmem(out, size, ": 18446744073709551615\r\n", 24));
	for (size_t capacity = 0; capacity <= size; capacity++) {
		uint8_t *const exact = malloc(capacity ? capacity : 1);
		const size_t got = http_response_head(exact, capacity, 200, "text/html", UINT64_MAX, true, "A: b\r\n");

		cr_assert_eq(got, capacity < size ? 0 : size, "capacity %zu", capacity);
		if (got > 0)
			cr_assert_eq(memcmp(exact, out, size), 0);
		free(exact);
	}
}

Test(http_response, every_status_has_its_phrase)
{
#define HTTP_STATUS(code, text) cr_assert_str_eq(http_status_text(code), text);
#include "proto/http/tbl/statuses.h"
#undef HTTP_STATUS
	cr_assert_null(http_status_text(299));
}

Test(http_response, writes_numbers)
{
	static const struct {
		uint64_t number;
		const char *text;
	} rows[] = {
		{ 0, "0" }, { 9, "9" }, { 10, "10" }, { 8192, "8192" }, { UINT64_MAX, "18446744073709551615" },
	};
	uint8_t bytes[20];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct http_out out = { .bytes = bytes, .capacity = sizeof(bytes) };

		http_out_number(&out, rows[i].number);
		cr_assert_eq(out.size, strlen(rows[i].text));
		cr_assert_eq(memcmp(bytes, rows[i].text, out.size), 0);
	}
}
