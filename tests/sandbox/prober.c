/* prober.c - a whole server that turns on itself once it serves: each of its threads tries what it may not do.
 *
 * It is linked from the engine's own objects, with ring_collect() and sigtimedwait() wrapped: every thread of a running
 * server calls one of them each turn (and pthread_setname_np(), for their names). `sandbox_prober all --OPTION VALUE`
 * tries on every thread, and on every core's and every store thread's own ring, all that fails when it is refused, and
 * prints a line for each:
 *
 *	THREAD WHAT NAME RESULT       (what: op, flag, register, call; result: an errno, 0 done)
 *
 * `sandbox_prober NAME ...` makes that one call alone, which is to end the process.
 */
#include "tests/sandbox/attempts.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "engine/core/ring_internal.h"
#include "engine/ops/boot.h"

#define OPERATIONS 64
#define REGISTERS 40
#define BELLS_MAX 64

static const char *wanted;
static _Atomic bool now;
static _Atomic uint32_t bell_count, left;
static int bells[BELLS_MAX];
static _Thread_local bool known, done;
static _Thread_local const char *thread = "main";

size_t __real_ring_collect(struct ring *ring, struct ring_event *events, size_t max, uint64_t wait_ns);
size_t __wrap_ring_collect(struct ring *ring, struct ring_event *events, size_t max, uint64_t wait_ns);
int __real_sigtimedwait(const sigset_t *set, siginfo_t *info, const struct timespec *timeout);
int __wrap_sigtimedwait(const sigset_t *set, siginfo_t *info, const struct timespec *timeout);
int __real_pthread_setname_np(pthread_t own, const char *name);
int __wrap_pthread_setname_np(pthread_t own, const char *name);

/* Asking for it is a call that is refused. */
int __wrap_pthread_setname_np(pthread_t own, const char *name)
{
	thread = strdup(name);
	return __real_pthread_setname_np(own, name);
}

/* In one write, so that lines of several threads do not mix. */
__attribute__((format(printf, 1, 2))) static void say(const char *format, ...)
{
	char line[160];
	va_list arguments;
	int size = snprintf(line, sizeof(line), "%s ", thread);

	va_start(arguments, format);
	size += vsnprintf(line + size, sizeof(line) - (size_t)size, format, arguments);
	va_end(arguments);
	if (write(STDOUT_FILENO, line, (size_t)size) != size)
		_exit(99);
}

/* The completion stays where it is: its tag is one that the engine does not heed. */
static int result_of(struct io_uring *uring, uint32_t number, uint8_t operation, uint8_t flags)
{
	const struct io_uring_cq *cq = &uring->cq;
	const uint64_t tag = ring_tag(KIND_IGNORED, 1, number);
	struct io_uring_sqe *sqe = io_uring_get_sqe(uring);

	io_uring_prep_rw(operation, sqe, -1, NULL, 0, 0);
	sqe->flags = flags;
	sqe->user_data = tag;
	io_uring_submit_and_get_events(uring);
	for (uint32_t head = *cq->khead; head != io_uring_smp_load_acquire(cq->ktail); head++)
		if (cq->cqes[head & *cq->kring_mask].user_data == tag)
			return -cq->cqes[head & *cq->kring_mask].res;
	return 0;
}

static void try_ring(struct ring *ring)
{
	for (uint32_t lane = 0; lane < ring->lane_count; lane++) {
		struct io_uring *uring = &ring->lanes[lane].uring;
		uint32_t number = 1;

		for (uint32_t i = 0; i < OPERATIONS; i++)
			say("op %u %d\n", i, result_of(uring, number++, (uint8_t)i, 0));
		for (uint32_t bit = 0; bit < 6; bit++)
			say("flag %u %d\n", bit, result_of(uring, number++, IORING_OP_MSG_RING, (uint8_t)(1u << bit)));
		for (uint32_t i = 0; i < REGISTERS; i++)
			say("register %u %d\n", i, -io_uring_register((uint32_t)uring->ring_fd, i, NULL, 0));
	}
}

static void try_calls(void)
{
	for (const struct attempt *attempt = attempts; attempt->name; attempt++)
		if (!attempt->ends)
			say("call %s %d\n", attempt->name, attempt->make() < 0 ? errno : 0);
}

static void try_one(void)
{
	for (const struct attempt *attempt = attempts; attempt->name; attempt++)
		if (strcmp(attempt->name, wanted) == 0) {
			attempt->make();
			say("call %s survived\n", wanted);
			_exit(98);
		}
	_exit(97);
}

static void try_all(struct ring *ring)
{
	if (strcmp(wanted, "all") != 0)
		try_one();
	if (ring)
		try_ring(ring);
	try_calls();
	done = true;
	if (atomic_fetch_sub(&left, 1) == 1)
		kill(getpid(), SIGTERM);
}

size_t __wrap_ring_collect(struct ring *ring, struct ring_event *events, size_t max, uint64_t wait_ns)
{
	if (!known) {
		bells[atomic_fetch_add(&bell_count, 1)] = ring_bell(ring);
		known = true;
	}
	if (atomic_load(&now) && !done)
		try_all(ring);
	return __real_ring_collect(ring, events, max, wait_ns);
}

/* The main thread waits for signals: from here on the server serves. */
int __wrap_sigtimedwait(const sigset_t *set, siginfo_t *info, const struct timespec *timeout)
{
	if (!atomic_load(&now)) {
		usleep(200000); /* all cores have had a turn */
		atomic_store(&left, atomic_load(&bell_count) + 1);
		atomic_store(&now, true);
		for (uint32_t i = 0; i < atomic_load(&bell_count); i++)
			ring_post(bells[i], 0);
		try_all(NULL);
	}
	return __real_sigtimedwait(set, info, timeout);
}

int main(int argc, char **argv)
{
	static struct config config;
	static struct options options;
	static struct files files;
	char error[OPTION_ERROR_MAX];

	if (argc < 2)
		return EXIT_USAGE;
	wanted = argv[1];
	if (strcmp(wanted, "list") == 0) {
		for (const struct attempt *attempt = attempts; attempt->name; attempt++)
			printf("%s %s\n", attempt->name, attempt->ends ? "ends" : "fails");
		return 0;
	}
	int status = config_command(&config, argc - 1, argv + 1, error);

	if (status == 0)
		status = config_read(&config, &files, &options, error);

	struct policy *policy = status == 0 ? policy_make(&options, NULL, &files, error) : NULL;

	if (!policy) {
		fprintf(stderr, "%s\n", error);
		return EXIT_USAGE;
	}
	return boot(&config, &files, &options, policy);
}
