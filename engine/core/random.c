#include "engine/core/random.h"

#include <sys/random.h>

#include "engine/core/check.h"

static uint64_t rotate_left(uint64_t value, int by)
{
	return value << by | value >> (64 - by);
}

/* splitmix64 fills the state: whatever the seed, it is never all zero, in which the generator would stay. */
void random_seed(struct random *random, uint64_t seed)
{
	for (int i = 0; i < 4; i++) {
		uint64_t mixed = seed += 0x9e3779b97f4a7c15;

		mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9;
		mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111eb;
		random->state[i] = mixed ^ mixed >> 31;
	}
}

uint64_t random_next(struct random *random)
{
	uint64_t *s = random->state;
	const uint64_t result = rotate_left(s[1] * 5, 7) * 9;
	const uint64_t shifted = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= shifted;
	s[3] = rotate_left(s[3], 45);
	return result;
}

/* Lemire: the high half of a product is even once the few low halves that come too often are refused. */
uint64_t random_below(struct random *random, uint64_t bound)
{
	CHECK(bound > 0);

	const uint64_t refused = -bound % bound;
	__uint128_t product;

	do
		product = (__uint128_t)random_next(random) * bound;
	while ((uint64_t)product < refused);
	return (uint64_t)(product >> 64);
}

uint64_t random_entropy(void)
{
	uint64_t value;

	CHECK(getrandom(&value, sizeof(value), 0) == sizeof(value));
	return value;
}
