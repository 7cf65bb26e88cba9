/* mutant.h - faults planted on purpose, to see that the tests find them.
 *
 * PLANTED(n) is false, always and for the compiler too, but in the build -DMUTANT=n of tools/build/mutants.sh. The
 * comment behind each says what the fault is.
 */
#ifndef CORE_MUTANT_H
#define CORE_MUTANT_H

#ifndef MUTANT
#define MUTANT 0
#endif

#define PLANTED(n) (MUTANT == (n))

#endif
