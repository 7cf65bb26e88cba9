/* The engine on the fake ring, with its simulated clients: the input decides in what world, in which order completions
 * come, with what results and errors, and what clients do. Judged by the simulation's own rules (tests/sim). */
#include <malloc.h>
#include <stdio.h>

#include "engine/core/log.h"
#include "engine/core/slab.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/pages_arena.h"
#include "tests/sim/sim.h"

void __real_slab_close(struct slab *slab);
void __wrap_slab_close(struct slab *slab);

/* A slab says what was written to of all that it reserved. */
void __wrap_slab_close(struct slab *slab)
{
	if (slab->base)
		pages_arena_written(slab->base, ((size_t)slab->touched + 1) * slab->item_size * (slab->touched > 0));
	__real_slab_close(slab);
}

static void once(void)
{
	static bool done;

	if (done)
		return;
	log_setup(LOG_OFF, false);
	log_audit_to(LOG_AUDIT_NOWHERE);
	/* Memory of a world is that of the next one: it stays with the process. */
	mallopt(M_MMAP_THRESHOLD, 32 << 20);
	mallopt(M_TRIM_THRESHOLD, 1 << 30);
	mallopt(M_TOP_PAD, 1 << 20);
	done = true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t seed = 0;

	if (size < 8 || size > 1 << 14)
		return 0;
	once();
	/* What is drawn once the input is used up, and the manners of rooms. */
	memcpy(&seed, data, 2);
	sim.input = (struct sim_input){ data + 2, data + size };
	sim.trace = getenv("FUZZ_TRACE") != NULL;
	sim_run(seed);
	return 0;
}
