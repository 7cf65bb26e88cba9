/* call.h - something for a core's own thread to do, given to it by any other: the only way into a core from outside.
 */
#ifndef GATE_CALL_H
#define GATE_CALL_H

struct gate;

/* A policy to adopt, an answer from another thread. The first member of what it carries; run() says how the sender
 * learns that it is done (an atomic, a mail), and from then on the sender may free it. Runs in a turn of the core's
 * own, to its end, without waiting for anything. */
struct gate_call {
	void (*run)(struct gate *gate, struct gate_call *call);
};

/* From any thread. bell: of the core's ring (links->ring_bells). Returns 0 or -errno: it will not run. */
int gate_call(int bell, struct gate_call *call);

#endif
