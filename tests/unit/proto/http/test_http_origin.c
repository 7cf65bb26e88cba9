/* Origins: which are written as browsers do, which are the server's own, and which a list lets in. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "proto/http/http_origin.h"

/* An allocation of exactly its size for each, so that reading past it is seen. */
static struct span exact(const char *text)
{
	uint8_t *const bytes = malloc(strlen(text) + !*text);

	memcpy(bytes, text, strlen(text));
	return span_of(bytes, strlen(text));
}

static bool is_valid(const char *origin)
{
	const struct span text = exact(origin);
	const bool result = http_origin_is_valid(text);

	free((void *)text.bytes);
	return result;
}

static bool is_same(const char *origin, const char *host)
{
	const struct span a = exact(origin), b = exact(host);
	const bool result = http_origin_is_same(a, b);

	free((void *)a.bytes);
	free((void *)b.bytes);
	return result;
}

static bool is_allowed(const char *list, const char *origin)
{
	const struct span a = exact(list), b = exact(origin);

	cr_assert(http_origins_are_valid(a), "%s", list);
	const bool result = http_origin_is_allowed(a, b, SPAN("chat.example.org:8080"));

	free((void *)a.bytes);
	free((void *)b.bytes);
	return result;
}

Test(http_origin, is_written_as_browsers_write_it)
{
	static const char *const right[] = {
		"http://a",
		"https://example.org",
		"http://example.org:8080",
		"https://example.org:80",
		"http://a:443",
		"http://10.0.0.1:1",
		"http://[::1]:8080",
		"https://[2001:db8::1]",
		"chrome-extension://abcdef",
		"capacitor://localhost",
		"https://xn--bcher-kva.example",
		"http://a:65535",
	};
	static const char *const wrong[] = {
		"",
		"null",
		"*",
		"same",
		"a",
		"example.org",
		"//example.org",
		"://a",
		"http:/a",
		"http://",
		"https:///",
		"https://example.org/",
		"https://example.org/x",
		"https://example.org?x",
		"https://example.org#x",
		"https://user@example.org",
		"HTTP://example.org",
		"http://Example.org",
		"http://example.org:80",
		"https://example.org:443",
		"http://example.org:",
		"http://a:65536",
		"http://a b",
		"http://a,http://b",
		"http://[::1",
		"1http://a",
		"ht_tp://a",
		"http://a\\",
		"http://a:8080/",
		"http://a\r\nX: y",
	};

	for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++)
		cr_assert(is_valid(right[i]), "%s", right[i]);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		cr_assert_not(is_valid(wrong[i]), "%s", wrong[i]);
}

Test(http_origin, is_the_servers_own_by_host_and_port)
{
	cr_assert(is_same("http://127.0.0.1:8080", "127.0.0.1:8080"));
	cr_assert(is_same("https://127.0.0.1:8080", "127.0.0.1:8080"), "a proxy took TLS off");
	cr_assert(is_same("http://example.org", "example.org"));
	cr_assert(is_same("http://example.org", "Example.ORG:80"));
	cr_assert(is_same("https://example.org", "example.org:443"));
	cr_assert(is_same("https://example.org", "example.org:"));
	cr_assert(is_same("http://[::1]:8080", "[::1]:8080"));
	cr_assert(is_same("http://[::1]", "[::1]"));
	cr_assert_not(is_same("http://example.org", "example.org:443"));
	cr_assert_not(is_same("http://example.org:8080", "example.org"));
	cr_assert_not(is_same("http://example.org", "example.org:8080"));
	cr_assert_not(is_same("http://example.org.evil.example", "example.org"));
	cr_assert_not(is_same("http://evil-example.org", "example.org"));
	cr_assert_not(is_same("http://example.or", "example.org"));
	cr_assert_not(is_same("null", "null"));
	cr_assert_not(is_same("", ""));
	cr_assert_not(is_same("app://localhost", "localhost"), "whose port nobody knows");
	cr_assert_not(http_origin_is_same(SPAN("http://a"), SPAN_NONE), "HTTP/1.0 without a Host");
}

Test(http_origin, a_list_has_origins_and_two_words)
{
	cr_assert(http_origins_are_valid(SPAN("")));
	cr_assert(http_origins_are_valid(SPAN(" , ")));
	cr_assert(http_origins_are_valid(SPAN("same, https://a\thttps://b:1 *")));
	cr_assert_not(http_origins_are_valid(SPAN("null")));
	cr_assert_not(http_origins_are_valid(SPAN("same https://a/")));
	cr_assert_not(http_origins_are_valid(SPAN("https://*.example.org")));
	cr_assert_not(http_origins_are_valid(SPAN("Same")));
}

Test(http_origin, a_list_lets_in_who_stands_in_it)
{
	cr_assert(is_allowed("same", "http://chat.example.org:8080"));
	cr_assert_not(is_allowed("same", "http://example.org"));
	cr_assert_not(is_allowed("same", "null"));
	cr_assert_not(is_allowed("same", "same"), "what a list says of itself is no origin");
	cr_assert_not(is_allowed("https://a same", "same"));
	cr_assert(is_allowed("https://a,https://b", "https://a"));
	cr_assert(is_allowed("https://a,https://b", "https://b"));
	cr_assert_not(is_allowed("https://a,https://b", "https://c"));
	cr_assert_not(is_allowed("https://a,https://b", "http://a"), "the scheme counts");
	cr_assert_not(is_allowed("https://a", "https://a:444"));
	cr_assert_not(is_allowed("https://a", "https://A"));
	cr_assert_not(is_allowed("https://a", "null"));
	cr_assert_not(is_allowed("https://a", "http://chat.example.org:8080"), "itself only when it says so");
	cr_assert(is_allowed("https://a same", "http://chat.example.org:8080"));
	cr_assert_not(is_allowed("https://ab", "https://a"));
	cr_assert_not(is_allowed("https://a", "https://ab"));
	cr_assert(is_allowed("*", "null"));
	cr_assert(is_allowed("*", "https://c"));
	cr_assert_not(is_allowed("", "https://c"));
	cr_assert_not(is_allowed("https://a", ""));
}
