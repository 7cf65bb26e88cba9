#include <criterion/criterion.h>

#include "engine/core/random.h"

/* xoshiro256** by its authors' reference code, from the state 1, 2, 3, 4. */
Test(random, gives_the_published_sequence)
{
	static const uint64_t expected[5] = { 11520, 0, 1509978240, 1215971899390074240, 1216172134540287360 };
	struct random random = { .state = { 1, 2, 3, 4 } };

	for (int i = 0; i < 5; i++)
		cr_assert_eq(random_next(&random), expected[i], "number %d", i);
}

Test(random, the_same_seed_gives_the_same_numbers_and_zero_is_a_seed)
{
	struct random a, b, c;

	random_seed(&a, 0);
	random_seed(&b, 0);
	random_seed(&c, 1);
	for (int i = 0; i < 100; i++) {
		const uint64_t number = random_next(&a);

		cr_assert_eq(number, random_next(&b));
		cr_assert_neq(number, random_next(&c));
	}
}

Test(random, below_stays_below_and_is_even)
{
	struct random random;
	uint32_t seen[6] = { 0 };

	random_seed(&random, 5);
	for (int i = 0; i < 60000; i++) {
		const uint64_t number = random_below(&random, 6);

		cr_assert_lt(number, 6);
		seen[number]++;
	}
	for (int i = 0; i < 6; i++)
		cr_assert(seen[i] > 9500 && seen[i] < 10500, "%d came %u times", i, seen[i]);
	cr_assert_eq(random_below(&random, 1), 0);
	cr_assert_lt(random_below(&random, UINT64_MAX), UINT64_MAX);
}

Test(random, entropy_differs_from_call_to_call)
{
	cr_assert_neq(random_entropy(), random_entropy());
}
