#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "proto/http/http_url.h"

/* From a copy of exactly its size, so that reading past it is seen. */
static bool parse(struct http_url *url, const char *text, uint8_t **exact)
{
	const size_t size = strlen(text);

	*exact = malloc(size ? size : 1);
	memcpy(*exact, text, size);
	return http_url_parse(url, span_of(*exact, size));
}

Test(http_url, is_cut_into_its_parts)
{
	static const struct {
		const char *text, *host, *path;
		bool secure;
		uint16_t port;
	} rows[] = {
		{ "http://a", "a", "", false, 80 },
		{ "https://a", "a", "", true, 443 },
		{ "http://127.0.0.1:8080/hook", "127.0.0.1", "/hook", false, 8080 },
		{ "https://[::1]:65535/a?b=c&d", "[::1]", "/a?b=c&d", true, 65535 },
		{ "http://[::1]", "[::1]", "", false, 80 },
		{ "http://a.example?x", "a.example", "?x", false, 80 },
		{ "http://a:1/http://b", "a", "/http://b", false, 1 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct http_url url;
		uint8_t *exact;

		cr_assert(parse(&url, rows[i].text, &exact), "%s", rows[i].text);
		cr_assert(span_equal(url.host, span_of(rows[i].host, strlen(rows[i].host))), "%s", rows[i].text);
		cr_assert(span_equal(url.path, span_of(rows[i].path, strlen(rows[i].path))), "%s", rows[i].text);
		cr_assert_eq(url.secure, rows[i].secure, "%s", rows[i].text);
		cr_assert_eq(url.port, rows[i].port, "%s", rows[i].text);
		free(exact);
	}
}

Test(http_url, what_is_none)
{
	static const char *const rows[] = {
		"",
		"http",
		"http:",
		"http:/a",
		"http://",
		"http:///a",
		"HTTP://a",
		"ftp://a",
		"file:///etc",
		"gopher://a",
		"//a",
		"http://:80",
		"http://a:",
		"http://a:0",
		"http://a:x",
		"http://a:65536",
		"http://a:999999999999",
		"http://u@a",
		"http://u:p@a/",
		"http://a/ b",
		"http://a/\n",
		"http://a/\x7f",
		"http://a/#f",
		"http://a/\xc3\xa4",
		"http://a b/",
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct http_url url;
		uint8_t *exact;

		cr_assert_not(parse(&url, rows[i], &exact), "%s", rows[i]);
		free(exact);
	}
}

Test(http_url, a_host_at_its_limit_and_past_it)
{
	char text[7 + 256 + 1] = "http://";
	struct http_url url;
	uint8_t *exact;

	for (size_t i = 0; i < 255; i++)
		text[7 + i] = i % 32 == 31 ? '.' : 'a';
	cr_assert(parse(&url, text, &exact));
	free(exact);
	text[7 + 255] = 'a';
	cr_assert_not(parse(&url, text, &exact));
	free(exact);
}
