#include "engine/core/clock.h"

#include <time.h>

#include "engine/core/check.h"

static struct timespec clock_read(clockid_t id)
{
	struct timespec now;

	CHECK(clock_gettime(id, &now) == 0);
	return now;
}

uint64_t clock_mono_ns(void)
{
	const struct timespec now = clock_read(CLOCK_MONOTONIC);

	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

uint64_t clock_wall_ms(void)
{
	const struct timespec now = clock_read(CLOCK_REALTIME);

	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}
