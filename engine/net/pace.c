#include "engine/net/pace.h"

#include <errno.h>
#include <stddef.h>

#include "engine/core/check.h"
#include "engine/core/pages.h"

int pace_open(struct pace *pace, uint32_t per_s, uint32_t burst)
{
	CHECK(per_s == 0 || burst > 0);
	*pace = (struct pace){ 0 };
	if (per_s == 0)
		return 0;
	pace->places = pages_reserve(PACE_BYTES);
	if (!pace->places)
		return -ENOMEM;
	pace->per_s = per_s;
	pace->burst = burst;
	return 0;
}

int pace_adopt(struct pace *pace, uint32_t per_s, uint32_t burst)
{
	CHECK(per_s == 0 || burst > 0);
	if (!pace->places)
		return pace_open(pace, per_s, burst);
	pace->per_s = per_s;
	pace->burst = burst;
	return 0;
}

void pace_close(struct pace *pace)
{
	if (pace->places)
		pages_release(pace->places, PACE_BYTES);
	pace->places = NULL;
}

static struct pace_place *place_of(struct pace *pace, uint64_t hash)
{
	struct pace_place *const set = &pace->places[hash % PACE_SETS * PACE_WAYS];
	struct pace_place *quietest = set;

	for (size_t i = 0; i < PACE_WAYS; i++) {
		if (set[i].hash == hash)
			return &set[i];
		if (set[i].paid_us < quietest->paid_us)
			quietest = &set[i];
	}
	*quietest = (struct pace_place){ .hash = hash };
	return quietest;
}

enum pace_verdict pace_take(struct pace *pace, uint64_t hash, uint64_t now_ms)
{
	if (pace->per_s == 0)
		return PACE_GOOD;

	const uint64_t one_us = 1000000 / pace->per_s, now_us = now_ms * 1000;
	struct pace_place *const place = place_of(pace, hash);
	const uint64_t paid_us = (place->paid_us > now_us ? place->paid_us : now_us) + one_us;
	const uint64_t owed_us = paid_us - now_us;

	if (owed_us > 2 * pace->burst * one_us)
		return PACE_FAR_OVER;
	place->paid_us = paid_us;
	return owed_us > pace->burst * one_us ? PACE_OVER : PACE_GOOD;
}
