/* ahead.h - what a peer sends while its request's answer is awaited: kept, and read when that is given.
 */
#ifndef GATE_AHEAD_H
#define GATE_AHEAD_H

#include "engine/gate/gate.h"

#define AHEAD_MAX (64 * 1024) /* bytes; who sends more is ended */

/* The phase is API. */
void ahead_keep(struct gate *gate, struct conn *conn, const uint8_t *bytes, size_t size);

/* It is no longer: reads what was kept. */
void ahead_read(struct gate *gate, struct conn *conn);

#endif
