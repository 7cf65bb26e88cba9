/* Lists of networks: how they are written, and who is in them. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <string.h>

#include "engine/net/networks.h"

static struct networks networks;

static bool have(const char *text)
{
	struct ring_address address = { .port = 1 };

	if (strchr(text, ':')) {
		cr_assert_eq(inet_pton(AF_INET6, text, address.bytes), 1);
	} else {
		memset(address.bytes + 10, 0xff, 2);
		cr_assert_eq(inet_pton(AF_INET, text, address.bytes + 12), 1);
	}
	return networks_have(&networks, &address);
}

Test(networks, how_they_are_written)
{
	static const char *const right[] = { "",         " , ",       "10.0.0.0/8",
					     "10.0.0.1", "0.0.0.0/0", "::/0",
					     "::1",      "::1/128",   "10.0.0.1/32,10.0.0.2 ::1" };
	static const char *const wrong[] = { "10",          "10.0.0.0/33", "10.0.0.0/",   "10.0.0.0/-1",
					     "10.0.0.0/8x", "::/129",      "::1/",        "10.0.0.0/08888",
					     "a",           "10.0.0.256",  "10.0.0.0//8", "/8",
					     "::g" };

	for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++)
		cr_assert_eq(networks_parse(&networks, right[i]), 0, "%s", right[i]);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		cr_assert_eq(networks_parse(&networks, wrong[i]), -1, "%s", wrong[i]);
}

Test(networks, as_many_as_there_is_room_for)
{
	char text[NETWORKS_MAX * 9 + 16] = "";

	for (int i = 0; i < NETWORKS_MAX; i++)
		memcpy(text + strlen(text), "10.0.0.1 ", 10);
	cr_assert_eq(networks_parse(&networks, text), 0);
	cr_assert_eq(networks.count, NETWORKS_MAX);
	memcpy(text + strlen(text), "10.0.0.1", 9);
	cr_assert_eq(networks_parse(&networks, text), -1);
}

Test(networks, who_is_in_them)
{
	cr_assert_eq(networks_parse(&networks, ""), 0);
	cr_assert_not(have("10.0.0.1"));
	cr_assert_eq(networks_parse(&networks, "10.0.0.0/9, 192.0.2.7 2001:db8::/33"), 0);
	cr_assert(have("10.127.255.255"));
	cr_assert_not(have("10.128.0.0"));
	cr_assert_not(have("11.0.0.0"));
	cr_assert(have("192.0.2.7"));
	cr_assert_not(have("192.0.2.6"));
	cr_assert(have("2001:db8:7fff::1"));
	cr_assert_not(have("2001:db8:8000::1"));
	cr_assert_eq(networks_parse(&networks, "0.0.0.0/0"), 0);
	cr_assert(have("1.2.3.4"));
	cr_assert_not(have("2001:db8::1"), "all of IPv4 is not all");
	cr_assert_eq(networks_parse(&networks, "::/0"), 0);
	cr_assert(have("1.2.3.4"));
}
