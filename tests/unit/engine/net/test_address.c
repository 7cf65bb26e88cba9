/* How many connections an address has: IPv4 by itself, IPv6 by its /64. */
#include <criterion/criterion.h>
#include <signal.h>
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "engine/net/address.h"

#define ENTRIES 100

static struct addresses addresses;

static void open_with(uint32_t count_max)
{
	cr_assert_eq(addresses_open(&addresses, ENTRIES, count_max, 99), 0);
}

/* IPv4 as the ring gives it: mapped into IPv6. */
static struct ring_address at(const char *text)
{
	struct ring_address address = { .port = 1234 };

	if (strchr(text, ':')) {
		cr_assert_eq(inet_pton(AF_INET6, text, address.bytes), 1);
	} else {
		memset(address.bytes + 10, 0xff, 2);
		cr_assert_eq(inet_pton(AF_INET, text, address.bytes + 12), 1);
	}
	return address;
}

static uint32_t enter(const char *text)
{
	const struct ring_address address = at(text);

	return address_enter(&addresses, &address);
}

static void expect_nothing_left(void)
{
	cr_assert_eq(addresses.entries.used, 0);
	cr_assert_eq(addresses.by_hash.used, 0);
	addresses_close(&addresses);
}

Test(address, one_past_its_limit_is_refused_until_one_leaves)
{
	uint32_t entry = 0;

	open_with(3);
	for (int i = 0; i < 3; i++) {
		entry = enter("10.0.0.1");
		cr_assert_neq(entry, 0);
	}
	cr_assert_eq(enter("10.0.0.1"), 0);
	cr_assert_eq(enter("10.0.0.1"), 0, "being refused counts nothing");
	cr_assert_neq(enter("10.0.0.2"), entry);
	address_leave(&addresses, entry);
	cr_assert_eq(enter("10.0.0.1"), entry);
	cr_assert_eq(enter("10.0.0.1"), 0);
}

Test(address, without_a_limit_all_may_come)
{
	uint32_t entry = 0;

	open_with(0);
	for (int i = 0; i < 1000; i++) {
		entry = enter("10.0.0.1");
		cr_assert_neq(entry, 0);
	}
	for (int i = 0; i < 1000; i++)
		address_leave(&addresses, entry);
	expect_nothing_left();
}

Test(address, a_slash_64_is_one_and_neighbours_are_not)
{
	open_with(2);
	const uint32_t entry = enter("2001:db8:1:2::1");

	cr_assert_neq(entry, 0);
	cr_assert_eq(enter("2001:db8:1:2:ffff:ffff:ffff:ffff"), entry);
	cr_assert_eq(enter("2001:db8:1:2:3::"), 0);
	const uint32_t next = enter("2001:db8:1:3::1");

	cr_assert(next != 0 && next != entry);
	address_leave(&addresses, entry);
	address_leave(&addresses, entry);
	address_leave(&addresses, next);
	expect_nothing_left();
}

Test(address, ipv4_is_counted_whole)
{
	open_with(1);
	cr_assert_neq(enter("10.0.0.1"), 0);
	cr_assert_neq(enter("10.0.0.2"), 0);
	cr_assert_neq(enter("10.0.1.1"), 0);
	cr_assert_neq(enter("11.0.0.1"), 0);
	cr_assert_neq(enter("::1"), 0, "not a mapped one: its /64 is that of all mapped ones");
	cr_assert_eq(enter("10.0.0.1"), 0);
}

Test(address, the_port_does_not_matter)
{
	struct ring_address address = at("10.0.0.1");

	open_with(1);
	cr_assert_neq(address_enter(&addresses, &address), 0);
	address.port++;
	cr_assert_eq(address_enter(&addresses, &address), 0);
}

Test(address, one_address_past_the_table_is_refused)
{
	char text[32];

	open_with(5);
	for (int i = 0; i < ENTRIES; i++) {
		snprintf(text, sizeof(text), "10.0.1.%d", i);
		cr_assert_neq(enter(text), 0);
	}
	cr_assert_eq(enter("10.0.2.1"), 0);
	cr_assert_neq(enter("10.0.1.7"), 0, "a known one is not");
	address_leave(&addresses, enter("10.0.1.7"));
	cr_assert_eq(addresses.entries.used, ENTRIES);
}

Test(address, leaving_as_nobody_is_a_crash, .signal = SIGABRT)
{
	open_with(1);
	address_leave(&addresses, 0);
}

static const char *network_of(const char *text)
{
	static char network[ADDRESS_NETWORK_TEXT_MAX];
	const struct ring_address address = at(text);

	address_network_text(address_network(&address), network);
	return network;
}

Test(address, the_network_that_the_log_names)
{
	char text[ADDRESS_NETWORK_TEXT_MAX];

	cr_assert_str_eq(network_of("192.0.2.255"), "192.0.2.0/24");
	cr_assert_str_eq(network_of("192.0.3.0"), "192.0.3.0/24");
	cr_assert_str_eq(network_of("255.255.255.255"), "255.255.255.0/24");
	cr_assert_str_eq(network_of("0.0.0.0"), "0.0.0.0/24");
	cr_assert_str_eq(network_of("2001:db8::1"), "2001:db8::/64");
	cr_assert_str_eq(network_of("2001:db8:0:0:ffff:ffff:ffff:ffff"), "2001:db8::/64");
	cr_assert_str_eq(network_of("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
	cr_assert_str_eq(network_of("2001:db9:1:2:3:4:5:6"), "2001:db9:1:2::/64");
	address_network_text(0, text);
	cr_assert_str_eq(text, "unknown");
}
