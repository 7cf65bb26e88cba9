/* inbound.h - the way in: bytes to requests, messages and commands, each connection within its share of a turn.
 */
#ifndef GATE_INBOUND_H
#define GATE_INBOUND_H

#include "engine/gate/gate.h"

void inbound_bytes(struct gate *gate, struct conn *conn, uint8_t *bytes, size_t size);

/* Once a turn: those who had their share of turns before have another one, the longest waiting first. */
void inbound_waiting(struct gate *gate);

/* What was kept of a message that is not whole goes. */
void inbound_forget(struct session *session);

/* The send that was under way is over: answers the ping that waited for that. */
void inbound_drained(struct gate *gate, struct conn *conn);

#endif
