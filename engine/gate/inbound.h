/* inbound.h - the way in once a connection speaks WebSocket: bytes to messages to commands.
 */
#ifndef GATE_INBOUND_H
#define GATE_INBOUND_H

#include "engine/gate/gate.h"

void inbound_bytes(struct gate *gate, struct conn *conn, uint8_t *bytes, size_t size);

#endif
