/* ring_handover.h - tells ThreadSanitizer of a hand-over that goes through the kernel, which it cannot see.
 *
 * Release before a MSG_RING is prepared, acquire when it has arrived. All hand-overs share one
 * address: TSan then believes in a few orders too many, never in too few.
 */
#ifndef CORE_RING_HANDOVER_H
#define CORE_RING_HANDOVER_H

#if defined(__SANITIZE_THREAD__)
#define HANDOVER_ON 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define HANDOVER_ON 1
#endif
#endif

#ifdef HANDOVER_ON
extern char handover_place;
void __tsan_acquire(void *place);
void __tsan_release(void *place);
#endif

static inline void handover_release(void)
{
#ifdef HANDOVER_ON
	__tsan_release(&handover_place);
#endif
}

static inline void handover_acquire(void)
{
#ifdef HANDOVER_ON
	__tsan_acquire(&handover_place);
#endif
}

#endif
