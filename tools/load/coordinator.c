#include "tools/load/coordinator.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "engine/core/clock.h"
#include "tools/load/progress.h"
#include "tools/load/sockets.h"

#define SECOND 1000000000ull
#define RAMP_POLL_NS 2000000ull /* connects_per_s is no finer than this */
#define POLL_NS 5000000ull
#define STUCK_NS (5 * SECOND) /* beyond the timeout of a connection */
#define QUIET_NS 250000000ull   /* nothing came for so long: there is no more */
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
	uint64_t sampled_ns;
	struct totals sampled;
	struct hist sampled_latency;
	double sampled_server_s, sampled_generator_s;
	struct process_thread threads[PROCESS_THREADS_MAX];
	size_t thread_count;
};

static uint64_t phase_ns(const struct coordinator *coordinator)
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

static void sample_server(struct coordinator *coordinator, struct process_usage *usage)
{
	struct record *const record = coordinator->record;

	*usage = (struct process_usage){ -1, -1, -1 };
	if (!record->server_known)
		return;
	process_sample(&record->server, usage);
	record->server_rss_peak = fmax(record->server_rss_peak, usage->rss_bytes);
	record->server_fds_peak = fmax(record->server_fds_peak, usage->fds);
}

static void sample_kernel(struct record *record, double *bytes)
{
	*bytes = machine_kernel_memory();
	record->kernel_peak = fmax(record->kernel_peak, *bytes);
}

static double sample_generator(struct coordinator *coordinator)
{
	struct record *const record = coordinator->record;
	double rss = 0, cpu = 0;

	for (uint32_t i = 0; i < record->scenario.workers; i++) {
		struct process worker = { .pid = coordinator->workers[i],
					  .tree = { coordinator->workers[i] },
					  .count = 1 };
		struct process_usage usage;
		uint64_t cpu_ns = 0, wait_ns;

		if (coordinator->workers[i] == 0)
			continue;
		process_sample_known(&worker, &usage);
		rss += fmax(usage.rss_bytes, 0);
		process_schedule(worker.pid, &cpu_ns, &wait_ns);
		cpu += (double)cpu_ns / 1e9;
	}
	record->generator_rss = fmax(record->generator_rss, rss);
	return cpu;
}

static void latency_row(struct coordinator *coordinator, struct record_row *row)
{
	struct hist all, now;

	totals_hist(&all, coordinator->stats, offsetof(struct worker_stats, latency));
	hist_since(&now, &all, &coordinator->sampled_latency);
	coordinator->sampled_latency = all;
	if (now.count == 0)
		return;
	row->column[RECORD_latency_p50_ms] = (double)hist_at(&now, 0.5) / 1e6;
	row->column[RECORD_latency_p99_ms] = (double)hist_at(&now, 0.99) / 1e6;
	row->column[RECORD_latency_max_ms] = (double)now.max / 1e6;
}

static double rate(uint64_t now, uint64_t before, double seconds)
{
	return now > before ? (double)(now - before) / seconds : 0;
}

static void use_row(struct coordinator *coordinator, struct record_row *row, double seconds)
{
	struct process_usage server;
	double kernel;
	const double generator_s = sample_generator(coordinator);

	sample_server(coordinator, &server);
	sample_kernel(coordinator->record, &kernel);
	if (server.cpu_s >= 0) {
		row->column[RECORD_server_cpu_percent] =
			fmax(0, server.cpu_s - coordinator->sampled_server_s) / seconds * 100;
		row->column[RECORD_server_rss_bytes] = server.rss_bytes;
	}
	if (kernel >= 0)
		row->column[RECORD_kernel_memory_bytes] = kernel;
	row->column[RECORD_generator_cpu_percent] =
		fmax(0, generator_s - coordinator->sampled_generator_s) / seconds * 100;
	coordinator->sampled_server_s = fmax(server.cpu_s, 0);
	coordinator->sampled_generator_s = generator_s;
}

static void sample(struct coordinator *coordinator, uint64_t now)
{
	const double seconds = (double)(now - coordinator->sampled_ns) / 1e9;
	const struct totals before = coordinator->sampled;
	struct record_row *const row = record_push(coordinator->record);
	struct totals *const totals = &coordinator->sampled;

	if (!row)
		return;
	totals_read(totals, coordinator->stats);
	row->phase = (enum phase)stat_get(coordinator->stats->phase);
	row->column[RECORD_t_s] = (double)(now - coordinator->record->start.ns) / 1e9;
	row->column[RECORD_connections] = (double)totals->open;
	row->column[RECORD_connects_per_s] = rate(totals->connected, before.connected, seconds);
	row->column[RECORD_sent_per_s] = rate(totals->sent, before.sent, seconds);
	row->column[RECORD_deliveries_per_s] = rate(totals->received, before.received, seconds);
	row->column[RECORD_errors_per_s] = rate(totals_errors(totals), totals_errors(&before), seconds);
	latency_row(coordinator, row);
	use_row(coordinator, row, seconds);
	coordinator->sampled_ns = now;

	const struct progress_state state = { row, totals, (double)phase_ns(coordinator) / 1e9,
					      totals_error(coordinator->stats) };

	progress_show(&coordinator->progress, &state);
}

static void take_moment(struct coordinator *coordinator, struct record_moment *moment)
{
	double ignored;

	moment->ns = clock_mono_ns();
	sample_server(coordinator, &moment->server);
	totals_read(&moment->totals, coordinator->stats);
	for (uint32_t i = 0; i < coordinator->record->scenario.workers; i++)
		if (coordinator->workers[i] != 0)
			process_schedule(coordinator->workers[i], &moment->worker_cpu_ns[i],
					 &moment->worker_wait_ns[i]);
	sample_kernel(coordinator->record, &ignored);
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
	const uint64_t next = coordinator->sampled_ns + SECOND;
	const uint64_t until_sample = next > now ? next - now : 0;
	const uint64_t ns = most_ns < until_sample ? most_ns : until_sample;
	const struct timespec time = { .tv_sec = (time_t)(ns / SECOND), .tv_nsec = (long)(ns % SECOND) };
	const int number = sigtimedwait(&coordinator->signals, NULL, &time);

	if (number == SIGINT || number == SIGTERM)
		coordinator->interrupts++;
	reap(coordinator);
	if (clock_mono_ns() >= next)
		sample(coordinator, clock_mono_ns());
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

static void walk_ramp(struct coordinator *coordinator)
{
	struct record *const record = coordinator->record;
	const uint64_t shape = record->start.ns + shape_duration(&record->scenario.ramp);
	uint64_t moved_ns = shape, moved = 0;
	struct totals totals;

	for (;;) {
		const uint64_t now = clock_mono_ns();

		totals_read(&totals, coordinator->stats);
		if ((totals.ramped && now >= shape) || is_over(coordinator, 1))
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
	take_moment(coordinator, &record->ramped);
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

	coordinator->thread_count = process_threads(&record->server, coordinator->threads);
	stat_set(coordinator->stats->phase, PHASE_HOLD);
	take_moment(coordinator, &record->hold);
	walk_time(coordinator, record->hold.ns, record->scenario.hold_ns);
	const uint64_t last_ns = walk_to_the_last(coordinator, record->hold.ns + record->scenario.hold_ns);

	stat_set(coordinator->stats->phase, PHASE_DRAIN);
	take_moment(coordinator, &record->held);
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
	double ignored;

	sample_server(coordinator, &record->end.server);
	sample_kernel(record, &ignored);
	sample_generator(coordinator);
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
	record->interrupted = coordinator->interrupts > 0;
	walk_drain(coordinator);
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
	record->start.ns = coordinator->stats->start_ns = coordinator->sampled_ns = clock_mono_ns();
	sample_server(coordinator, &record->start.server);
	coordinator->sampled_server_s = fmax(record->start.server.cpu_s, 0);
	if (!fork_workers(coordinator, why))
		return false;
	progress_open(&coordinator->progress, coordinator->options->progress ? stderr : NULL, terminal,
		      &record->scenario, coordinator->options->label);
	usleep(1000); /* they pin themselves first of all */
	record->shares_cores = shares_cores(coordinator);
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
