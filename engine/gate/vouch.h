/* vouch.h - what the user's back end has said of somebody who it lets in: by what name, and for how long.
 */
#ifndef GATE_VOUCH_H
#define GATE_VOUCH_H

#include "engine/gate/gate.h"
#include "proto/hook/hook_answer.h"

/* The user of a hello, who may be a guest and stays one, has that name from now on, until then at most, whatever tokens
 * come. False: the connection is being ended. */
bool vouch(struct gate *gate, struct conn *conn, const struct hook_answer *answer);

#endif
