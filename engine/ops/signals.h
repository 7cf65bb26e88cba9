/* signals.h - the main thread while the cores serve: it waits for signals, and tends what is due.
 *
 *	RUN --SIGTERM, SIGINT--> DRAIN (connections end in good order) --another--> STOP (at once) --another--> the end
 */
#ifndef OPS_SIGNALS_H
#define OPS_SIGNALS_H

#include <signal.h>

#include "engine/ops/server.h"

/* Those that the main thread waits for, and those that must not end us. Before there are other threads. */
void signals_block(sigset_t *signals);

/* Until all cores have ended. */
void signals_watch(struct server *server, const sigset_t *signals);

#endif
