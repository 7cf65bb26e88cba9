#include "engine/shard/shard_internal.h"

#include <errno.h>

#include "engine/chat/cursor.h"
#include "engine/core/clock.h"
#include "engine/core/pages.h"
#include "engine/gate/inbound.h"
#include "engine/shard/adopt.h"

static void on_bytes(void *context, struct conn *conn, uint8_t *bytes, size_t size)
{
	session_bytes(context, conn, bytes, size);
}

static void on_drained(void *context, struct conn *conn)
{
	struct gate *gate = context;

	inbound_drained(gate, conn);
	if (conn->queued > 0)
		owner_mark(&gate->hall, conn->slot);
	else
		owner_mark_again(&gate->hall, conn->slot);
}

static void on_closed(void *context, struct conn *conn)
{
	session_closed(context, conn);
}

static const struct conn_ops ops = { on_bytes, on_drained, on_closed };

static void link_up(struct shard *shard, const struct shard_limits *limits)
{
	struct shard_links *links = shard->links;
	struct post *post = &shard->gate.post;

	post->core = limits->core;
	post->cores = limits->cores;
	post->counters = &shard->counters;
	post->waiting_bytes_max = limits->mail_waiting_max;
	post->ring_bells = links->ring_bells;
	for (uint32_t core = 0; core < limits->cores; core++) {
		post->out[core] = &links->rings[limits->core * limits->cores + core];
		post->bells[core] = &links->bells[core];
		shard->in[core] = &links->rings[core * limits->cores + limits->core];
	}
	shard->gate.api_ops = &api_ops;
	shard->gate.api = &shard->api;
	shard->api.limits = limits->api;
	shard->gate.hooks = links->hooks;
	shard->api.errands = links->errands;
	shard->gate.bans_kept = links->bans_kept;
	shard->gate.has_store = links->stores != NULL;
	if (shard->gate.has_store)
		shard->gate.store = links->stores[limits->core];
	adopt_open(&shard->gate, links->auth);
	links->ring_bells[limits->core] = ring_bell(shard->ring);
	links->counters[limits->core] = &shard->counters;
	links->watch.boards[limits->core] = &shard->board;
	shard->gate.watch.board = &shard->board;
}

static int gate_open(struct gate *gate, const struct shard_limits *limits, struct shard *shard, uint64_t hash_key,
		     uint64_t seed)
{
	gate->core = limits->core;
	gate->limits = limits->session;
	gate->user_limits = limits->user;
	gate->counters = &shard->counters;
	gate->sessions_max = ring_slots_max(shard->ring);
	ration_open(&gate->ration, &limits->ration);
	random_seed(&gate->random, seed);
	timers_open(&gate->timers, clock_mono_ns() / 1000000);
	gate->sessions = pages_reserve((size_t)gate->sessions_max * sizeof(struct session));
	gate->net.ops = &ops;
	gate->net.context = gate;
	if (!gate->sessions || users_open(&gate->users, gate->sessions_max, hash_key) != 0 ||
	    user_homes_open(&gate->user_homes, gate->sessions_max * limits->cores, limits->cores) != 0 ||
	    verified_open(&gate->verified, limits->tokens_max, hash_key, &shard->counters) != 0 ||
	    bans_open(&gate->bans, hash_key) != 0 || allowances_open(&gate->of_users) != 0 ||
	    allowances_open(&gate->of_networks) != 0 ||
	    segment_pool_open(&gate->segments, limits->segment_bytes_max) != 0 ||
	    codec_open(&gate->codec, &limits->codec, gate->sessions_max, &shard->counters) != 0 ||
	    directory_open(&gate->directory, limits->places_max, hash_key, limits->cores) != 0 ||
	    hall_open(&gate->hall, &limits->hall, &gate->segments, &gate->directory, &shard->counters,
		      gate->sessions_max) != 0 ||
	    net_open(&gate->net, &limits->net, shard->ring, &gate->segments, &gate->timers, &shard->counters,
		     hash_key) != 0)
		return -ENOMEM;
	gate->home = home_open(&limits->home, &gate->directory, &gate->post, &shard->counters,
			       random_next(&gate->random), gate->has_store ? &gate->store : NULL);
	return gate->home ? 0 : -ENOMEM;
}

struct shard *shard_open(const struct shard_limits *limits, const struct ring_features *features,
			 struct shard_links *links, const struct http_source *source, int listener, uint64_t hash_key,
			 uint64_t seed, int *error)
{
	struct shard *shard = pages_reserve(sizeof(*shard));

	*error = -ENOMEM;
	if (!shard)
		return NULL;
	shard->links = links;
	shard->listener = listener;
	shard->gate.source = source;
	shard->events = pages_reserve(SHARD_EVENTS_MAX * sizeof(*shard->events));
	shard->ring = ring_open(&limits->ring, features, error);
	if (shard->ring && !shard->events)
		*error = -ENOMEM;
	if (*error != 0) {
		pages_release(shard, sizeof(*shard));
		return NULL;
	}
	link_up(shard, limits);
	*error = gate_open(&shard->gate, limits, shard, hash_key, seed);
	if (*error != 0)
		return NULL;
	ring_accept(shard->ring, listener);
	return shard;
}

void shard_close(struct shard *shard)
{
	struct gate *gate = &shard->gate;

	for (uint32_t slot = 0; slot < gate->touched; slot++)
		conn_abort(&gate->net, net_conn(&gate->net, slot));
	post_close(&gate->post);
	home_close(gate->home);
	net_close(&gate->net);
	hall_close(&gate->hall);
	codec_close(&gate->codec);
	ration_close(&gate->ration);
	directory_close(&gate->directory);
	adopt_close(gate);
	verified_close(&gate->verified);
	bans_close(&gate->bans);
	allowances_close(&gate->of_users);
	allowances_close(&gate->of_networks);
	user_homes_close(&gate->user_homes);
	users_close(&gate->users);
	segment_pool_close(&gate->segments);
	ring_close_all(shard->ring);
	pages_release(gate->sessions, (size_t)gate->sessions_max * sizeof(struct session));
	pages_release(shard->events, SHARD_EVENTS_MAX * sizeof(*shard->events));
	pages_release(shard, sizeof(*shard));
}

bool shard_is_drained(const struct shard *shard)
{
	return shard->gate.draining && shard->gate.net.open == 0 && shard->gate.store.jobs_out == 0 &&
	       shard->gate.hooks_out == 0;
}

bool shard_is_stopped(const struct shard *shard)
{
	return shard->stopped;
}

struct home *shard_home(struct shard *shard)
{
	return shard->gate.home;
}

int shard_restore_ban(struct shard *shard, struct span user, uint64_t until_ms, uint64_t wall_ms)
{
	return bans_set(&shard->gate.bans, user, until_ms, wall_ms);
}

const struct counters *shard_counters(const struct shard *shard)
{
	return &shard->counters;
}
