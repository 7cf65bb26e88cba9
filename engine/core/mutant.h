/* mutant.h - faults planted on purpose, to see that the tests find them.
 *
 * PLANTED(n) is false, always and for the compiler too, but in the build -DMUTANTS of tools/build/mutants.sh: there it
 * is true in a process that was started with n in the environment's MUTANT. The comment behind each says what it is.
 */
#ifndef CORE_MUTANT_H
#define CORE_MUTANT_H

#ifdef MUTANTS
extern int mutant_planted;
#define PLANTED(n) (mutant_planted == (n))
#else
#define PLANTED(n) (0 == (n))
#endif

#endif
