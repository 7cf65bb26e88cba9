/* sandbox.h - what is taken from the process before it serves, so that who takes it over has little.
 *
 * Two steps, because threads inherit some of it and some is for all threads at once:
 *
 *	sandbox_confine()  the listening sockets are there, other threads are not: no core files, no capabilities (but
 *	                   one, until a thread's rings are open),
 *	                   nothing gained by exec, and of the file system the data directory alone (Landlock)
 *	sandbox_seal()     everything is open: the system calls that serving needs, for all threads (seccomp)
 *
 * What rings may do is said by the rings (ring_restrict.c). docs/operate/sandbox.md has the whole for operators.
 */
#ifndef OPS_SANDBOX_H
#define OPS_SANDBOX_H

#include <stdbool.h>
#include <stdint.h>

enum sandbox_mode {
	SANDBOX_ON, /* what this kernel has; what it has not is logged */
	SANDBOX_REQUIRE, /* all of it, or the server does not start */
	SANDBOX_LOG, /* calls that would be refused are only logged, by the kernel */
	SANDBOX_OFF,
};

/* What asking others over HTTP needs (fetch.h). */
#define OUTBOUND_PORTS_MAX 4

struct outbound {
	uint16_t ports[OUTBOUND_PORTS_MAX]; /* TCP, connected to */
	uint32_t port_count;
	bool names; /* a host has to be looked up */
};

struct sandbox {
	enum sandbox_mode mode;
	const char *data; /* directory, or NULL; keeps */
	const char *database; /* address of a PostgreSQL server, or NULL; keeps */
	const struct outbound *outbound; /* NULL: nobody is asked; keeps */
	bool rings; /* they are restricted */
};

/* Both return 0, or the exit status, having said why. */
int sandbox_confine(const struct sandbox *sandbox);
int sandbox_seal(const struct sandbox *sandbox);

/* Each thread once its rings are open, before the seal: gives up what sandbox_confine() left for opening them. */
void sandbox_drop_locking(void);

static inline bool sandbox_restricts(enum sandbox_mode mode)
{
	return mode == SANDBOX_ON || mode == SANDBOX_REQUIRE;
}

#endif
