#include <criterion/criterion.h>
#include <string.h>

#include "tools/load/worker.h"

static struct target target;
static char why[160];

static void expect(const char *url, const char *host, const char *path, uint16_t port)
{
	cr_assert(target_parse(&target, url, why), "%s: %s", url, why);
	cr_assert_str_eq(target.url, url);
	cr_assert_str_eq(target.host, host);
	cr_assert_str_eq(target.path, path);
	cr_assert_eq(target.port, port);
}

Test(target, takes_urls_apart)
{
	static const uint8_t mapped[16] = { [10] = 0xff, 0xff, 127, 0, 0, 2 }, six[16] = { [15] = 1 };

	expect("ws://127.0.0.2:8080/ws?x=1", "127.0.0.2:8080", "/ws?x=1", 8080);
	cr_assert_arr_eq(target.address, mapped, 16);
	expect("tcp://127.0.0.1:4222", "127.0.0.1:4222", "", 4222);
	expect("ws://127.0.0.1", "127.0.0.1", "", 80);
	expect("ws://127.0.0.1/", "127.0.0.1", "/", 80);
	expect("ws://[::1]:65535/a", "[::1]:65535", "/a", 65535);
	cr_assert_arr_eq(target.address, six, 16);
	expect("ws://[::1]", "[::1]", "", 80);
}

Test(target, refuses_what_is_none_and_says_why)
{
	static const char *const urls[] = {
		"",
		"http://127.0.0.1/",
		"wss://127.0.0.1/",
		"ws://",
		"ws://:80",
		"ws:///path",
		"ws://127.0.0.1:",
		"ws://127.0.0.1:0",
		"ws://127.0.0.1:65536",
		"ws://127.0.0.1:123456",
		"ws://127.0.0.1:8x/",
		"ws://127.0.0.1?x",
		"ws://[::1",
		"ws://[::1]80",
		"ws://[]:80",
		"ws://127.0.0.1/a[",
		"ws://127.0.0.1/%zz",
		"ws://127.0.0.1/a b",
		"ws://127.0.0.1/a#b",
	};

	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		why[0] = '\0';
		cr_assert_not(target_parse(&target, urls[i], why), "%s", urls[i]);
		cr_assert_neq(why[0], '\0', "%s", urls[i]);
	}
}

Test(target, a_path_up_to_its_limit)
{
	char url[256] = "ws://127.0.0.1:80/";
	const size_t head = strlen(url) - 1;

	memset(url + head + 1, 'a', sizeof(target.path) - 2);
	url[head + sizeof(target.path) - 1] = '\0';
	cr_assert(target_parse(&target, url, why), "%s", why);
	cr_assert_eq(strlen(target.path), sizeof(target.path) - 1);
	memcpy(url + strlen(url), "a", 2);
	cr_assert_not(target_parse(&target, url, why));
}
