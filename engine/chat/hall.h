/* hall.h - a core's memory of its own members: their cursors and the hot logs they read.
 */
#ifndef CHAT_HALL_H
#define CHAT_HALL_H

#include "engine/chat/directory.h"
#include "engine/core/counters.h"
#include "engine/core/segment.h"

struct hall_limits {
	uint32_t hot_logs_max;   /* rooms with members on this core, times variants in use */
	uint32_t cursors_max;    /* memberships on this core */
	uint64_t hot_bytes_max;  /* of one hot log's segments */
};

struct hall {
	struct slab hot_logs, cursors, holes;
	struct segment_pool *segments;
	struct directory *directory;
	struct counters *counters;
	struct hall_limits limits;
	uint32_t dirty;  /* first hot log with bytes not yet pumped, 0 for none */
	uint32_t stamp;  /* of the newest cursor */
};

int hall_open(struct hall *hall, const struct hall_limits *limits, struct segment_pool *segments,
	      struct directory *directory, struct counters *counters);
void hall_close(struct hall *hall);
uint64_t hall_bytes_max(const struct hall_limits *limits);

#endif
