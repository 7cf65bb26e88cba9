/* timers.h - a hashed wheel of deadlines, coarse and cheap: 1,024 slots of 32 ms.
 *
 * A deadline further away than one turn of the wheel stays in its slot until
 * its turn comes. A timer fires at or after its time, never before, at most one tick late
 * if the wheel is advanced in time. The structs are the owner's and must not move.
 */
#ifndef CORE_TIMERS_H
#define CORE_TIMERS_H

#include <stdbool.h>
#include <stdint.h>

#define TIMER_TICK_MS 32
#ifndef TIMER_SLOTS /* few for a fuzzer */
#define TIMER_SLOTS 1024 /* a multiple of 64 */
#endif

struct timer {
	struct timer *next, *prev; /* NULL when not set */
	uint32_t due_tick;
};

struct timers {
	struct timer slots[TIMER_SLOTS]; /* list heads */
	struct timer expired;            /* list head: due, not yet taken out */
	uint64_t marks[TIMER_SLOTS / 64]; /* bit: the slot may have timers; a clear one has none */
	uint32_t tick;                   /* the last one run */
	uint32_t armed;
	uint64_t start_ms;
};

void timers_open(struct timers *timers, uint64_t now_ms);

/* Sets or moves. after_ms from now_ms. O(1). */
void timer_set(struct timers *timers, struct timer *timer, uint64_t now_ms, uint64_t after_ms);

/* Sets, or moves to an earlier time; one that is due sooner stays. */
void timer_bring(struct timers *timers, struct timer *timer, uint64_t now_ms, uint64_t after_ms);
void timer_stop(struct timers *timers, struct timer *timer); /* harmless when not set */

static inline bool timer_is_set(const struct timer *timer)
{
	return timer->next != (void *)0;
}

/* Takes out the next timer that is due at now_ms, or gives NULL when none is left. */
struct timer *timers_due(struct timers *timers, uint64_t now_ms);

/* Milliseconds until timers_due may have something: never later than the
 * earliest timer of the next wheel turn; UINT64_MAX when none is armed. */
uint64_t timers_wait_ms(struct timers *timers, uint64_t now_ms);

#endif
