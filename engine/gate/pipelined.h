/* pipelined.h - what a peer sends while its request's answer is awaited: kept, and read when that is given.
 */
#ifndef GATE_PIPELINED_H
#define GATE_PIPELINED_H

#include "engine/gate/gate.h"

#define PIPELINED_MAX (64 * 1024) /* bytes; who sends more is ended */

/* The phase is API. */
void pipelined_keep(struct gate *gate, struct conn *conn, const uint8_t *bytes, size_t size);

/* It is no longer: reads what was kept. */
void pipelined_read(struct gate *gate, struct conn *conn);

#endif
