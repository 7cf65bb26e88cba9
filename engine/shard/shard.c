#include "engine/shard/shard.h"

#include <errno.h>

#include "engine/chat/cursor.h"
#include "engine/core/check.h"
#include "engine/core/clock.h"
#include "engine/core/log.h"
#include "engine/core/pages.h"
#include "engine/shard/adopt.h"
#include "engine/api/api.h"
#include "engine/api/api_list.h"
#include "engine/gate/call.h"
#include "engine/gate/deliver.h"
#include "engine/gate/gate.h"
#include "engine/gate/inbound.h"
#include "engine/gate/keepalive.h"
#include "engine/gate/latency.h"
#include "engine/gate/offence.h"
#include "engine/gate/pump.h"
#include "engine/gate/render.h"
#include "engine/gate/shed.h"

#define EVENTS_MAX 4096 /* completions run in one turn */
#define MAIL_PER_TURN 4096 /* mails taken in one turn before what they brought is pumped; */
#define MAIL_MS_MAX 5 /* after so long no more, looked at every */
#define MAIL_LOOK 64 /* mails */
#define AHEAD 4 /* events: so much earlier its connection's memory is asked for */
#define TICK_MS 500
#define ACCEPT_AGAIN_MS 100
#define STALL_MS 2000 /* between two turns: then the process, or the machine, had stood still */
#define GRACE_MS 1000 /* after which sessions' deadlines count again: what came meanwhile is read first */

struct shard {
	struct gate gate;
	struct api api;
	struct ring *ring;
	struct shard_links *links;
	struct xring *in[CORES_MAX]; /* from each core */
	struct ring_event *events;
	struct counters counters;
	struct board board;
	int listener;
	uint64_t tick_ms;
	uint64_t grace_ms; /* until when no deadline is judged; 0: there is no such time */
	uint64_t accept_ms; /* when to try accepting again; 0: no need */
	uint32_t in_next; /* whose mail comes first in the next turn */
	bool mail_left; /* the last turn stopped with mail unread */
	bool stopped;
};

int shard_links_open(struct shard_links *links, uint32_t cores, size_t xring_size)
{
	CHECK(cores >= 1 && cores <= CORES_MAX);
	memset(links, 0, sizeof(*links));
	links->cores = cores;
	links->rings = pages_reserve(cores * cores * sizeof(struct xring));
	if (!links->rings)
		return -ENOMEM;
	for (uint32_t i = 0; i < cores * cores; i++) {
		const int error = xring_open(&links->rings[i], xring_size);

		if (error != 0)
			return error;
	}
	return 0;
}

void shard_links_close(struct shard_links *links)
{
	for (uint32_t i = 0; i < links->cores * links->cores; i++) {
		while (post_peek(&links->rings[i]))
			post_drop(&links->rings[i]);
		xring_close(&links->rings[i]);
	}
	pages_release(links->rings, links->cores * links->cores * sizeof(struct xring));
}

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
	shard->gate.hooks = links->hooks;
	shard->gate.errands = links->errands;
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
	shard->events = pages_reserve(EVENTS_MAX * sizeof(*shard->events));
	shard->ring = ring_open(&limits->ring, features, error);
	if (!shard->ring || !shard->events) {
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
	pages_release(shard->events, EVENTS_MAX * sizeof(*shard->events));
	pages_release(shard, sizeof(*shard));
}

static void clocks(struct shard *shard)
{
	struct gate *gate = &shard->gate;
	const uint64_t before_ms = gate->now_ms;

	gate->now_us = clock_mono_ns() / 1000;
	gate->now_ms = gate->now_us / 1000;
	gate->wall_ms = clock_wall_ms();
	/* A turn is never far from the next, for there is a tick. */
	if (before_ms != 0 && gate->now_ms - before_ms > STALL_MS && shard->grace_ms == 0) {
		gate_count(gate, COUNTER_stalls);
		LOG(LOG_WARN, "stalled", LOG_U64("ms", gate->now_ms - before_ms));
		shard->grace_ms = gate->now_ms + GRACE_MS;
	}
	gate->net.now_ms = gate->now_ms;
	gate->codec.now_ms = gate->now_ms;
	gate->memory_permille = __atomic_load_n(&shard->links->memory_permille, __ATOMIC_RELAXED);
}

static void drain(struct shard *shard)
{
	struct gate *gate = &shard->gate;

	if (gate->draining)
		return;
	LOG(LOG_INFO, "drain", LOG_U64("connections", gate->net.open));
	gate->draining = true;
	shard->accept_ms = 0;
	ring_accept_stop(shard->ring);
	keepalive_drain(gate);
}

static void peer_told(struct gate *gate, struct conn *conn)
{
	offence_addressed(gate, conn);
	if (conn->verdict != ADDRESS_SHUT)
		return;
	/* Nothing was received of it, so this is told once. */
	gate_count(gate, COUNTER_refused);
	offence(gate, conn, OFFENCE_address_shut_out);
}

static void run_call(struct gate *gate, uint64_t word)
{
	struct gate_call *call = (struct gate_call *)(uintptr_t)word;

	call->run(gate, call);
}

static void run_event(struct shard *shard, const struct ring_event *event)
{
	struct gate *gate = &shard->gate;

	if (event->kind == RING_WOKEN) {
		if (event->word == SHARD_WORD_DRAIN)
			drain(shard);
		else if (event->word == SHARD_WORD_STOP)
			shard->stopped = true;
		else if (event->word > SHARD_WORD_STOP)
			run_call(gate, event->word);
		return;
	}
	if (event->kind == RING_ACCEPT_FAILED) {
		gate_count(gate, COUNTER_accept_paused);
		LOG(LOG_WARN, "accept_paused", LOG_I64("error", event->result), LOG_U64("open", gate->net.open));
		shard->accept_ms = gate->draining ? 0 : gate->now_ms + ACCEPT_AGAIN_MS;
		return;
	}
	struct conn *conn = net_event(&gate->net, event);

	if (conn)
		session_open(gate, conn);
	else if (event->kind == RING_PEER)
		peer_told(gate, net_conn(&gate->net, event->slot));
}

/* What the events behind this one will need: a connection's memory first, then what that names. An event that is no
 * connection's has any number for a slot. */
AHEAD_INLINE void look_ahead(struct gate *gate, const struct ring_event *events, size_t at, size_t count)
{
	const uint32_t far = at + AHEAD < count ? events[at + AHEAD].slot : UINT32_MAX;
	const uint32_t near = at + 1 < count ? events[at + 1].slot : UINT32_MAX;

	if (far < gate->net.conns_max)
		net_ahead(&gate->net, far);
	if (near < gate->net.conns_max) {
		ahead(&gate->sessions[near]);
		ahead(net_conn(&gate->net, near)->flight);
	}
}

static void run_mail(struct shard *shard, const struct mail *mail)
{
	struct gate *gate = &shard->gate;

	gate_count(gate, COUNTER_mail_in);
	switch (mail->kind) {
	case MAIL_COMMAND:
		home_command(gate->home, (const struct mail_command *)mail, gate->now_ms, gate->wall_ms);
		return;
	case MAIL_EVENT:
		render_event(gate, (const struct mail_event *)mail);
		return;
	case MAIL_REPLY:
		deliver_reply(gate, (const struct mail_reply *)mail);
		return;
	case MAIL_PAGE:
		deliver_page(gate, (const struct mail_page *)mail);
		return;
	case MAIL_ASK:
		api_list_asked(gate, (const struct mail_ask *)mail);
		return;
	case MAIL_TOLD:
		api_list_told(gate, (const struct mail_told *)mail);
		return;
	case MAIL_COUNT:
		user_count_mail(gate, (const struct mail_count *)mail);
		return;
	case MAIL_STANDING:
		user_standing_mail(gate, (const struct mail_standing *)mail);
		return;
	case MAIL_USER:
		user_acts_mail(gate, (const struct mail_user *)mail);
		return;
	case MAIL_BLOCK:
		break;
	}
	CHECK(!"mail of an unknown kind");
}

/* Takes mail from all cores in turns, this one included, until there is none or enough. */
static void run_mails(struct shard *shard)
{
	const uint32_t cores = shard->links->cores;
	uint32_t silent = 0;
	uint32_t from = shard->in_next++ % cores;

	for (uint32_t taken = 0; silent < cores && taken < MAIL_PER_TURN;) {
		const struct mail *mail = post_peek(shard->in[from]);

		if (!mail) {
			silent++;
			from = (from + 1) % cores;
			continue;
		}
		silent = 0;
		run_mail(shard, mail);
		post_drop(shard->in[from]);
		taken++;
		if (taken % MAIL_LOOK == 0 && clock_mono_ns() / 1000000 - shard->gate.now_ms >= MAIL_MS_MAX)
			break;
	}
	shard->mail_left = silent < cores;
}

/* What the store has answered, until there is no more or enough: the look at it before sleeping finds the rest. */
static void run_stored(struct shard *shard)
{
	struct gate *gate = &shard->gate;
	struct store_job *job;

	if (!gate->has_store)
		return;
	for (uint32_t taken = 0; taken < MAIL_PER_TURN && (job = store_port_take(&gate->store)) != NULL; taken++)
		home_stored(gate->home, job, gate->now_ms, gate->wall_ms);
}

static bool mail_waits(struct shard *shard)
{
	if (shard->gate.has_store && store_port_waits(&shard->gate.store))
		return true;
	for (uint32_t from = 0; from < shard->links->cores; from++)
		if (post_peek(shard->in[from]))
			return true;
	return false;
}

/* Not while the time was not the peers': their answers may be on the way, or here and not read yet. */
static void run_deadlines(struct shard *shard)
{
	struct gate *gate = &shard->gate;
	struct timer *timer;

	if (gate->now_ms < shard->grace_ms)
		return;
	shard->grace_ms = 0;
	while ((timer = timers_due(&gate->timers, gate->now_ms)) != NULL) {
		struct conn *conn = (struct conn *)((uint8_t *)timer - offsetof(struct conn, timer));

		keepalive_due(gate, conn);
	}
}

/* What others count, for whoever reads this core's figures. */
static void figures(struct shard *shard)
{
	struct gate *gate = &shard->gate;
	struct ring_stats ring;

	ring_stats(shard->ring, &ring);
	counter_set(gate->counters, COUNTER_connections_max, gate->net.limits.connections_max);
	counter_set(gate->counters, COUNTER_ring_submitted, ring.submitted);
	counter_set(gate->counters, COUNTER_ring_completed, ring.completed);
	counter_set(gate->counters, COUNTER_ring_enters, ring.enters);
	counter_set(gate->counters, COUNTER_ring_no_buffers, ring.no_buffers);
	counter_set(gate->counters, COUNTER_ring_overflows, ring.overflows);
	counter_set(gate->counters, COUNTER_ring_lanes, ring.lanes);
	counter_set(gate->counters, COUNTER_ring_slots, ring.slots_used);
	counter_set(gate->counters, COUNTER_mail_waiting_bytes, gate->post.waiting_bytes + gate->post.unread_bytes);
}

static void run_timers(struct shard *shard)
{
	struct gate *gate = &shard->gate;

	run_deadlines(shard);
	if (shard->accept_ms != 0 && gate->now_ms >= shard->accept_ms) {
		shard->accept_ms = 0;
		ring_accept(shard->ring, shard->listener);
	}
	if (gate->now_ms >= shard->tick_ms) {
		shard->tick_ms = gate->now_ms + TICK_MS;
		home_tick(gate->home, gate->now_ms, gate->wall_ms);
		offence_tick(gate);
		shed_tick(gate);
		figures(shard);
		watch_tick(gate, &shard->links->watch);
	}
}

static uint64_t wait_ns(struct shard *shard, uint64_t now_ms)
{
	const struct gate *gate = &shard->gate;
	uint64_t wait_ms = shard->grace_ms > now_ms ? shard->grace_ms - now_ms : timers_wait_ms(&gate->timers, now_ms);
	const uint64_t tick_ms = shard->tick_ms > now_ms ? shard->tick_ms - now_ms : 0;

	if (shard->mail_left || gate->post.to_flush != 0 || pump_has_more(gate))
		return 0;
	const uint64_t served_ms = ration_wait_ms(&gate->ration, now_ms);

	wait_ms = wait_ms < tick_ms ? wait_ms : tick_ms;
	wait_ms = wait_ms < served_ms ? wait_ms : served_ms;
	if (shard->accept_ms != 0 && wait_ms > ACCEPT_AGAIN_MS)
		wait_ms = ACCEPT_AGAIN_MS;
	return wait_ms * 1000000;
}

void shard_turn(struct shard *shard)
{
	struct gate *gate = &shard->gate;
	struct bell *bell = &shard->links->bells[gate->core];
	const uint64_t now_us = clock_mono_ns() / 1000;
	uint64_t wait = wait_ns(shard, now_us / 1000);

	if (gate->now_us != 0) /* the turn before ended here */
		histogram_add(gate->counters, HISTOGRAM_turn, now_us - gate->now_us, 1);
	if (wait > 0) {
		bell_sleep(bell);
		if (mail_waits(shard))
			wait = 0;
	}
	const size_t count = ring_collect(shard->ring, shard->events, EVENTS_MAX, wait);

	bell_wake(bell);
	clocks(shard);
	latency_settle(gate);
	gate_count(gate, COUNTER_turns);
	ration_turn(&gate->ration, shard->mail_left);
	for (size_t i = 0; i < count; i++) {
		look_ahead(gate, shard->events, i, count);
		run_event(shard, &shard->events[i]);
	}
	inbound_waiting(gate);
	run_stored(shard);
	run_mails(shard);
	run_timers(shard);
	/* What the timers sent to rooms of this core is run in the next turn: to_flush says that there is some. */
	pump(gate);
	post_flush(&gate->post, shard->ring);
	if (gate->has_store)
		store_port_flush(&gate->store, shard->ring);
	counter_set(gate->counters, COUNTER_store_waiting, gate->store.jobs_out);
	counter_set(gate->counters, COUNTER_segment_bytes, gate->segments.bytes_out);
	counter_set(gate->counters, COUNTER_inbound_waiting, gate->ration.waiting);
	counter_set(gate->counters, COUNTER_inbound_waiting_bytes, gate->ration.bytes);
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

uint32_t shard_connections(const struct shard *shard)
{
	return shard->gate.net.open;
}

size_t shard_sums(const struct shard_limits *limits, struct shard_sum *rows, size_t max)
{
	const uint64_t slots = limits->ring.slots_max;
	const struct shard_sum sums[] = {
		{ "rings and receive buffers", ring_bytes_max(&limits->ring) },
		{ "connections", slots * (sizeof(struct conn) + sizeof(struct owner)) },
		{ "addresses", addresses_bytes_max(limits->ring.slots_max, &limits->net.address) },
		{ "sessions", slots * sizeof(struct session) },
		{ "users", users_bytes_max(limits->ring.slots_max) + user_homes_bytes_max(limits->ring.slots_max) },
		{ "tokens that are known", verified_bytes(limits->tokens_max) },
		{ "rates of users and networks", 2 * ALLOWANCES_BYTES },
		{ "sends in flight", slots * sizeof(struct flight) },
		{ "what waits to be sent", limits->segment_bytes_max },
		{ "what waits to be read", ration_bytes_max(&limits->ration) },
		{ "memberships and hot logs", hall_bytes_max(&limits->hall) },
		{ "names of rooms", limits->places_max * (uint64_t)(sizeof(struct place) + 64) },
		{ "rooms and users in them", home_bytes_max(&limits->home) },
		{ "history", limits->home.history_bytes_all },
		{ "compression", codec_bytes_max(&limits->codec, slots) },
		{ "mail to other cores", limits->cores * limits->xring_size + limits->mail_waiting_max },
	};
	const size_t count = sizeof(sums) / sizeof(sums[0]);

	for (size_t i = 0; i < count && i < max; i++)
		rows[i] = sums[i];
	return count;
}
