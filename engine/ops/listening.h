/* listening.h - the address that the server is reached at: one socket a core, and a line that says where.
 */
#ifndef OPS_LISTENING_H
#define OPS_LISTENING_H

#include "engine/ops/server.h"

/* Returns 0 or the exit status, having said why. */
int listening_open(struct server *server);

/* To standard output. */
void listening_announce(const struct server *server);

#endif
