/* command.h - a text message as a command: decoded, judged by phase and rate, and run or passed on.
 */
#ifndef GATE_COMMAND_H
#define GATE_COMMAND_H

#include "engine/gate/offence.h"

/* As a text that came; it is held where others are that came before it (gate/hook.h). */
void command_text(struct gate *gate, struct conn *conn, const uint8_t *text, size_t size);

/* The same once nothing is before it. Borrows. */
void command_run(struct gate *gate, struct conn *conn, struct span text);

/* Answers with an error that who goes on after many of them is ended for. */
void command_refuse(struct gate *gate, struct conn *conn, uint64_t id, enum chat_error error, uint32_t retry_ms);

/* The same for what comes faster than it may: counted as the offence that it is. */
void command_limit(struct gate *gate, struct conn *conn, uint64_t id, enum offence_rule rule, uint32_t retry_ms);

/* A command that was not refused makes up for one that was. */
static inline void command_pass(struct session *session)
{
	session->refusals -= session->refusals > 0;
}

#endif
