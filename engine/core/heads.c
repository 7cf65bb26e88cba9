#include "engine/core/heads.h"

#include <errno.h>

#include "engine/core/check.h"
#include "engine/core/pages.h"

static uint32_t lists_most(uint32_t lists_min, uint32_t lists_max)
{
	return lists_max > lists_min ? lists_max : lists_min;
}

int heads_open(struct heads *heads, uint32_t lists_min, uint32_t lists_max)
{
	CHECK(lists_min > 0 && (lists_min & (lists_min - 1)) == 0);
	CHECK(lists_max <= UINT32_MAX / 2);

	*heads = (struct heads){
		.first = pages_reserve(heads_bytes_max(lists_min, lists_max)),
		.mask = lists_min - 1,
		.lists = lists_min,
		.lists_min = lists_min,
		.lists_max = lists_most(lists_min, lists_max),
	};
	return heads->first ? 0 : -ENOMEM;
}

void heads_close(struct heads *heads)
{
	pages_release(heads->first, heads_bytes_max(heads->lists_min, heads->lists_max));
	heads->first = NULL;
}

uint64_t heads_bytes_max(uint32_t lists_min, uint32_t lists_max)
{
	return lists_most(lists_min, lists_max) * sizeof(uint32_t);
}

uint32_t heads_add(struct heads *heads)
{
	heads->items++;
	if (heads->items <= heads->lists || heads->lists == heads->lists_max)
		return 0;

	const uint32_t added = heads->lists++;

	if (added > heads->mask)
		heads->mask = heads->mask * 2 + 1;

	uint32_t *const parted = &heads->first[added & heads->mask >> 1];
	const uint32_t first = *parted;

	*parted = 0;
	return first;
}

void heads_remove(struct heads *heads)
{
	CHECK(heads->items > 0);
	heads->items--;
}
