/* The engine on the fake ring, with its simulated clients: the input decides in what world, in which order completions
 * come, with what results and errors, and what clients do. Judged by the simulation's own rules (tests/sim). */
#include <stdio.h>

#include "engine/core/log.h"
#include "tests/fuzz/fuzz.h"
#include "tests/sim/sim.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool quiet;
	uint64_t seed = 0;

	if (size < 8 || size > 1 << 14)
		return 0;
	if (!quiet) {
		log_setup(LOG_OFF, false);
		log_audit_to(LOG_AUDIT_NOWHERE);
	}
	quiet = true;
	/* What is drawn once the input is used up, and the manners of rooms. */
	memcpy(&seed, data, 2);
	sim.input = (struct sim_input){ data + 2, data + size };
	sim.trace = getenv("FUZZ_TRACE") != NULL;
	sim_run(seed);
	return 0;
}
