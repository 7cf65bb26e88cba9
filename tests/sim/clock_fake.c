#include "engine/core/clock.h"
#include "tests/sim/sim.h"

#define WALL_START_MS 1795229320123ull

uint64_t clock_mono_ns(void)
{
	return sim.now_ns;
}

uint64_t clock_wall_ms(void)
{
	return WALL_START_MS + sim.now_ns / 1000000 + (uint64_t)sim.wall_offset_ms;
}
