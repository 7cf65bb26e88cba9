/* sockets.h - the one place where the generator makes sockets.
 */
#ifndef LOAD_SOCKETS_H
#define LOAD_SOCKETS_H

#include <stdbool.h>
#include <stdint.h>

/* Connections from one address of 127.0.0.0/8. It has some 28,000 ports for us, but the kernel seeks among those of one
 * parity first, and from 14,000 on looks at all of them for each connect: 100,000 then took 42 s instead of 7. */
#define SOCKETS_A_SOURCE 10000

struct sockets_wish {
	bool ipv4;
	uint32_t source; /* 0: the kernel's choice; k: from 127.0.0.(1 + k) and on, IPv4 only */
	bool reset;      /* closing it is cutting it: a RST, and no TIME_WAIT */
};

/* Gives an unconnected socket, or -errno. */
int sockets_open(const struct sockets_wish *wish);

bool sockets_is_loopback(const uint8_t address[16]);
bool sockets_is_ipv4(const uint8_t address[16]);

#endif
