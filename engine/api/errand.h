/* errand.h - what a core has the main thread do, which alone may read files and change what holds for all.
 *
 * A core knows of the main thread no more than struct errand_port: it gives an errand away and gets it back done, in a
 * turn of its own. It comes back within a moment, but for a reload while another one is under way: then when that is
 * through.
 */
#ifndef API_ERRAND_H
#define API_ERRAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/gate/call.h"

enum errand_kind {
	ERRAND_RELOAD, /* reads the options again */
};

#define ERRAND_BODY_MAX 32768

/* One block, of the core that gives it. In between it is the port's. */
struct errand {
	struct gate_call call; /* its way back: run() gets the errand done */
	struct errand *next; /* the port's */
	uint32_t core; /* whose it is */
	uint32_t slot, generation, serial; /* the giver's own: whom the answer is for */
	enum errand_kind kind;
	char by[64]; /* for the log: who asked */
	bool done; /* false: refused, and nothing has changed */
	size_t body_size;
	/* JSON: what changed, `{"changed":[{"option":"send-rate","from":"20","to":"50"}],"needs_restart":[...]}`, or
	 * where refused a string that says why, with its quotes. */
	uint8_t body[ERRAND_BODY_MAX];
};

struct errand_port {
	void *context;
	/* From a core's thread. Takes the errand, and has errand->call run by that core in the end. */
	void (*give)(void *context, struct errand *errand);
};

#endif
