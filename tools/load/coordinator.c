#include "tools/load/coordinator.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "engine/core/clock.h"
#include "tools/load/filler.h"
#include "tools/load/progress.h"
#include "tools/load/sampler.h"
#include "tools/load/sockets.h"

#define SECOND 1000000000ull
#define RAMP_POLL_NS 2000000ull /* connects_per_s is no finer than this */
#define POLL_NS 5000000ull
#define STUCK_NS (5 * SECOND) /* beyond the timeout of a connection */
#define NOBODY_NS (5 * SECOND)
#define QUIET_NS 250000000ull /* nothing came for so long: there is no more */
#define END_NS (60 * SECOND)
#define RAMP_NS_MAX (1800 * SECOND)

struct coordinator {
	const struct options *options;
	struct record *record;
	struct run_stats *stats;
	pid_t *workers; /* 0: gone */
	uint32_t alive;
	sigset_t signals;
	unsigned interrupts;
	struct progress progress;
	struct sampler sampler;
	struct process_thread threads[PROCESS_THREADS_MAX];
	size_t thread_count;
};

/* Of the whole run, at least. */
static uint64_t left_ns(const struct coordinator *coordinator)
{
	const struct scenario *const scenario = &coordinator->record->scenario;
	const uint64_t now = clock_mono_ns();
	const struct record *const record = coordinator->record;
	uint64_t left = 0;

	switch (stat_get(coordinator->stats->phase)) {
	case PHASE_RAMP:
		left = shape_duration(&scenario->ramp) + scenario->warmup_ns + scenario->hold_ns;
		return record->start.ns + left > now ? record->start.ns + left - now : scenario->hold_ns;
	case PHASE_WARMUP:
		left = scenario->warmup_ns + scenario->hold_ns;
		return record->ramped.ns + left > now ? record->ramped.ns + left - now : scenario->hold_ns;
	case PHASE_HOLD:
		return record->hold.ns + scenario->hold_ns > now ? record->hold.ns + scenario->hold_ns - now : 0;
	default:
		return 0;
	}
}

static void show(struct coordinator *coordinator)
{
	struct sampler *const sampler = &coordinator->sampler;
	const struct record_row *const row = sampler_row(sampler, clock_mono_ns());

	if (!row)
		return;
	const struct progress_state state = { row, &sampler->totals, (double)left_ns(coordinator) / 1e9,
					      totals_error(coordinator->stats) };

	progress_show(&coordinator->progress, &state);
}

/* Whoever ends before END has died. */
static void reap(struct coordinator *coordinator)
{
	struct record *const record = coordinator->record;
	int status;

	for (uint32_t i = 0; i < record->scenario.workers; i++) {
		if (coordinator->workers[i] == 0 || waitpid(coordinator->workers[i], &status, WNOHANG) <= 0)
			continue;
		coordinator->workers[i] = 0;
		coordinator->alive--;
		if (stat_get(coordinator->stats->worker[i].done) || record->death[0])
			continue;
		if (WIFSIGNALED(status))
			snprintf(record->death, sizeof(record->death), "worker %u was ended by signal %d (%s)", i,
				 WTERMSIG(status), strsignal(WTERMSIG(status)));
		else
			snprintf(record->death, sizeof(record->death), "worker %u gave up: %.100s", i,
				 coordinator->stats->worker[i].last_error);
	}
}

/* Until the next moment of interest, at most. */
static void wait_a_little(struct coordinator *coordinator, uint64_t most_ns)
{
	const uint64_t now = clock_mono_ns();
	const uint64_t next = coordinator->sampler.ns + SECOND;
	const uint64_t until_sample = next > now ? next - now : 0;
	const uint64_t ns = most_ns < until_sample ? most_ns : until_sample;
	const struct timespec time = { .tv_sec = (time_t)(ns / SECOND), .tv_nsec = (long)(ns % SECOND) };
	const int number = sigtimedwait(&coordinator->signals, NULL, &time);

	if (number == SIGINT || number == SIGTERM)
		coordinator->interrupts++;
	reap(coordinator);
	if (clock_mono_ns() >= next)
		show(coordinator);
}

static bool is_over(const struct coordinator *coordinator, unsigned interrupts)
{
	return coordinator->interrupts >= interrupts || coordinator->record->death[0] || coordinator->alive == 0;
}

/* Connections, joins: that something of it moves. */
static uint64_t moves(const struct totals *totals)
{
	return totals->connects_begun + totals->connected + totals->connect_failed + totals->joined +
	       totals->join_failed + totals->joins_begun;
}

/* No need to wait for the end of a long ramp. */
static bool is_nobody_there(const struct totals *totals, uint64_t elapsed_ns)
{
	return totals->connected == 0 && totals->connect_failed > 0 && elapsed_ns > NOBODY_NS;
}

static void walk_ramp(struct coordinator *coordinator)
{
	struct record *const record = coordinator->record;
	const uint64_t start = record->start.ns, shape = start + shape_duration(&record->scenario.ramp);
	uint64_t moved_ns = shape, moved = 0;
	struct totals totals;

	for (;;) {
		const uint64_t now = clock_mono_ns();

		totals_read(&totals, coordinator->stats);
		if ((totals.ramped && now >= shape) || is_over(coordinator, 1) || is_nobody_there(&totals, now - start))
			break;
		if (moves(&totals) != moved && now > shape)
			moved_ns = now;
		moved = moves(&totals);
		record->stuck =
			now > moved_ns + record->scenario.connect_timeout_ns + STUCK_NS || now > shape + RAMP_NS_MAX;
		if (record->stuck)
			break;
		wait_a_little(coordinator, RAMP_POLL_NS);
	}
	sampler_moment(&coordinator->sampler, &record->ramped);
}

static bool all_sent(const struct coordinator *coordinator)
{
	const struct scenario *const scenario = &coordinator->record->scenario;
	struct totals totals;

	if (scenario->messages == 0)
		return false;
	totals_read(&totals, coordinator->stats);
	/* Each worker has its own part of them, rounded. */
	return totals.sent + scenario->workers > scenario->messages;
}

/* Exactly so long, unless what is to be sent was. */
static void walk_time(struct coordinator *coordinator, uint64_t from_ns, uint64_t duration_ns)
{
	const bool polls = coordinator->record->scenario.messages > 0;
	uint64_t now;

	while ((now = clock_mono_ns()) < from_ns + duration_ns && !is_over(coordinator, 1) && !all_sent(coordinator)) {
		const uint64_t left = from_ns + duration_ns - now;

		wait_a_little(coordinator, polls && left > POLL_NS ? POLL_NS : left);
	}
}

/* By the processors that they are allowed, once they are pinned. */
static bool shares_cores(const struct coordinator *coordinator)
{
	const struct record *const record = coordinator->record;
	cpu_set_t server, worker, both;

	if (!record->server_known)
		return false;
	process_cpus(&record->server, &server);
	for (uint32_t i = 0; i < record->scenario.workers; i++) {
		if (coordinator->workers[i] == 0 ||
		    sched_getaffinity(coordinator->workers[i], sizeof(worker), &worker) != 0)
			continue;
		CPU_AND(&both, &server, &worker);
		if (CPU_COUNT(&both) > 0)
			return true;
	}
	return false;
}

/* A number of messages is done with when the last delivery came: when that was, or 0 when the time was over before. */
static uint64_t walk_to_the_last(struct coordinator *coordinator, uint64_t until_ns)
{
	uint64_t received = 0, changed_ns = clock_mono_ns();
	struct totals totals;

	if (!all_sent(coordinator))
		return 0;
	for (;;) {
		const uint64_t now = clock_mono_ns();

		totals_read(&totals, coordinator->stats);
		if (totals.received != received)
			changed_ns = now;
		received = totals.received;
		if (now - changed_ns >= QUIET_NS || is_over(coordinator, 1))
			return changed_ns;
		if (now >= until_ns)
			return 0;
		wait_a_little(coordinator, POLL_NS);
	}
}

static void walk_hold(struct coordinator *coordinator)
{
	struct record *const record = coordinator->record;
	static struct process_thread after[PROCESS_THREADS_MAX];

	record->shares_cores = shares_cores(coordinator);
	coordinator->thread_count = process_threads(&record->server, coordinator->threads);
	stat_set(coordinator->stats->phase, PHASE_HOLD);
	sampler_moment(&coordinator->sampler, &record->hold);
	walk_time(coordinator, record->hold.ns, record->scenario.hold_ns);
	const uint64_t last_ns = walk_to_the_last(coordinator, record->hold.ns + record->scenario.hold_ns);

	stat_set(coordinator->stats->phase, PHASE_DRAIN);
	sampler_moment(&coordinator->sampler, &record->held);
	record->held.ns = last_ns > 0 ? last_ns : record->held.ns;
	const size_t count = process_threads(&record->server, after);

	if (record->server_known)
		record->busiest_thread_s =
			(double)process_busiest(coordinator->threads, coordinator->thread_count, after, count) / 1e9;
}

static void walk_drain(struct coordinator *coordinator)
{
	const uint64_t until = clock_mono_ns() + coordinator->record->scenario.drain_ns;
	const unsigned interrupts = coordinator->interrupts + 1;
	struct totals totals;

	stat_set(coordinator->stats->phase, PHASE_DRAIN);
	for (;;) {
		totals_read(&totals, coordinator->stats);
		if (totals.drained || clock_mono_ns() >= until || is_over(coordinator, interrupts))
			return;
		wait_a_little(coordinator, POLL_NS);
	}
}

static void walk_end(struct coordinator *coordinator)
{
	const uint64_t until = clock_mono_ns() + END_NS;
	struct record *const record = coordinator->record;
	const unsigned interrupts = coordinator->interrupts + 1;

	sampler_moment(&coordinator->sampler, &record->end);
	stat_set(coordinator->stats->phase, PHASE_END);
	while (coordinator->alive > 0 && clock_mono_ns() < until && coordinator->interrupts < interrupts)
		wait_a_little(coordinator, POLL_NS);
	for (uint32_t i = 0; i < record->scenario.workers; i++) {
		if (coordinator->workers[i] == 0)
			continue;
		kill(coordinator->workers[i], SIGKILL);
		waitpid(coordinator->workers[i], NULL, 0);
		if (!record->death[0])
			snprintf(record->death, sizeof(record->death), "worker %u did not end", i);
	}
	record->end.ns = clock_mono_ns();
	totals_read(&record->end.totals, coordinator->stats);
	snprintf(record->trouble, sizeof(record->trouble), "%.150s", totals_error(coordinator->stats));
	totals_hist(&record->latency, coordinator->stats, offsetof(struct worker_stats, latency));
	totals_hist(&record->ack, coordinator->stats, offsetof(struct worker_stats, ack));
	totals_hist(&record->connect, coordinator->stats, offsetof(struct worker_stats, connect));
	totals_hist(&record->join, coordinator->stats, offsetof(struct worker_stats, join));
	totals_hist(&record->lag, coordinator->stats, offsetof(struct worker_stats, lag));
}

static void walk(struct coordinator *coordinator)
{
	struct record *const record = coordinator->record;

	walk_ramp(coordinator);
	if (record->ramped.totals.open > 0 && !is_over(coordinator, 1)) {
		if (record->scenario.warmup_ns > 0) {
			stat_set(coordinator->stats->phase, PHASE_WARMUP);
			walk_time(coordinator, clock_mono_ns(), record->scenario.warmup_ns);
		}
		if (!is_over(coordinator, 1))
			walk_hold(coordinator);
	}
	walk_drain(coordinator);
	record->interrupted = coordinator->interrupts > 0;
	walk_end(coordinator);
}

static bool fork_workers(struct coordinator *coordinator, char why[200])
{
	const struct options *const options = coordinator->options;
	sigset_t before;

	sigprocmask(SIG_BLOCK, &coordinator->signals, &before);
	for (uint32_t i = 0; i < coordinator->record->scenario.workers; i++) {
		const int cpu = options->cpu_count > 0 ? options->cpus[i % options->cpu_count] : -1;
		const pid_t pid = fork();

		if (pid == 0) {
			signal(SIGTERM, SIG_IGN); /* one for the whole group is ours to obey */
			sigprocmask(SIG_SETMASK, &before, NULL);
			_exit(worker_run(coordinator->stats, i, &options->target, cpu));
		}
		if (pid < 0) {
			snprintf(why, 200, "fork: %s", strerror(errno));
			stat_set(coordinator->stats->abort, true);
			return false;
		}
		coordinator->workers[i] = pid;
		coordinator->alive++;
	}
	return true;
}

static void find_server(struct record *record, const struct options *options)
{
	pid_t pid = options->server_pid;
	cpu_set_t set;

	if (pid == OPTIONS_PID_AUTO)
		pid = sockets_is_loopback(options->target.address) ? process_listening(options->target.port) : 0;
	record->server_known = pid > 0 && process_open(&record->server, pid);
	if (!record->server_known)
		return;
	process_cpus(&record->server, &set);
	record->server_cpus = (unsigned)CPU_COUNT(&set);
}

static void raise_limits(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

static void note_start(struct record *record, const struct options *options)
{
	const time_t now = time(NULL);
	struct tm utc;

	gmtime_r(&now, &utc);
	strftime(record->started, sizeof(record->started), "%Y-%m-%dT%H:%M:%SZ", &utc);
	machine_read(&record->machine);
	record->has_ack = options->target.dialect->has_ack;
	record->compress = options->target.compress;
	if (record->compress)
		filler_words();
	record->kernel_before = machine_kernel_memory();
}

static bool run(struct coordinator *coordinator, char why[200])
{
	struct record *const record = coordinator->record;
	const bool terminal = isatty(STDERR_FILENO);

	sigemptyset(&coordinator->signals);
	sigaddset(&coordinator->signals, SIGINT);
	sigaddset(&coordinator->signals, SIGTERM);
	sigaddset(&coordinator->signals, SIGCHLD);
	sampler_open(&coordinator->sampler, record, coordinator->stats, coordinator->workers);
	coordinator->stats->start_ns = record->start.ns;
	if (!fork_workers(coordinator, why))
		return false;
	progress_open(&coordinator->progress, coordinator->options->progress ? stderr : NULL, terminal,
		      &record->scenario, coordinator->options->label);
	walk(coordinator);
	progress_close(&coordinator->progress);
	return true;
}

bool coordinator_run(struct record *record, const struct options *options, char why[200])
{
	static struct coordinator coordinator;
	bool ran;

	coordinator = (struct coordinator){ .options = options, .record = record };
	raise_limits();
	coordinator.workers = calloc(options->scenario.workers, sizeof(pid_t));
	coordinator.stats = stats_map(&options->scenario);
	if (!record_open(record, &options->scenario) || !coordinator.workers || !coordinator.stats) {
		snprintf(why, 200, "no memory for %u connections in %u rooms", options->scenario.connections,
			 options->scenario.rooms);
		return false;
	}
	note_start(record, options);
	find_server(record, options);
	ran = run(&coordinator, why);
	if (ran && record->end.totals.connected == 0) {
		snprintf(why, 200, "no connection to %.90s stood: %.80s", options->target.url,
			 record->death[0] ? record->death : record->trouble);
		ran = false;
	}
	stats_unmap(coordinator.stats);
	free(coordinator.workers);
	return ran;
}
