/* pump.h - the way out: once a turn, one send to every connection that has something to get.
 */
#ifndef GATE_PUMP_H
#define GATE_PUMP_H

#include "engine/gate/gate.h"

void pump(struct gate *gate);

/* Some were left for the next turn, which is not to wait. */
bool pump_has_more(const struct gate *gate);

#endif
