#include <criterion/criterion.h>
#include <time.h>

#include "engine/core/clock.h"

Test(clock, monotonic_time_never_goes_back_and_counts_nanoseconds)
{
	const uint64_t before = clock_mono_ns();

	nanosleep(&(struct timespec){ .tv_nsec = 5000000 }, NULL);

	const uint64_t after = clock_mono_ns();

	cr_assert_geq(after - before, 5000000);
	cr_assert_lt(after - before, 5000000000);
}

Test(clock, wall_time_is_milliseconds_since_1970)
{
	const uint64_t seconds = (uint64_t)time(NULL);

	cr_assert_geq(clock_wall_ms() / 1000 + 1, seconds);
	cr_assert_leq(clock_wall_ms() / 1000, seconds + 5);
}
