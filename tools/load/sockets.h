/* sockets.h - the one place where the generator makes sockets.
 */
#ifndef LOAD_SOCKETS_H
#define LOAD_SOCKETS_H

#include <stdbool.h>
#include <stdint.h>

/* One address of 127.0.0.0/8 has some 28,000 ports for us. */
#define SOCKETS_A_SOURCE 20000

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
