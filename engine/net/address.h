/* address.h - how many connections each client address has open.
 *
 * IPv4 counts by address, IPv6 by its /64. An entry exists only while it counts.
 */
#ifndef NET_ADDRESS_H
#define NET_ADDRESS_H

#include "engine/core/map.h"
#include "engine/core/ring.h"
#include "engine/core/slab.h"

struct addresses {
	struct slab entries;
	struct map by_hash;
	uint64_t hash_key;
	uint32_t count_max; /* connections an address; 0: no limit */
};

int addresses_open(struct addresses *addresses, uint32_t entries_max, uint32_t count_max, uint64_t hash_key);
void addresses_close(struct addresses *addresses);

/* Counts one more. Gives the entry (> 0), or 0 when the address is at its limit or no entry is to be had. */
uint32_t address_enter(struct addresses *addresses, const struct ring_address *address);
void address_leave(struct addresses *addresses, uint32_t entry);

/* The network that the log names instead of an address: IPv4's /24 or IPv6's /64. Its text is "192.0.2.0/24" or
 * "2001:db8::/64"; of 0, which is nobody's, "unknown". */
#define ADDRESS_NETWORK_TEXT_MAX 48
uint64_t address_network(const struct ring_address *address);
void address_network_text(uint64_t network, char text[ADDRESS_NETWORK_TEXT_MAX]);

#endif
