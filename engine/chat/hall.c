#include "engine/chat/hall.h"

#include <errno.h>

#include "engine/chat/cursor.h"
#include "engine/chat/hot_log.h"
#include "engine/core/mutant.h"
#include "engine/core/pages.h"

#define HOLES_MAX 65536

int hall_open(struct hall *hall, const struct hall_limits *limits, struct segment_pool *segments,
	      struct directory *directory, struct counters *counters, uint32_t owners_max)
{
	memset(hall, 0, sizeof(*hall));
	hall->limits = *limits;
	hall->segments = segments;
	hall->directory = directory;
	hall->counters = counters;
	hall->owners_max = owners_max;
	hall->owners = pages_reserve((size_t)owners_max * sizeof(struct owner));
	hall->dirty = pages_reserve(owners_max * sizeof(*hall->dirty));
	if (!hall->owners || !hall->dirty ||
	    slab_open(&hall->hot_logs, "hot logs", sizeof(struct hot_log), limits->hot_logs_max) != 0 ||
	    slab_open(&hall->cursors, "cursors", sizeof(struct cursor), limits->cursors_max) != 0 ||
	    slab_open(&hall->holes, "holes", sizeof(struct hole), HOLES_MAX) != 0)
		return -ENOMEM;
	return 0;
}

void hall_close(struct hall *hall)
{
	slab_close(&hall->holes);
	slab_close(&hall->cursors);
	slab_close(&hall->hot_logs);
	pages_release(hall->dirty, hall->owners_max * sizeof(*hall->dirty));
	pages_release(hall->owners, (size_t)hall->owners_max * sizeof(struct owner));
}

uint64_t hall_bytes_max(const struct hall_limits *limits)
{
	return limits->hot_logs_max * (uint64_t)sizeof(struct hot_log) +
	       limits->cursors_max * (uint64_t)sizeof(struct cursor) + HOLES_MAX * (uint64_t)sizeof(struct hole);
}

void owner_mark(struct hall *hall, uint32_t index)
{
	if (hall->dirty[index] != 0)
		return;
	hall->dirty[index] = hall->dirty_owner != 0 ? hall->dirty_owner : UINT32_MAX;
	hall->dirty_owner = index + 1;
}

bool owner_next(struct hall *hall, uint32_t *index)
{
	if (hall->dirty_owner == 0)
		return false;
	*index = hall->dirty_owner - 1;
	const uint32_t next = hall->dirty[*index];

	hall->dirty_owner = next != UINT32_MAX ? next : 0;
	hall->dirty[*index] = 0;
	return true;
}

void owner_mark_crowd(struct hall *hall, uint32_t index)
{
	struct owner *owner = &hall->owners[index];

	if (owner->crowded || hall->dirty[index] != 0)
		return;
	owner->crowded = true;
	owner->next_crowd = 0;
	if (PLANTED(73) && hall->crowd_owner != 0) /* who waits behind others is forgotten */
		return;
	if (hall->crowd_owner == 0)
		hall->crowd_owner = index + 1;
	else
		hall->owners[hall->crowd_last].next_crowd = index + 1;
	hall->crowd_last = index;
}

bool owner_next_crowd(struct hall *hall, uint32_t *index)
{
	if (hall->crowd_owner == 0)
		return false;
	*index = hall->crowd_owner - 1;
	struct owner *owner = &hall->owners[*index];

	hall->crowd_owner = owner->next_crowd;
	owner->crowded = false;
	return true;
}
