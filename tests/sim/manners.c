#include "tests/sim/manners.h"

#include <stdio.h>

#include "engine/core/random.h"
#include "tests/sim/disk.h"
#include "tests/sim/oracle.h"

static struct room_classes classes;

void simmanners_draw(uint64_t seed)
{
	struct random random;

	random_seed(&random, seed ^ 0x6d616e6e657273);
	/* All rooms alike and as usual in every third world. */
	const bool usual = random_below(&random, 3) == 0;

	classes = (struct room_classes){ .count = 1 + ORACLE_ROOMS };
	classes.classes[0] = (struct room_class){ .presence = true };
	for (uint32_t i = 0; i < ORACLE_ROOMS; i++) {
		struct room_class *class = &classes.classes[1 + i];

		snprintf(class->prefix, sizeof(class->prefix), "r%u", i);
		const struct span name = span_of(class->prefix, strlen(class->prefix));
		const struct room_class *kept_as = room_class_of(simdisk_classes(), name);

		class->disk = kept_as->disk;
		class->kept = kept_as->kept;
		class->presence = usual || random_below(&random, 10) < 7;
		class->slow = usual ? SLOW_CATCH_UP : (enum slow_policy)random_below(&random, 3);
		class->page_max = usual || random_below(&random, 2) ? 0 : 1 + (uint32_t)random_below(&random, 20);
	}
}

const struct room_classes *simmanners_classes(void)
{
	return &classes;
}

const struct room_class *simmanners(uint32_t room)
{
	return &classes.classes[1 + room];
}

bool simmanners_end_the_slow(void)
{
	for (uint32_t i = 0; i < ORACLE_ROOMS; i++)
		if (simmanners(i)->slow == SLOW_DISCONNECT)
			return true;
	return false;
}
