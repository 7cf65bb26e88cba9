/* floor.h - what every floor program has: its options, its core, its listening socket, its end.
 *
 * A floor is the same sends as the engine's with none of the engine around them: no rooms' logs, no JSON, no history.
 * What it costs is what this machine's kernel costs; an engine can come near it and never below.
 */
#ifndef FLOOR_H
#define FLOOR_H

#include <stdbool.h>
#include <stdint.h>

enum floor_mode {
	FLOOR_BROADCAST, /* a message goes to every other connection */
	FLOOR_ROOMS,     /* to those whose request named the same path */
	FLOOR_ECHO,      /* to its sender */
	FLOOR_ACCEPT,    /* to nobody: the upgrade alone */
};

struct floor_options {
	enum floor_mode mode;
	bool echo_sender;     /* rooms: back to its sender too */
	uint32_t address;     /* IPv4, network order */
	uint16_t port;        /* 0: any */
	int cpu;              /* -1: wherever the kernel likes */
	uint32_t connections; /* at once */
};

/* Reads the command line and pins to the core. Returns true, or false with *status what to exit with. */
bool floor_begin(struct floor_options *options, int argc, char **argv, const char *summary, int *status);

/* "127.0.0.1:8080". Returns false when it is none. */
bool floor_address(struct floor_options *options, const char *text);
bool floor_pin(int cpu);

/* Opens and says "ready PORT". Sockets inherit TCP_NODELAY, as the engine's do. Exits when it cannot. */
int floor_listen(const struct floor_options *options);

/* A descriptor that is readable when SIGTERM or SIGINT came; neither kills any more. */
int floor_signals(void);

/* Room for as many descriptors as this process may ever have. Returns how many. */
uint32_t floor_descriptors(void);

_Noreturn void floor_fail(const char *what, int error);

#endif
