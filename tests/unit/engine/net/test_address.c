/* How many connections an address has: IPv4 by itself, IPv6 by its /64. */
#include <criterion/criterion.h>
#include <signal.h>
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "engine/net/address.h"

#define ENTRIES 100

static struct addresses addresses;

static void open_limited(const struct address_limits *limits)
{
	cr_assert_eq(addresses_open(&addresses, ENTRIES, limits, 99), 0);
}

static void open_with(uint32_t count_max)
{
	open_limited(&(struct address_limits){ .count_max = count_max });
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

static enum address_verdict judge(const char *text, uint64_t now_ms, uint32_t *entry)
{
	const struct ring_address address = at(text);

	return address_enter(&addresses, &address, now_ms, entry);
}

/* The entry, 0 for one who is not welcome and has left. */
static uint32_t enter(const char *text)
{
	uint32_t entry;

	if (judge(text, 0, &entry) == ADDRESS_WELCOME)
		return entry;
	if (entry != 0)
		address_leave(&addresses, entry, true);
	return 0;
}

static void leave(uint32_t entry)
{
	address_leave(&addresses, entry, true);
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
	leave(entry);
	cr_assert_eq(enter("10.0.0.1"), entry);
	cr_assert_eq(enter("10.0.0.1"), 0);
}

Test(address, without_a_limit_all_may_come)
{
	uint32_t entry = 1;

	open_with(0);
	for (int i = 0; i < 1000; i++) {
		cr_assert_eq(judge("10.0.0.1", 0, &entry), ADDRESS_WELCOME);
		cr_assert_eq(entry, 0, "and are not counted");
	}
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
	leave(entry);
	leave(entry);
	leave(next);
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

	uint32_t entry;

	open_with(1);
	cr_assert_eq(address_enter(&addresses, &address, 0, &entry), ADDRESS_WELCOME);
	address.port++;
	cr_assert_eq(address_enter(&addresses, &address, 0, &entry), ADDRESS_CROWDED);
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
	leave(enter("10.0.1.7"));
	cr_assert_eq(addresses.entries.used, ENTRIES);
}

Test(address, twice_the_limit_is_told_and_then_shut_out)
{
	uint32_t entries[6], none;

	open_with(3);
	for (int i = 0; i < 6; i++) {
		cr_assert_eq(judge("10.0.0.1", 0, &entries[i]), i < 3 ? ADDRESS_WELCOME : ADDRESS_CROWDED, "%d", i);
		cr_assert_neq(entries[i], 0, "who is told counts too");
	}
	cr_assert_eq(judge("10.0.0.1", 0, &none), ADDRESS_SHUT);
	cr_assert_eq(none, 0);
	for (int i = 0; i < 6; i++)
		leave(entries[i]);
	expect_nothing_left();
}

Test(address, so_many_half_open_ones_and_no_more)
{
	uint32_t entries[3], none;

	open_limited(&(struct address_limits){ .half_max = 2 });
	cr_assert_eq(judge("10.0.0.1", 0, &entries[0]), ADDRESS_WELCOME);
	cr_assert_eq(judge("10.0.0.1", 0, &entries[1]), ADDRESS_WELCOME);
	cr_assert_eq(judge("10.0.0.1", 0, &none), ADDRESS_SHUT);
	cr_assert_eq(judge("10.0.0.2", 0, &entries[2]), ADDRESS_WELCOME);
	leave(entries[2]);
	address_settle(&addresses, entries[0]);
	cr_assert_eq(judge("10.0.0.1", 0, &entries[2]), ADDRESS_WELCOME, "one is whole");
	cr_assert_eq(judge("10.0.0.1", 0, &none), ADDRESS_SHUT);
	leave(entries[1]);
	cr_assert_eq(judge("10.0.0.1", 0, &entries[1]), ADDRESS_WELCOME, "one is gone");
	address_leave(&addresses, entries[0], false);
	leave(entries[1]);
	leave(entries[2]);
	expect_nothing_left();
}

Test(address, so_many_a_second_and_no_more)
{
	uint32_t entry;

	open_limited(&(struct address_limits){ .pace_per_s = 10, .pace_burst = 2 });
	for (int i = 0; i < 5; i++) {
		const enum address_verdict verdict = judge("10.0.0.1", 1000, &entry);

		cr_assert_eq(verdict, i < 2 ? ADDRESS_WELCOME : i < 4 ? ADDRESS_HASTY : ADDRESS_SHUT, "%d", i);
		if (entry != 0)
			leave(entry); /* churn: that it is gone does not matter */
	}
	cr_assert_eq(judge("10.0.0.2", 1000, &entry), ADDRESS_WELCOME);
	leave(entry);
	cr_assert_eq(judge("10.0.0.1", 1400, &entry), ADDRESS_WELCOME, "it has paid for what it had");
	leave(entry);
	expect_nothing_left();
}

Test(address, whom_no_limit_applies_to)
{
	struct networks exempt;
	uint32_t entry;

	cr_assert_eq(networks_parse(&exempt, "10.0.0.0/8"), 0);
	open_limited(&(struct address_limits){
		.count_max = 1, .half_max = 1, .pace_per_s = 1, .pace_burst = 1, .exempt = &exempt });
	for (int i = 0; i < 9; i++) {
		cr_assert_eq(judge("10.1.2.3", 0, &entry), ADDRESS_WELCOME);
		cr_assert_eq(entry, 0);
	}
	cr_assert_eq(judge("11.0.0.1", 0, &entry), ADDRESS_WELCOME);
	cr_assert_eq(judge("11.0.0.1", 0, &entry), ADDRESS_SHUT);
}

Test(address, leaving_as_nobody_is_a_crash, .signal = SIGABRT)
{
	open_with(1);
	leave(0);
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
