/* ahead.h - asking for memory that is needed soon.
 *
 * Between two turns, and between two sends of one, the kernel fills the caches with its own: nearly every first look at
 * a connection's memory waits for it. A loop that knows what it will come to next asks for that first.
 */
#ifndef CORE_AHEAD_H
#define CORE_AHEAD_H

/* For functions that do nothing but ask: gcc takes one that is not inlined at once for one without effect, and drops
 * its calls. */
#define AHEAD_INLINE static inline __attribute__((always_inline))

/* Any address: one that is nobody's is ignored. */
AHEAD_INLINE void ahead(const void *memory)
{
	__builtin_prefetch(memory);
}

#endif
