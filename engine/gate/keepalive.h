/* keepalive.h - the deadlines of a session: head, hello, message, silence, who takes no bytes, the end of a drain.
 */
#ifndef GATE_KEEPALIVE_H
#define GATE_KEEPALIVE_H

#include "engine/gate/gate.h"

/* Starts the deadline of the phase the session is in now. */
void keepalive_start(struct gate *gate, struct conn *conn);

/* A message has begun and is not whole: it has its time from now. */
void keepalive_begun(struct gate *gate, struct conn *conn);

/* A live session may end sooner than it was to. */
void keepalive_expiry(struct gate *gate, struct conn *conn);

/* The connection's timer went off. */
void keepalive_due(struct gate *gate, struct conn *conn);

/* Every session is told when to come back, and is closed then; the others at once. */
void keepalive_drain(struct gate *gate);

#endif
