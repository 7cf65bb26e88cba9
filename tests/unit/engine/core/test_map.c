#include <criterion/criterion.h>
#include <signal.h>

#include <stdbool.h>

#include "engine/core/map.h"
#include "engine/core/random.h"

#define KEYS 3000

/* The naive model: which values stand under which hash. */
static struct {
	uint64_t hash;
	bool in;
} model[KEYS + 1];

static bool is_there(const struct map *map, uint64_t hash, uint32_t wanted)
{
	uint32_t value;
	uint32_t times = 0;

	for (struct map_probe probe = map_probe(map, hash); (value = map_next(map, &probe));)
		times += value == wanted;
	cr_assert_leq(times, 1, "each pair at most once");
	return times == 1;
}

static void random_steps(struct map *map, struct random *random, uint32_t steps)
{
	for (uint32_t step = 0; step < steps; step++) {
		const uint32_t value = 1 + (uint32_t)random_below(random, KEYS);
		const uint64_t hash = model[value].hash;

		cr_assert_eq(is_there(map, hash, value), model[value].in);
		if (model[value].in)
			map_remove(map, hash, value);
		else
			cr_assert_eq(map_add(map, hash, value), 0);
		model[value].in = !model[value].in;
		cr_assert_eq(is_there(map, hash, value), model[value].in);
	}
}

static void compare_all(const struct map *map)
{
	uint32_t used = 0;

	for (uint32_t value = 1; value <= KEYS; value++) {
		cr_assert_eq(is_there(map, model[value].hash, value), model[value].in, "value %u", value);
		used += model[value].in;
	}
	cr_assert_eq(map->used, used);
}

/* spread: how many different hashes. A few make long runs, where the shift on removal goes wrong if it can. */
static void against_model(uint64_t spread)
{
	struct random random;
	struct map map;

	random_seed(&random, spread);
	cr_assert_eq(map_open(&map, 4), 0);
	for (uint32_t value = 1; value <= KEYS; value++)
		model[value].hash = random_below(&random, spread);
	for (int round = 0; round < 10; round++) {
		random_steps(&map, &random, KEYS);
		compare_all(&map);
	}
	map_close(&map);
}

Test(map, agrees_with_a_naive_model_on_good_hashes)
{
	against_model(UINT64_MAX);
}

Test(map, agrees_with_a_naive_model_on_neighbouring_hashes)
{
	against_model(500);
}

Test(map, runs_that_wrap_around_the_end_are_closed_up)
{
	struct map map;

	cr_assert_eq(map_open(&map, 8), 0);
	for (uint32_t value = 1; value <= 5; value++)
		cr_assert_eq(map_add(&map, value < 3 ? 7 : value < 5 ? 6 : 0, value), 0);
	map_remove(&map, 7, 1);
	cr_assert(is_there(&map, 7, 2) && is_there(&map, 6, 3) && is_there(&map, 6, 4) && is_there(&map, 0, 5));
	map_remove(&map, 6, 3);
	cr_assert(is_there(&map, 7, 2) && is_there(&map, 6, 4) && is_there(&map, 0, 5));
	map_close(&map);
}

Test(map, is_at_most_three_quarters_full)
{
	struct map map;

	cr_assert_eq(map_open(&map, 4), 0);
	for (uint32_t value = 1; value <= 3; value++)
		map_add(&map, value, value);
	cr_assert_eq(map.mask, 3);
	map_add(&map, 4, 4);
	cr_assert_eq(map.mask, 7);
	map_close(&map);

	cr_assert_eq(map_open(&map, 1), 0);
	for (uint32_t value = 1; value <= 10; value++)
		map_add(&map, 0, value);
	cr_assert_eq(map.used, 10);
	cr_assert_not(is_there(&map, 1, 1));
	map_close(&map);
}

Test(map, removing_what_is_not_there_is_a_crash, .signal = SIGABRT)
{
	struct map map;

	map_open(&map, 4);
	map_add(&map, 1, 1);
	map_remove(&map, 1, 2);
}
