/* shard_links.h - what the cores have together: the rings and bells between them, and what each is given of outside.
 */
#ifndef SHARD_SHARD_LINKS_H
#define SHARD_SHARD_LINKS_H

#include "engine/chat/post.h"
#include "engine/gate/user_acts.h"
#include "engine/gate/watch.h"

struct errand_port;
struct hook_port;
struct auth;

/* Made once for all shards, before any of them. */
struct shard_links {
	uint32_t cores;
	struct xring *rings;           /* [from * cores + to] */
	struct bell bells[CORES_MAX];
	int ring_bells[CORES_MAX];     /* each shard fills in its own at open; all must be open before any turns */
	const struct counters *counters[CORES_MAX]; /* likewise */
	struct watch_links watch;      /* likewise, and who asks */
	uint32_t memory_permille;      /* of what may be used, written by anyone while the shards run; atomic */
	struct auth *auth;             /* held by each at open; NULL: all are guests, and members everywhere */
	struct ban_keeper bans_kept;   /* may be called by every core at once; none: bans end with the process */
	const struct store_port *stores; /* of each core, copied at open; NULL: there is no store. Set before that */
	const struct errand_port *errands; /* the main thread; kept; NULL: nobody does them. Set before that */
	const struct hook_port *hooks; /* the same for all, kept; NULL: nobody outside decides. Set before that */
};

int shard_links_open(struct shard_links *links, uint32_t cores, size_t xring_size);
void shard_links_close(struct shard_links *links);

#endif
