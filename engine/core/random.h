/* random.h - a small generator a core (xoshiro256**): jitter and names that need not be secret.
 */
#ifndef CORE_RANDOM_H
#define CORE_RANDOM_H

#include <stdint.h>

struct random {
	uint64_t state[4];
};

void random_seed(struct random *random, uint64_t seed);
uint64_t random_next(struct random *random);

/* Evenly from 0 to bound - 1; bound > 0. */
uint64_t random_below(struct random *random, uint64_t bound);

/* 64 bits of the kernel's entropy, to seed from. Not used by the simulation. */
uint64_t random_entropy(void);

#endif
