/* clock.h - the only place where time comes from. The simulation links its own body.
 */
#ifndef CORE_CLOCK_H
#define CORE_CLOCK_H

#include <stdint.h>

/* Nanoseconds of CLOCK_MONOTONIC: for timers and durations. Never goes back. */
uint64_t clock_mono_ns(void);

/* Milliseconds since 1970 by CLOCK_REALTIME: for people. May jump either way. */
uint64_t clock_wall_ms(void);

#endif
