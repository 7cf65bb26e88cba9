/* retune.h - a core goes on under other limits than it began with.
 */
#ifndef SHARD_RETUNE_H
#define SHARD_RETUNE_H

#include "engine/shard/shard.h"

/* In a turn of the core's own. Takes of the limits what can change while it runs; what memory was laid out for stays as
 * it is. Keeps what they point to, and when it returns nothing of what was kept before. */
void gate_retune(struct gate *gate, const struct shard_limits *limits);

#endif
