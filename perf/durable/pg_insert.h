/* pg_insert.h - what the files of pg_insert share: the load as asked for, as it runs, and as it was.
 */
#ifndef DURABLE_PG_INSERT_H
#define DURABLE_PG_INSERT_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "tools/load/hist.h"
#include "tools/load/process.h"
#include "tools/load/stats.h"

#define DATA_MAX 65536

struct backend {
	struct pg_conn *connection;
	uint32_t *waiting; /* a ring of publishers whose results are awaited, in order */
	uint32_t first, count;
	bool synced; /* the Sync behind the last result has come too */
};

struct publisher {
	char room[16];
	uint64_t sent_ns;
};

struct moment {
	uint64_t ns;
	double generator_s;
	struct process_usage server;
};

struct load {
	const char *url, *label, *out, *commit;
	uint32_t publishers, rooms, backend_count, size, server_cores;
	double warmup_s, hold_s;
	char data[DATA_MAX + 1];

	struct backend *backends;
	struct pollfd *polls;
	struct publisher *publisher;
	enum phase phase;

	struct process server; /* pid 0: not known */
	struct moment hold, held;
	struct hist ack;
	uint64_t sent, acked, acked_measured;
	double ramp_s, lost;
};

/* False when something is wrong, which is said on standard error. */
bool pg_insert_options(struct load *load, int argc, char **argv);

/* Writes what was found; returns the exit status: uproar-load's. */
int pg_insert_results(const struct load *load);

#endif
