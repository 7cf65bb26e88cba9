/* key_watch.h - keys that were fetched go to the cores, and newer ones are wished for where a token's is not known.
 */
#ifndef OPS_KEY_WATCH_H
#define OPS_KEY_WATCH_H

#include "engine/ops/fetch.h"
#include "engine/ops/reload.h"

struct key_watch {
	uint64_t unknown; /* tokens so far whose key was not known, all cores */
};

/* Every now and then, on the main thread while the cores turn. */
void key_watch_tend(struct key_watch *watch, struct fetch *fetch, struct reload *reload);

#endif
