/* plan.h - what each core may use, worked out from the options.
 */
#ifndef OPS_PLAN_H
#define OPS_PLAN_H

#include "engine/gate/shard.h"
#include "engine/ops/options.h"

/* The number of cores that the options ask for. */
uint32_t plan_cores(const struct options *options);

struct shard_limits plan_shard(const struct options *options, const struct ring_features *features, uint32_t core,
			       uint32_t cores);

/* Prints the memory that the plan may use at the most, sum by sum. */
void plan_print(const struct options *options, const struct ring_features *features, uint32_t cores);

#endif
