/* shard.h - one core of the engine: a ring, its connections, its rooms, and the turn that runs them.
 *
 * A shard is opened, turned and closed by one thread. Shards meet in nothing but
 * the rings and bells of struct shard_links; the counters may be read by all.
 */
#ifndef SHARD_SHARD_H
#define SHARD_SHARD_H

#include "engine/chat/hall.h"
#include "engine/chat/home.h"
#include "engine/api/api_limits.h"
#include "engine/gate/http_source.h"
#include "engine/gate/ration.h"
#include "engine/gate/session.h"
#include "engine/gate/user_count.h"
#include "engine/net/conn.h"
#include "engine/shard/shard_links.h"

struct shard;

struct shard_limits {
	uint32_t core, cores;
	struct ring_limits ring;
	struct net_limits net;
	struct home_limits home;
	struct hall_limits hall;
	struct session_limits session;
	struct api_limits api;
	struct codec_limits codec;
	struct ration_limits ration;
	struct user_limits user;
	uint32_t tokens_max;           /* whose signature this core remembers */
	uint32_t places_max;           /* rooms known by name on this core */
	uint64_t segment_bytes_max;    /* everything that waits to be sent, this core */
	uint64_t mail_waiting_max;     /* bytes that may wait for other cores before commands are refused */
	size_t xring_size;             /* bytes of each ring between two cores */
};

/* Keeps links and source. listener is a listening descriptor, which stays the
 * caller's. hash_key is the same for all shards, seed its own. Gives NULL with *error = -errno. */
struct shard *shard_open(const struct shard_limits *limits, const struct ring_features *features,
			 struct shard_links *links, const struct http_source *source, int listener, uint64_t hash_key,
			 uint64_t seed, int *error);
void shard_close(struct shard *shard);

/* One turn: waits for events, at most until the next timer, and runs them. */
void shard_turn(struct shard *shard);

/* Words for ring_post() to a shard's bell: end in good order, or at once; or the address of a call (gate/call.h). */
#define SHARD_WORD_DRAIN 1
#define SHARD_WORD_STOP 2

/* Drained or stopped: no connection, no job of the store's and no question to a hook is left, and the thread may close
 * it. A shard that is drained must still be turned until all are, since it is home to others' rooms. */
bool shard_is_drained(const struct shard *shard);
bool shard_is_stopped(const struct shard *shard);

struct home *shard_home(struct shard *shard);

/* Before it is turned: a name that an earlier process had banned. 0, or as bans_set(). */
int shard_restore_ban(struct shard *shard, struct span user, uint64_t until_ms, uint64_t wall_ms);

const struct counters *shard_counters(const struct shard *shard);

/* A row of the memory sum at boot: what, and at most how many bytes. Returns how many rows there are. */
struct shard_sum {
	const char *what;
	uint64_t bytes;
};
size_t shard_sums(const struct shard_limits *limits, struct shard_sum *rows, size_t max);

#endif
