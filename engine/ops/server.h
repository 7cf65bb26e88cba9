/* server.h - all that a running server is made of; for boot.c, cores.c, listening.c and signals.c alone.
 */
#ifndef OPS_SERVER_H
#define OPS_SERVER_H

#include <pthread.h>
#include <stdatomic.h>

#include "engine/net/listener.h"
#include "engine/ops/ban_file.h"
#include "engine/ops/boot.h"
#include "engine/ops/data.h"
#include "engine/ops/errands.h"
#include "engine/ops/fetch.h"
#include "engine/ops/key_watch.h"
#include "engine/ops/memory.h"
#include "engine/ops/sandbox.h"
#include "engine/ops/site.h"
#include "engine/ops/store_threads.h"

struct server;

struct core {
	struct server *server;
	uint32_t index;
	pthread_t thread;
	struct shard_limits limits;
	int listener;
	uint64_t seed;
	int error; /* of shard_open */
	struct shard *shard;
	_Atomic bool drained;
};

struct server {
	const struct options *options; /* of the start; a reload changes some, in reload.policy */
	struct ring_features features;
	struct shard_links links;
	struct site site;
	struct http_source source;
	struct data data;
	struct ban_file bans;
	struct reload reload;
	struct errands errands;
	struct errand_port errand_port;
	struct store_threads store;
	struct fetch *fetch; /* NULL: nobody is asked outside */
	struct key_watch key_watch;
	struct sandbox sandbox;
	struct memory memory;
	uint64_t trimmed_ms; /* when memory was last given back */
	uint32_t cores;
	uint64_t hash_key;
	struct core core[CORES_MAX];
	pthread_barrier_t opened, forgotten, closing;
	_Atomic bool failed; /* some shard could not be opened */
	_Atomic uint32_t ended;
	char address[LISTENER_TEXT_MAX];
};

#endif
