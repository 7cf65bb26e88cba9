/* worker.h - a thread of the store: takes jobs from all cores, has the backend do them, and gives them back answered.
 *
 * A worker is opened, turned and closed by one thread, and sleeps as a core does (engine/core/ring.h), so that
 * the simulation can turn it. What waits from all cores is one batch: the writer has the backend keep it in one
 * transaction. A core's jobs are answered in the order they were given.
 */
#ifndef STORE_WORKER_H
#define STORE_WORKER_H

#include "engine/store/backend.h"
#include "engine/store/store_counters.h"
#include "engine/store/store_links.h"

struct worker;

struct worker_limits {
	enum store_worker which;
	uint32_t batch_jobs;  /* at most */
	uint64_t batch_bytes; /* a job is added while it is below */
	const struct store_ages *ages; /* for the writer's housekeeping; keeps; NULL: as each room's last append said */
};

/* A write or a sync has failed: nothing more may be acknowledged. Should end the process; where it returns, the worker
 * answers nothing any more. */
typedef void worker_failed_fn(void *context, int error);

/* Keeps links and backend. Gives NULL, having written what is wrong to why (size bytes). The writer is opened first. */
struct worker *worker_open(const struct worker_limits *limits, const struct ring_features *features,
			   struct store_links *links, const struct store_backend *backend, worker_failed_fn *failed,
			   void *context, char *why, size_t size);

/* One turn: waits for jobs, at most until the next housekeeping, and does what waits. */
void worker_turn(struct worker *worker);

/* A word for ring_post() to a worker's bell, when no core is left to give jobs. */
#define WORKER_WORD_END 1
bool worker_is_ended(const struct worker *worker);

/* Does and answers what still waits, closes the backend's handle and frees the worker. */
void worker_close(struct worker *worker);

const struct store_counters *worker_counters(const struct worker *worker);

#endif
