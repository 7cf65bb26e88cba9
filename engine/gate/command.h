/* command.h - a text message as a command: decoded, judged by phase and rate, and run or passed on.
 */
#ifndef GATE_COMMAND_H
#define GATE_COMMAND_H

#include "engine/gate/gate.h"

void command_text(struct gate *gate, struct conn *conn, const uint8_t *text, size_t size);

#endif
