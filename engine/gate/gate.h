/* gate.h - what the files of gate/ share: one core's connections, sessions and rooms in one place.
 */
#ifndef GATE_GATE_H
#define GATE_GATE_H

#include "engine/auth/bans.h"
#include "engine/auth/verified.h"
#include "engine/chat/hall.h"
#include "engine/chat/home.h"
#include "engine/chat/post.h"
#include "engine/core/throttle.h"
#include "engine/gate/allowance.h"
#include "engine/gate/http_source.h"
#include "engine/gate/ration.h"
#include "engine/gate/session.h"
#include "engine/gate/user_acts.h"
#include "engine/gate/user_count.h"
#include "engine/gate/user_homes.h"
#include "engine/gate/users.h"
#include "engine/gate/watch.h"
#include "engine/net/conn.h"

struct api;
struct api_ops;
struct hook_port;
struct hook_question;

/* What was delivered and acknowledged in this turn, until the kernel has it: gate/latency.h. */
#define LATENCY_SAMPLES 64
struct latency_sample {
	uint32_t heard_us, times;
};
struct latency_list {
	uint32_t count;
	struct latency_sample samples[LATENCY_SAMPLES];
};
struct latency {
	struct latency_list delivered, acked;
};

struct gate {
	struct net net;
	struct hall hall;
	struct directory directory;
	struct post post;
	struct home *home;
	struct store_port store;
	bool has_store;
	struct segment_pool segments;
	struct codec codec;
	struct ration ration;     /* who waits for a turn to be read */
	struct timers timers;
	struct random random;
	struct session *sessions; /* by connection */
	struct users users;       /* these by name, once LIVE */
	struct user_homes user_homes;
	struct user_limits user_limits;
	struct allowances of_users, of_networks;
	struct bans bans;
	struct ban_keeper bans_kept;
	uint32_t sessions_max;
	uint32_t touched;         /* connections ever used: index of the highest + 1 */
	struct session_limits limits;
	struct throttle throttle; /* of lines about offences */
	struct latency latency;
	struct watch_core watch;
	struct counters *counters;
	const struct http_source *source;
	const struct hook_port *hooks; /* who is asked outside; NULL: nobody */
	uint64_t hooks_asked;     /* so far */
	uint32_t hooks_out;       /* questions that have not come back */
	const struct hook_question *answered; /* to the command that runs */
	struct span running;      /* its text */
	struct auth *auth;        /* who is let in, and what they may do; held. NULL: all are, as members */
	struct verified verified; /* whose tokens' signatures are known */
	const struct api_ops *api_ops; /* the HTTP API, and its own of this core */
	struct api *api;
	uint32_t core;
	bool draining;
	bool refusing;            /* memory is short: gate/shed.h */
	uint32_t memory_permille; /* of what may be used */
	uint64_t now_ms, wall_ms; /* of this turn */
	uint64_t now_us;
};

static inline struct session *session_of(struct gate *gate, const struct conn *conn)
{
	return &gate->sessions[conn->slot];
}

static inline struct span session_user(const struct session *session)
{
	return span_of(session->user, session->user_size);
}

static inline void gate_count(struct gate *gate, enum counter counter)
{
	counter_add(gate->counters, counter, 1);
}

/* A command was answered with an error. */
static inline void gate_count_error(struct gate *gate, enum chat_error error)
{
	gate_count(gate, COUNTER_errors);
	cell_add(&gate->counters->command_errors[error - 1], 1);
}

#endif
