/* upgrade.h - the way in while a connection speaks HTTP: request heads to answers, or to a WebSocket.
 */
#ifndef GATE_UPGRADE_H
#define GATE_UPGRADE_H

#include "engine/gate/gate.h"

/* Returns how many bytes were HTTP's; what is left belongs to the WebSocket that was agreed on. Rationed: or, where the
 * phase is HEAD still, it is to wait for its turn. */
size_t upgrade_bytes(struct gate *gate, struct conn *conn, uint8_t *bytes, size_t size, bool rationed);

/* Queues bytes behind what is queued. False: there was no room, the connection is gone. */
bool upgrade_put(struct gate *gate, struct conn *conn, const void *bytes, size_t size);

/* The head did not become whole in time. */
void upgrade_timeout(struct gate *gate, struct conn *conn);

#endif
