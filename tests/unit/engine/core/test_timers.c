#include <criterion/criterion.h>

#include "engine/core/random.h"
#include "engine/core/timers.h"

#define TIMERS 400
#define START_MS 123456789

static struct timers timers;

/* The naive model: when each is due, 0 when not set. */
static struct {
	struct timer timer;
	uint64_t due_ms;
} items[TIMERS];

static void open_timers(void)
{
	timers_open(&timers, START_MS);
}

TestSuite(timers, .init = open_timers);

static void fires(uint64_t now_ms, uint64_t late_max)
{
	struct timer *timer;

	while ((timer = timers_due(&timers, now_ms))) {
		const size_t index = (size_t)((char *)timer - (char *)items) / sizeof(items[0]);

		cr_assert_neq(items[index].due_ms, 0, "a timer that was not set");
		cr_assert_leq(items[index].due_ms, now_ms, "too early");
		cr_assert_leq(now_ms - items[index].due_ms, late_max, "too late");
		cr_assert_not(timer_is_set(timer));
		items[index].due_ms = 0;
	}
}

static void compare(uint64_t now_ms)
{
	uint64_t earliest = UINT64_MAX;
	uint32_t armed = 0;

	for (int i = 0; i < TIMERS; i++) {
		cr_assert_eq(items[i].due_ms != 0, timer_is_set(&items[i].timer));
		if (items[i].due_ms == 0)
			continue;
		armed++;
		/* A tick late is allowed; more is a timer forgotten. */
		cr_assert_gt(items[i].due_ms + TIMER_TICK_MS, now_ms, "timer %d forgotten", i);
		if (items[i].due_ms < earliest)
			earliest = items[i].due_ms;
	}
	cr_assert_eq(timers.armed, armed);

	const uint64_t wait_ms = timers_wait_ms(&timers, now_ms);

	if (armed == 0)
		cr_assert_eq(wait_ms, UINT64_MAX);
	else
		cr_assert_leq(now_ms + wait_ms, earliest + TIMER_TICK_MS, "sleeps through a deadline");
}

static void against_model(uint64_t after_max, uint64_t step_max)
{
	struct random random;
	uint64_t now_ms = START_MS;

	random_seed(&random, after_max);
	for (int step = 0; step < 20000; step++) {
		const uint64_t index = random_below(&random, TIMERS);
		const uint64_t after_ms = random_below(&random, after_max);

		if (random_below(&random, 4) > 0) {
			timer_set(&timers, &items[index].timer, now_ms, after_ms);
			items[index].due_ms = now_ms + after_ms;
		} else {
			timer_stop(&timers, &items[index].timer);
			items[index].due_ms = 0;
		}
		const uint64_t forward = random_below(&random, step_max);

		now_ms += forward;
		fires(now_ms, forward + TIMER_TICK_MS);
		compare(now_ms);
	}
}

Test(timers, agree_with_a_naive_model_within_a_turn_of_the_wheel)
{
	against_model(20000, 10);
}

Test(timers, agree_with_a_naive_model_over_many_turns)
{
	against_model(500000, 200);
}

Test(timers, agree_with_a_naive_model_when_the_wheel_stands_still_for_turns)
{
	against_model(200000, 100000);
}

Test(timers, fires_at_its_time_or_within_a_tick)
{
	for (uint64_t after_ms = 0; after_ms < 3 * TIMER_TICK_MS; after_ms++) {
		struct timer timer = { 0 };
		uint64_t now_ms = START_MS;

		timers_open(&timers, START_MS);
		timer_set(&timers, &timer, START_MS, after_ms);
		while (!timers_due(&timers, now_ms))
			now_ms++;
		cr_assert_geq(now_ms, START_MS + after_ms);
		cr_assert_leq(now_ms, START_MS + after_ms + TIMER_TICK_MS);
	}
}

Test(timers, what_is_brought_comes_sooner_and_never_later)
{
	static const uint64_t afters[] = { 500, 800, UINT64_MAX, 200, 500 };
	struct timer timer = { 0 };
	uint64_t now_ms = START_MS;

	for (size_t i = 0; i < sizeof(afters) / sizeof(afters[0]); i++)
		timer_bring(&timers, &timer, now_ms, afters[i]);
	while (!timers_due(&timers, now_ms))
		timer_bring(&timers, &timer, ++now_ms, 100 + TIMER_TICK_MS);
	cr_assert_geq(now_ms, START_MS + 100 + TIMER_TICK_MS);
	cr_assert_leq(now_ms, START_MS + 100 + 2 * TIMER_TICK_MS);
	cr_assert_eq(timers.armed, 0);
}

Test(timers, waiting_as_long_as_told_is_enough)
{
	struct timer timer = { 0 };

	timer_set(&timers, &timer, START_MS, 10 * 1024 * TIMER_TICK_MS + 7);
	uint64_t now_ms = START_MS;
	int waits = 0;

	while (!timers_due(&timers, now_ms)) {
		cr_assert_lt(++waits, 20, "about once a turn of the wheel");
		now_ms += timers_wait_ms(&timers, now_ms);
	}
	cr_assert_geq(now_ms, START_MS + 10 * 1024 * TIMER_TICK_MS + 7);
	cr_assert_lt(now_ms, START_MS + 10 * 1024 * TIMER_TICK_MS + 7 + TIMER_TICK_MS);
}

Test(timers, what_was_stopped_is_not_waited_for)
{
	struct timer first = { 0 }, second = { 0 };

	timer_set(&timers, &first, START_MS, 10 * TIMER_TICK_MS);
	timer_set(&timers, &second, START_MS, 90 * TIMER_TICK_MS);
	timer_stop(&timers, &first);
	cr_assert_eq(timers_wait_ms(&timers, START_MS), 90 * TIMER_TICK_MS);
	timer_set(&timers, &first, START_MS, 10 * TIMER_TICK_MS);
	cr_assert_eq(timers_wait_ms(&timers, START_MS), 10 * TIMER_TICK_MS, "and again when it is set again");
	cr_assert_eq(timers_due(&timers, START_MS + 10 * TIMER_TICK_MS), &first);
	cr_assert_eq(timers_due(&timers, START_MS + 90 * TIMER_TICK_MS), &second);
}

Test(timers, stopping_one_that_is_due_but_not_yet_taken_keeps_it_in)
{
	struct timer first = { 0 }, second = { 0 };

	timer_set(&timers, &first, START_MS, 10);
	timer_set(&timers, &second, START_MS, 10);
	struct timer *due = timers_due(&timers, START_MS + 100);

	cr_assert_eq(timers_wait_ms(&timers, START_MS + 100), 0, "one more is due");
	timer_stop(&timers, due == &first ? &second : &first);
	timer_stop(&timers, due);
	cr_assert_null(timers_due(&timers, START_MS + 100));
	cr_assert_eq(timers.armed, 0);
}

/* Once for the tick it was in, once for the tick of now: a timer of no delay must not hold the loop. */
Test(timers, a_timer_that_sets_itself_again_does_not_fire_forever)
{
	struct timer timer = { 0 };
	int times = 0;

	timer_set(&timers, &timer, START_MS, 0);
	for (struct timer *due; (due = timers_due(&timers, START_MS + 320)) && times < 10; times++)
		timer_set(&timers, due, START_MS + 320, 0);
	cr_assert_leq(times, 2);
	cr_assert(timer_is_set(&timer));
}

Test(timers, never_is_far_away_but_not_an_error)
{
	struct timer timer = { 0 };

	timer_set(&timers, &timer, START_MS, UINT64_MAX);
	cr_assert_null(timers_due(&timers, START_MS + 1000ull * 86400 * 365));
	cr_assert(timer_is_set(&timer));
}

/* 2^32 ticks are 4.3 years. */
Test(timers, go_on_when_the_ticks_wrap)
{
	const uint64_t wrap_ms = START_MS + ((uint64_t)1 << 32) * TIMER_TICK_MS;
	struct timer timer = { 0 };

	for (uint64_t now_ms = START_MS; now_ms < wrap_ms - 500; now_ms += (uint64_t)1 << 34)
		cr_assert_null(timers_due(&timers, now_ms));
	cr_assert_null(timers_due(&timers, wrap_ms - 500));
	timer_set(&timers, &timer, wrap_ms - 500, 1000);
	cr_assert_null(timers_due(&timers, wrap_ms + 499));
	cr_assert_eq(timers_due(&timers, wrap_ms + 500 + TIMER_TICK_MS), &timer);
}
