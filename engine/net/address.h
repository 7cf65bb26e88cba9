/* address.h - how many connections each client address has open, and how fast it opens them.
 *
 * IPv4 counts by address, IPv6 by its /64. An entry exists only while it counts.
 */
#ifndef NET_ADDRESS_H
#define NET_ADDRESS_H

#include "engine/core/map.h"
#include "engine/core/ring.h"
#include "engine/core/slab.h"
#include "engine/net/networks.h"
#include "engine/net/pace.h"

/* Of one address on this core: its part of what the whole process may have. 0: no limit. */
struct address_limits {
	uint32_t count_max; /* connections at once; as many again are told that there are too many */
	uint32_t half_max; /* of them, before their first request head is whole */
	uint32_t pace_per_s; /* new connections */
	uint32_t pace_burst;
	bool known; /* each connection's address is asked for, whatever the others say */
	const struct networks *exempt; /* keeps; whom none of this applies to; or NULL */
};

struct addresses {
	struct slab entries;
	struct map by_hash;
	struct pace pace;
	uint64_t hash_key;
	struct address_limits limits;
};

enum address_verdict {
	ADDRESS_WELCOME,
	ADDRESS_CROWDED, /* too many at once: to be told so */
	ADDRESS_HASTY, /* too many too fast: to be told so */
	ADDRESS_SHUT, /* far too many, too many half open, or no entry is to be had: not worth a word */
};

int addresses_open(struct addresses *addresses, uint32_t entries_max, const struct address_limits *limits,
		   uint64_t hash_key);
void addresses_close(struct addresses *addresses);

/* Other limits from now on. Connections that came while nothing was counted are never counted. Without memory for a
 * pace where there was none, there is none. */
void addresses_adopt(struct addresses *addresses, const struct address_limits *limits);
uint64_t addresses_bytes_max(uint32_t entries_max, const struct address_limits *limits);

/* Whether there is anything to count. */
bool address_limits_any(const struct address_limits *limits);

/* Whether the limits on addresses are not for this one. */
bool address_is_exempt(const struct addresses *addresses, const struct ring_address *address);

/* One more, half open. Gives its entry (> 0), which it must leave, in *entry; 0 when it is exempt or shut out,
 * or nothing is limited. */
enum address_verdict address_enter(struct addresses *addresses, const struct ring_address *address, uint64_t now_ms,
				   uint32_t *entry);

/* Its first request head is whole. */
void address_settle(struct addresses *addresses, uint32_t entry);

/* It is gone. half: it never settled. */
void address_leave(struct addresses *addresses, uint32_t entry, bool half);

/* The network that the log names instead of an address: IPv4's /24 or IPv6's /64. Its text is "192.0.2.0/24" or
 * "2001:db8::/64"; of 0, which is nobody's, "unknown". */
#define ADDRESS_NETWORK_TEXT_MAX 48
uint64_t address_network(const struct ring_address *address);
void address_network_text(uint64_t network, char text[ADDRESS_NETWORK_TEXT_MAX]);

#endif
