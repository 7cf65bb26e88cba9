/* cores.h - the threads, each of which turns a shard from its opening to its close.
 *
 *	start: open, restore --opened--> forgotten (what was restored is not restored again) --> serve --closing--> save
 *
 * Between the words a barrier: the first two with the main thread.
 */
#ifndef OPS_CORES_H
#define OPS_CORES_H

#include "engine/ops/server.h"

/* All are open, or have failed to, when it returns. Ends the process when there is no thread to be had. */
void cores_start(struct server *server);

/* What came of opening: 0, or the exit status, having said why. */
int cores_opened(struct server *server);

/* No core has a connection left. */
bool cores_drained(const struct server *server);

/* Waits for all, and closes what they listened on. */
void cores_join(struct server *server);

#endif
