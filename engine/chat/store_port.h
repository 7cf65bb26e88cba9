/* store_port.h - a core's way of giving jobs to the store's workers and having them back.
 *
 * Pointers to jobs go through an SPSC ring a core, worker and direction. As many jobs as may be out fit
 * each ring, so giving never fails; who asks store_port_is_full() first keeps to that bound.
 */
#ifndef CHAT_STORE_PORT_H
#define CHAT_STORE_PORT_H

#include "engine/chat/store_job.h"
#include "engine/core/ring.h"
#include "engine/core/xring.h"

struct store_port {
	struct xring *to[STORE_WORKERS], *from[STORE_WORKERS]; /* keeps */
	struct bell *bells[STORE_WORKERS];                     /* of the workers; keeps */
	const int *ring_bells;                                 /* ring_bell() of each worker; keeps */
	uint32_t to_ring;                                      /* bit i: worker i got jobs this turn */
	uint32_t jobs_out, jobs_max;
	uint64_t bytes_out, bytes_max;                         /* of the jobs that are out */
	uint32_t next;                                         /* whose answers come first */
};

/* A job with a copy of its spans' bytes is one block: what it needs, and it (op and core set, all else zero; the
 * caller fills it, copying spans behind `owner_size` bytes of its own: see store_job_own()). NULL: no memory. */
struct store_job *store_job_make(enum store_op op, uint32_t core, size_t owner_size, size_t span_bytes);
void *store_job_own(struct store_job *job);             /* the caller's bytes, 16-aligned */
uint8_t *store_job_bytes(struct store_job *job, size_t owner_size); /* where spans may be copied to */
void store_job_give(struct store_job *job);             /* frees it, its page and its state */

/* Whether jobs should be refused until some have come back. */
bool store_port_is_full(const struct store_port *port);

/* From now on the job is the worker's. */
void store_port_give(struct store_port *port, enum store_worker worker, struct store_job *job);

/* The next job that came back, or NULL; it is the caller's. Jobs of one worker come in the order given. */
struct store_job *store_port_take(struct store_port *port);
bool store_port_waits(const struct store_port *port); /* whether there is one, without taking it */

/* Once a turn: wakes the workers that sleep and got jobs. */
void store_port_flush(struct store_port *port, struct ring *ring);

#endif
