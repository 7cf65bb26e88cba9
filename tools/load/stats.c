#include "tools/load/stats.h"

#include <stddef.h>
#include <sys/mman.h>

static size_t head_size(const struct scenario *scenario)
{
	return sizeof(struct run_stats) + scenario->workers * sizeof(struct worker_stats);
}

static size_t sent_size(const struct scenario *scenario)
{
	const uint64_t rooms = scenario->rooms > 0 ? scenario->rooms : 1;

	return rooms * (scenario->publishers_per_room + 1) * sizeof(uint32_t);
}

static void *map(size_t size)
{
	void *const pages = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return pages == MAP_FAILED ? NULL : pages;
}

struct run_stats *stats_map(const struct scenario *scenario)
{
	struct run_stats *stats = map(head_size(scenario));

	if (!stats)
		return NULL;
	stats->scenario = *scenario;
	stats->workers = scenario->workers;
	stats->sent = map(sent_size(scenario));
	if (stats->sent)
		return stats;
	munmap(stats, head_size(scenario));
	return NULL;
}

void stats_unmap(struct run_stats *stats)
{
	munmap(stats->sent, sent_size(&stats->scenario));
	munmap(stats, head_size(&stats->scenario));
}

void stats_set_drains(struct run_stats *stats, uint32_t worker)
{
	__atomic_store_n(&stats->worker[worker].drains, true, __ATOMIC_RELEASE);
}

bool stats_all_drain(const struct run_stats *stats)
{
	for (uint32_t i = 0; i < stats->workers; i++)
		if (!__atomic_load_n(&stats->worker[i].drains, __ATOMIC_ACQUIRE))
			return false;
	return true;
}
