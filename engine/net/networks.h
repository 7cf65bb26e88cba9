/* networks.h - a list of networks, and whether an address is in one of them.
 */
#ifndef NET_NETWORKS_H
#define NET_NETWORKS_H

#include <stddef.h>

#include "engine/core/ring.h"

#define NETWORKS_MAX 32

struct networks {
	struct {
		uint8_t bytes[16]; /* IPv4 mapped into IPv6, as addresses come */
		uint32_t bits; /* of which so many count */
	} rows[NETWORKS_MAX];
	size_t count;
};

/* Reads "10.0.0.0/8, 192.0.2.7 2001:db8::/32": at most NETWORKS_MAX, with blanks or commas between. An address
 * without a size is itself alone. Returns 0, or -1 and what is in *networks is of no use. */
int networks_parse(struct networks *networks, const char *text);

bool networks_have(const struct networks *networks, const struct ring_address *address);

#endif
