/* The schedule of a worker: what of it was never sent is late. */
#include <criterion/criterion.h>
#include <string.h>

#include "tools/load/client.h"

#define MS 1000000ull
#define SECOND 1000000000ull

static struct scenario scenario;
static struct run_stats run;
static struct worker_stats mine;
static struct worker worker;

/* A hundred a second from second 10 on, due 10 ms after it and so on; measured from 11 to 21. */
static void setup(void)
{
	char why[160];

	scenario = *scenario_builtin("stress");
	cr_assert(scenario_set(&scenario, "rate", "100", why));
	run.workers = 1;
	memset(&mine, 0, sizeof(mine));
	worker = (struct worker){
		.run = &run,
		.mine = &mine,
		.scenario = &scenario,
		.phase = PHASE_HOLD,
		.traffic_start = 10 * SECOND,
		.hold_start = 11 * SECOND,
		.hold_end = 21 * SECOND,
	};
	crowd_open(&worker.crowd, &scenario, 1, 0);
	worker.own_count = (uint32_t)crowd_publishers(&worker.crowd);
}

TestSuite(load_traffic_open, .init = setup);

static uint64_t missed(uint64_t sent)
{
	memset(&mine, 0, sizeof(mine));
	worker.open_sent = sent;
	traffic_open_missed(&worker);
	return mine.lag.count;
}

Test(load_traffic_open, what_was_due_and_never_sent_is_late)
{
	cr_assert_eq(missed(1098), 1, "due at 20.99");
	cr_assert_eq(mine.lag.max, 10 * MS);
	cr_assert_eq(missed(1099), 0, "due as the hold ends: not in it");
	cr_assert_eq(missed(499), 600);
	cr_assert_eq(mine.lag.max, 6 * SECOND);
	cr_assert_eq(missed(0), 1000, "those of the warmup are not measured");
	cr_assert_eq(mine.lag.max, 10 * SECOND);
}

Test(load_traffic_open, so_many_that_they_are_added_in_groups)
{
	scenario.rate = 100000;
	cr_assert_eq(missed(0), 1000000);
	cr_assert_eq(mine.lag.max, 10 * SECOND);
	cr_assert_eq(hist_at(&mine.lag, 0.5) / (100 * MS), 50);
}

Test(load_traffic_open, what_nobody_could_send_or_was_not_to_be_sent_is_not_late)
{
	worker.nobody = true;
	cr_assert_eq(missed(0), 0);
	worker.nobody = false;
	worker.storm_live = 1;
	cr_assert_eq(missed(0), 0);
	worker.storm_live = 0;
	scenario.messages = worker.quota = mine.sent = 1;
	worker.open_sent = 1;
	traffic_open_missed(&worker);
	cr_assert_eq(mine.lag.count, 0);
	scenario.messages = 0;
	worker.own_count = 0;
	cr_assert_eq(missed(0), 0);
	setup();
	scenario.traffic = TRAFFIC_CLOSED;
	cr_assert_eq(missed(0), 0);
}
