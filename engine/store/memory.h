/* memory.h - a store in memory: does to the letter what chat/store_job.h says, and nothing on disk.
 *
 * It is the disk of the simulation and the reference of the backends' tests. What it keeps belongs to
 * struct store_memory and outlives the handles: closing and opening again is a restart. A commit is one moment
 * between two hooks, where the simulation lets disks fill up, syncs fail and processes die.
 */
#ifndef STORE_MEMORY_H
#define STORE_MEMORY_H

#include <pthread.h>

#include "engine/chat/room_log.h"
#include "engine/core/map.h"
#include "engine/core/slab.h"
#include "engine/store/backend.h"

/* Each may be NULL. A result of before or after that is not 0 is what append returns: of before, nothing was kept;
 * of after, all was, and nobody is told. read: STORE_OK, or how the job is answered instead. */
struct store_memory_hooks {
	int (*before)(void *context, struct store_job *const *jobs, size_t count);
	int (*after)(void *context, struct store_job *const *jobs, size_t count);
	enum store_status (*read)(void *context, const struct store_job *job);
	void *context;
};

struct store_memory_limits {
	uint32_t rooms_max;
	uint32_t cids_max; /* events with a cid; more than these and there is no room, as on a disk */
};

struct store_memory {
	pthread_mutex_t mutex; /* of all below: the workers are threads */
	struct slab rooms, cids;
	struct map by_name, by_cid;
	struct store_memory_hooks hooks;
	const struct store_ages *ages; /* or NULL */
	uint64_t events, bytes; /* kept */
};

/* Returns 0 or -ENOMEM. */
int store_memory_open(struct store_memory *memory, const struct store_memory_limits *limits);
void store_memory_close(struct store_memory *memory);

/* The backend on it; keeps memory. */
struct store_backend store_memory_backend(struct store_memory *memory);

/* For whoever judges: goes through all that is kept, the rooms in the order they were made, events ascending. Ends
 * with the first result that is not 0, and returns it. */
typedef int store_memory_visit_fn(void *context, struct span room, struct span epoch, const struct chat_event *event);
int store_memory_visit(struct store_memory *memory, store_memory_visit_fn *visit, void *context);

#endif
