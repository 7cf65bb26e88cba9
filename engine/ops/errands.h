/* errands.h - what the main thread is asked to do: by signals, and by cores, whose errands go back to them done.
 */
#ifndef OPS_ERRANDS_H
#define OPS_ERRANDS_H

#include "engine/api/errand.h"
#include "engine/ops/reload.h"

struct errands {
	/* The caller's; kept. */
	struct reload *reload;
	/* The new options hold for the cores: the main thread's own part. */
	void (*adopted)(void *context);
	void *context;
	/* Its own. */
	_Atomic(struct errand *) given; /* newest first */
	struct errand *waiting; /* oldest first */
	bool hangup; /* SIGHUP came: set by the main thread */
};

/* For links->errands; context is the struct errands. From any thread; wakes the main one by SIGUSR1. */
void errands_give(void *context, struct errand *errand);

/* By the main thread, every now and then and when it was woken: does what can be done now. serving false: the server is
 * about to end, all are refused. */
void errands_tend(struct errands *errands, bool serving);

#endif
