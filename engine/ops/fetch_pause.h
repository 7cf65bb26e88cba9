/* fetch_pause.h - whether somebody outside may be asked now: not for a while once they have failed, longer each time.
 *
 *	well --FAILURES_MAX failed in a row--> away --pause over--> one is tried --well--> well
 *	                                        ^------failed, a longer pause-----'
 *
 * Pauses have jitter, so that many servers do not come back to one at the same moment.
 */
#ifndef OPS_FETCH_PAUSE_H
#define OPS_FETCH_PAUSE_H

#include "engine/core/random.h"

#include <stdbool.h>

#define FETCH_FAILURES_MAX 5
#define FETCH_PAUSE_LEAST_MS 1000
#define FETCH_PAUSE_MOST_MS 30000

struct fetch_pause {
	uint32_t failures; /* in a row */
	uint32_t pause_ms; /* the last one, without jitter; 0: none */
	uint64_t until_ms; /* while away: until when nobody asks */
	bool trying; /* ... and one has, and has not come back */
};

/* Whether one may ask now. True has to be followed by one of the other two. */
bool fetch_pause_lets(struct fetch_pause *pause, uint64_t now_ms);

/* Both return true when that has changed how it is: away now, or back. */
bool fetch_pause_well(struct fetch_pause *pause);
bool fetch_pause_failed(struct fetch_pause *pause, uint64_t now_ms, struct random *random);

#endif
