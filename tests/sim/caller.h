/* caller.h - back ends that use the HTTP API while the world turns: several requests on the way, connections cut, what
 * has no answer asked again; every answer must be that of its request.
 */
#ifndef SIM_CALLER_H
#define SIM_CALLER_H

#include "engine/shard/shard.h"

#define CALLERS_MAX 2
#define CALLER_FIRST 10 /* they have cids as clients do: "c10:1" */

/* Draws from a random of its own. None where a fuzzer's bytes decide. */
void caller_draw(uint64_t seed);
bool caller_is_there(void);

/* What a core must have for them. */
void caller_limits(struct shard_limits *limits);

/* The process is gone, with all connections. */
void caller_crash(void);

/* One of them does something; one reads. */
void caller_act(void);
void caller_read(void);

/* All is at rest: every request has its answer. */
void caller_judge(void);

/* All connections end. */
void caller_leave(void);

/* The disk has what was published with that key: once. `judgement`: which reading of the disk this is. */
void caller_on_disk(uint64_t content, uint64_t judgement);

#endif
