/* permit.h - what whoever is on a connection may do in a room, by the policy that this core has now.
 */
#ifndef GATE_PERMIT_H
#define GATE_PERMIT_H

#include "engine/gate/gate.h"
#include "proto/chat/rights.h"

/* Bits of enum chat_right. Asked when a room is joined; the cursor keeps the answer. */
uint8_t permit(const struct gate *gate, const struct conn *conn, struct span room);

/* Works out again what a connection, or all of this core, may do in the rooms it is in. Who may not read there any
 * longer is out of the room, and told; who may not be told of the others there any longer is not. */
void permit_renew(struct gate *gate, struct conn *conn);
void permit_renew_all(struct gate *gate);

#endif
