/* store_links.h - the rings and bells between the cores and the store's threads, made once for all of them.
 *
 * A ring a core, worker and direction holds pointers to jobs; it takes more of them than the core may have out.
 */
#ifndef STORE_LINKS_H
#define STORE_LINKS_H

#include "engine/chat/store_port.h"

struct store_links_limits {
	uint32_t cores;
	uint32_t jobs_max;  /* that a core may have out */
	uint64_t bytes_max; /* of them */
};

struct store_links {
	struct store_links_limits limits;
	struct xring *rings; /* [(core * STORE_WORKERS + worker) * 2]: to the worker; behind it the one back */
	struct bell bells[STORE_WORKERS];
	int ring_bells[STORE_WORKERS]; /* each worker fills in its own at open, before any core turns */
	struct bell *core_bells;       /* keeps */
	const int *core_ring_bells;    /* keeps: filled in by the cores, which may be later */
};

/* Bells and ring_bell()s of the cores, by core. Returns 0 or -ENOMEM. */
int store_links_open(struct store_links *links, const struct store_links_limits *limits, struct bell *core_bells,
		     const int *core_ring_bells);

/* When no thread uses them any more. Gives back the jobs that are still in the rings. */
void store_links_close(struct store_links *links);

/* A core's end of it. */
void store_links_port(struct store_links *links, uint32_t core, struct store_port *port);

/* A worker's. */
static inline struct xring *store_links_in(const struct store_links *links, uint32_t core, enum store_worker worker)
{
	return &links->rings[(core * STORE_WORKERS + worker) * 2];
}

static inline struct xring *store_links_out(const struct store_links *links, uint32_t core, enum store_worker worker)
{
	return store_links_in(links, core, worker) + 1;
}

/* Bytes that it may take at the most, a core, with the jobs. */
uint64_t store_links_bytes_max(const struct store_links_limits *limits);

#endif
