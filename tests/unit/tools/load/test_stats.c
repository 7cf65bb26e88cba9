#include <criterion/criterion.h>

#include "tools/load/stats.h"

Test(load_stats, what_was_sent_is_final_once_all_drain)
{
	struct scenario scenario = *scenario_builtin("fanout");

	scenario.workers = 3;
	struct run_stats *const stats = stats_map(&scenario);

	cr_assert_not_null(stats);
	for (uint32_t i = 0; i < 3; i++) {
		cr_assert_not(stats_all_drain(stats), "%u of 3", i);
		stats_set_drains(stats, 2 - i);
	}
	cr_assert(stats_all_drain(stats));
	stats_unmap(stats);
}
