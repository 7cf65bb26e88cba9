/* plan.h - what each core may use, worked out from the options.
 */
#ifndef OPS_PLAN_H
#define OPS_PLAN_H

#include "engine/shard/shard.h"
#include "engine/ops/options.h"
#include "engine/store/worker.h"

/* The number of cores that the options ask for: by default all processors that this process may use. */
uint32_t plan_cores(const struct options *options);

/* How many connections may wait to be accepted: as asked, but no more than the kernel's somaxconn and a quarter of
 * a table of descriptors. */
uint32_t plan_backlog(const struct options *options);

/* Bytes of a ring from one core to another: as asked, up to the next power of two. */
size_t plan_core_ring(const struct options *options);

/* How long the kernel may try to send what a connection's peer takes none of. */
uint32_t plan_user_timeout(const struct options *options);

/* The classes of rooms. Returns 0, or -1 with one line in error where they ask for a disk and there is none. */
int plan_classes(const struct options *options, struct room_classes *classes, char error[OPTION_ERROR_MAX]);

/* Without classes of rooms, which the caller keeps and sets. */
struct shard_limits plan_shard(const struct options *options, const struct ring_features *features, uint32_t core,
			       uint32_t cores);

/* What waits for the store, and how much of it is done at once. */
struct store_links_limits plan_store(const struct options *options, uint32_t cores);
struct worker_limits plan_worker(const struct options *options, enum store_worker which);

/* Says how much memory the plan may use at the most, sum by sum: a table for people, or a line of the log each. */
void plan_print(const struct options *options, const struct ring_features *features, uint32_t cores);

/* Logs what is not as was asked for, and what a server must not be started with by mistake. */
void plan_tell(const struct options *options, const struct ring_features *features);

#endif
