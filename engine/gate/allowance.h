/* allowance.h - what a user, or a network, has used of what all its connections on this core may together.
 *
 * A table of fixed size: of four places that somebody may have, a new one gets the place of whom nothing was taken from
 * for longest. So it needs no memory for who is quiet, and outlives the connections: who comes back has no new burst.
 */
#ifndef GATE_ALLOWANCE_H
#define GATE_ALLOWANCE_H

#include "engine/chat/quota.h"

#ifndef ALLOWANCE_SETS /* few for a fuzzer */
#define ALLOWANCE_SETS 1024
#endif
#define ALLOWANCE_WAYS 4

enum rate { RATE_SENDS, RATE_BYTES, RATE_COMMANDS, RATE_ROOMS, RATE_COUNT };

struct allowance {
	uint64_t who; /* a hash; 0: free */
	uint64_t used_ms;
	struct quota quotas[RATE_COUNT];
};

#define ALLOWANCES_BYTES (ALLOWANCE_SETS * ALLOWANCE_WAYS * sizeof(struct allowance))

struct allowances {
	struct allowance *places; /* reserved, touched when used */
};

/* Returns 0 or -ENOMEM. */
int allowances_open(struct allowances *allowances);
void allowances_close(struct allowances *allowances);

/* The place, or NULL: nothing was used for long. */
struct allowance *allowance_find(struct allowances *allowances, uint64_t who);

/* The same, or a new one. */
struct allowance *allowance_of(struct allowances *allowances, uint64_t who, uint64_t now_ms);

#endif
