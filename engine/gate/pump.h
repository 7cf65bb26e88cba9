/* pump.h - the way out: once a turn, one send to every connection that has something to get.
 */
#ifndef GATE_PUMP_H
#define GATE_PUMP_H

#include "engine/gate/gate.h"

void pump(struct gate *gate);

#endif
