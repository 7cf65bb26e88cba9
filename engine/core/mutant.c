#include "engine/core/mutant.h"

#ifdef MUTANTS
#include <stdlib.h>

int mutant_planted;

/* Before any test, in whatever kind of process: Criterion starts one for each. */
static void __attribute__((constructor)) mutant_choose(void)
{
	const char *const number = getenv("MUTANT");

	mutant_planted = number ? (int)strtol(number, NULL, 10) : 0;
}
#endif
