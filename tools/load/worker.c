#include "tools/load/worker.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "engine/core/check.h"
#include "engine/core/clock.h"
#include "engine/core/pages.h"
#include "tools/load/resume.h"
#include "tools/load/sockets.h"

#define EVENTS 512
#define SAMPLE_NS 100000000ull
#define WAIT_NS 5000000ull /* at most: a phase may have ended */
#define LOOK_NS 20000000ull /* drain: adding up every membership takes time */
#define QUIET_NS 1000000000ull /* drain: nothing came for so long, so no hole will be filled */

static bool open_ring(struct worker *worker)
{
	struct ring_features features;
	struct ring_limits limits = { .use = RING_CONNECTS, .slots_max = worker->count > 0 ? worker->count : 1 };
	int error;

	ring_probe(&features);
	if (!features.usable) {
		client_complain(worker, "%s", features.reason);
		return false;
	}
	limits.recv_buffers = features.incremental ? 64 : 1024;
	limits.recv_buffer_size = features.incremental ? 32768 : 4096;
	worker->ring = ring_open(&limits, &features, &error);
	if (!worker->ring)
		client_complain(worker, "io_uring: %s", strerror(-error));
	return worker->ring;
}

static bool open_parts(struct worker *worker)
{
	const struct scenario *const scenario = worker->scenario;
	const size_t frame_size = sizes_largest(&scenario->sizes) + DIALECT_OVERHEAD_MAX;

	crowd_open(&worker->crowd, scenario, worker->run->workers, worker->index);
	worker->count = worker->crowd.members + worker->crowd.outsiders;
	worker->spread = worker->target->spread_sources ||
			 (scenario->connections > SOCKETS_A_SOURCE && sockets_is_loopback(worker->target->address));
	worker->keep_frames = scenario->traffic != TRAFFIC_ECHO;
	worker->pending = worker->joining = worker->returning = (struct queue){ NOBODY, NOBODY };
	worker->hold_start = worker->hold_end = UINT64_MAX;
	random_seed(&worker->random, random_entropy());
	worker->nonce_key = random_next(&worker->random);
	worker->clients = pages_reserve((worker->count + 1) * sizeof(worker->clients[0]));
	worker->dirty = pages_reserve((worker->count + 1) * sizeof(worker->dirty[0]));
	worker->schedstat = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
	if (worker->clients && worker->dirty && frames_open(&worker->frames, frame_size) && traffic_open(worker) &&
	    rooms_open(worker) && resume_open(worker))
		return open_ring(worker);
	client_complain(worker, "no memory for %u connections", worker->count);
	return false;
}

static void sample(struct worker *worker)
{
	struct worker_stats *mine = worker->mine;
	char text[96];
	const ssize_t size = worker->schedstat >= 0 ? pread(worker->schedstat, text, sizeof(text) - 1, 0) : 0;
	unsigned long long cpu, wait;

	text[size > 0 ? size : 0] = '\0';
	if (sscanf(text, "%llu %llu", &cpu, &wait) == 2) {
		stat_set(mine->cpu_ns, cpu);
		stat_set(mine->wait_ns, wait);
	}
	mine->audit = *audit_counts(worker->audit);
	mine->audit.corrupted = worker->corrupted;
	mine->audit.foreign += worker->foreign;
	stat_set(mine->audit_bytes, audit_bytes(worker->audit));
	worker->sampled_ns = worker->now;
	traffic_watch(worker);
}

static void ramp(struct worker *worker)
{
	const struct scenario *const scenario = worker->scenario;
	const uint64_t start = worker->run->start_ns;
	const uint64_t elapsed = worker->now > start ? worker->now - start : 0;
	const uint32_t wanted =
		elapsed >= shape_duration(&scenario->ramp) ? scenario->connections : shape_at(&scenario->ramp, elapsed);
	const uint32_t share =
		crowd_share(&worker->crowd, wanted < scenario->connections ? wanted : scenario->connections);

	client_returns(worker);
	for (; worker->outsiders_begun < worker->crowd.outsiders && worker->connecting < scenario->connects_in_flight;
	     worker->outsiders_begun++)
		client_connect(worker, worker->crowd.members + worker->outsiders_begun);
	for (; worker->begun < share && worker->connecting < scenario->connects_in_flight; worker->begun++)
		client_connect(worker, worker->begun);
	if (!worker->mine->ramped && worker->begun == worker->crowd.members &&
	    worker->outsiders_begun == worker->crowd.outsiders && worker->connecting == 0 &&
	    worker->pending.first == NOBODY && worker->joins_open == 0 && worker->joining.first == NOBODY)
		stat_set(worker->mine->ramped, true);
}

static void enter_phase(struct worker *worker, enum phase phase)
{
	if (phase >= PHASE_WARMUP && worker->phase < PHASE_WARMUP)
		worker->traffic_start = worker->now;
	if (phase >= PHASE_HOLD && worker->phase < PHASE_HOLD)
		worker->hold_start = worker->now;
	if (phase >= PHASE_DRAIN && worker->phase < PHASE_DRAIN) {
		worker->hold_end = worker->now;
		traffic_open_missed(worker);
		stats_set_drains(worker->run, worker->index);
	}
	worker->phase = phase;
	traffic_watch(worker);
}

static bool all_answered(const struct worker *worker)
{
	const struct worker_stats *const mine = worker->mine;

	return worker->scenario->traffic != TRAFFIC_ACK || mine->acked + mine->refused >= mine->sent;
}

/* Anew at each look: somebody may still come back, and others send until they too are in this phase. */
static void watch_drain(struct worker *worker)
{
	const bool quiet =
		worker->now - worker->hold_end > QUIET_NS && worker->now - worker->last_delivery_ns > QUIET_NS;

	if (worker->phase < PHASE_DRAIN || worker->now - worker->looked_ns < LOOK_NS)
		return;
	worker->looked_ns = worker->now;
	stat_set(worker->mine->drained, worker->busy == 0 && stats_all_drain(worker->run) && all_answered(worker) &&
						rooms_all_came(worker) &&
						(quiet || audit_counts(worker->audit)->lost == 0));
}

/* Figures of a turn are told once a turn. */
static void tell(struct worker *worker)
{
	rooms_flush(worker);
	if (worker->received > 0) {
		worker->last_delivery_ns = worker->now;
		COUNT(worker, received, worker->received);
		if (worker->phase == PHASE_HOLD)
			COUNT(worker, received_measured, worker->received);
		worker->received = 0;
	}
	COUNT(worker, bytes_received, worker->bytes_received);
	worker->bytes_received = 0;
	if (worker->compressed > 0) {
		COUNT(worker, compressed, worker->compressed);
		COUNT(worker, compressed_bytes, worker->compressed_bytes);
		COUNT(worker, inflated_bytes, worker->inflated_bytes);
		worker->compressed = worker->compressed_bytes = worker->inflated_bytes = 0;
	}
}

static void turn(struct worker *worker)
{
	static struct ring_event events[EVENTS];
	const size_t count = ring_collect(worker->ring, events, EVENTS, traffic_wait(worker, WAIT_NS));
	const enum phase phase = stat_get(worker->run->phase);

	worker->now = clock_mono_ns();
	if (phase != worker->phase)
		enter_phase(worker, phase);
	for (size_t i = 0; i < count; i++)
		client_event(worker, &events[i]);
	tell(worker);
	if (worker->phase < PHASE_DRAIN)
		ramp(worker);
	watch_drain(worker);
	rooms_ask(worker);
	unrest_turn(worker);
	traffic_turn(worker);
	client_timeouts(worker);
	outbox_flush(worker);
	if (worker->now - worker->sampled_ns >= SAMPLE_NS)
		sample(worker);
}

static void pin(int cpu)
{
	cpu_set_t set;

	if (cpu < 0)
		return;
	CPU_ZERO(&set);
	CPU_SET((size_t)cpu, &set);
	(void)sched_setaffinity(0, sizeof(set), &set);
}

int worker_run(struct run_stats *stats, uint32_t index, const struct target *target, int cpu)
{
	static struct worker worker;

	worker = (struct worker){
		.run = stats,
		.mine = &stats->worker[index],
		.scenario = &stats->scenario,
		.target = target,
		.index = index,
		.now = clock_mono_ns(),
	};
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_TIMERSLACK, 1000ul);
	signal(SIGINT, SIG_IGN); /* the terminal's: the coordinator ends us in order */
	pin(cpu);
	stat_set(worker.mine->pid, (uint32_t)getpid());
	if (!open_parts(&worker))
		return 1;
	while (stat_get(stats->phase) != PHASE_END && !stat_get(stats->abort))
		turn(&worker);
	worker.now = clock_mono_ns();
	rooms_settle(&worker);
	sample(&worker);
	stat_set(worker.mine->done, true);
	return 0;
}
