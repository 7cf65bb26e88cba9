#include "engine/ops/figures.h"

#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

uint64_t figures_total(const struct figures *figures, enum counter counter)
{
	uint64_t sum = 0;

	for (uint32_t core = 0; core < figures->cores; core++)
		sum += counter_read(figures->counters[core], counter);
	return sum;
}

uint64_t figures_uptime_ms(const struct figures *figures, uint64_t wall_ms)
{
	return wall_ms > figures->started_ms ? wall_ms - figures->started_ms : 0;
}

static uint64_t clock_us(clockid_t id)
{
	struct timespec used;

	if (clock_gettime(id, &used) != 0)
		return 0;
	return (uint64_t)used.tv_sec * 1000000 + (uint64_t)used.tv_nsec / 1000;
}

void figures_process(const struct figures *figures, struct figures_process *process)
{
	const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	unsigned long long pages = 0, resident = 0;
	char text[128];
	const ssize_t size = figures->statm < 0 ? -1 : pread(figures->statm, text, sizeof(text) - 1, 0);

	text[size > 0 ? size : 0] = 0;
	if (sscanf(text, "%llu %llu", &pages, &resident) != 2)
		pages = resident = 0;
	*process = (struct figures_process){
		.cpu_us = clock_us(CLOCK_PROCESS_CPUTIME_ID),
		.resident_bytes = resident * page,
		.virtual_bytes = pages * page,
	};
}

uint64_t figures_core_cpu_us(const struct figures *figures, uint32_t core)
{
	const uint32_t count = atomic_load_explicit(&figures->clock_count, memory_order_acquire);

	return core < count ? clock_us(figures->clocks[core]) : 0;
}
