/* worker.h - one process of the generator: its share of the connections on one ring.
 */
#ifndef LOAD_WORKER_H
#define LOAD_WORKER_H

#include "tools/load/dialect.h"
#include "tools/load/stats.h"

/* Where to go. */
struct target {
	char url[256];
	char host[128];   /* for the Host field */
	char path[128];
	uint8_t address[16]; /* IPv6, or IPv4 mapped */
	uint16_t port;
	bool compress;       /* permessage-deflate is offered */
	bool spread_sources; /* connect from 127.0.0.2, 127.0.0.3 ..: 20,000 connections each; only to loopback */
	const struct dialect *dialect;
	const struct dialect *publisher; /* of outside publishers, where it is another */
	char publisher_path[128];
};

/* Runs worker `index` until the coordinator's phase says so. Returns the exit status. */
int worker_run(struct run_stats *stats, uint32_t index, const struct target *target, int cpu /* -1: not pinned */);

/* Parses ws://host[:port][/path] or tcp://host:port and resolves it. False with why[]. */
bool target_parse(struct target *target, const char *url, char why[160]);

#endif
