#include "engine/ops/signals.h"

#include <malloc.h>
#include <time.h>
#include <unistd.h>

#include "engine/core/clock.h"
#include "engine/core/log.h"
#include "engine/gate/shed.h"

#define SHUT_AFTER_MS 100 /* from the signal to refusing new connections */
#define TRIM_EVERY_MS 5000
#define GROWS_FAST 10 /* thousandths of the memory, from one look to the next */
#define STOP_MOST_MS 3000 /* from the second signal to an end without ceremony */

/* The main thread's part: signals, until all cores have ended. */
struct watch {
	struct server *server;
	enum { WATCH_RUN, WATCH_DRAIN, WATCH_STOP } phase;
	uint64_t since_ms; /* of this phase */
	bool untold[CORES_MAX]; /* cores that have not got this phase's word */
	bool shut;
	bool memory_moves;
};

static uint64_t now_ms(void)
{
	return clock_mono_ns() / 1000000;
}

static void tell(struct watch *watch)
{
	const uint64_t word = watch->phase == WATCH_DRAIN ? SHARD_WORD_DRAIN : SHARD_WORD_STOP;

	for (uint32_t i = 0; i < watch->server->cores; i++)
		if (watch->untold[i])
			watch->untold[i] = ring_post(watch->server->links.ring_bells[i], word) != 0;
}

static void end_next(struct watch *watch)
{
	if (watch->phase == WATCH_STOP)
		_exit(EXIT_CUT);
	watch->phase++;
	watch->since_ms = now_ms();
	for (uint32_t i = 0; i < watch->server->cores; i++)
		watch->untold[i] = true;
	if (watch->phase == WATCH_STOP)
		LOG(LOG_WARN, "stop", LOG_TEXT("reason", "a second signal"));
}

/* What is due while the server ends. */
static void tend(struct watch *watch)
{
	const uint64_t for_ms = now_ms() - watch->since_ms;

	tell(watch);
	/* By then the cores have stopped accepting. Who connects now is refused at once; others may listen here. */
	if (!watch->shut && for_ms >= SHUT_AFTER_MS) {
		for (uint32_t i = 0; i < watch->server->cores; i++)
			listener_shut(watch->server->core[i].listener);
		watch->shut = true;
	}
	if (watch->phase == WATCH_STOP && for_ms >= STOP_MOST_MS)
		_exit(EXIT_CUT);
}

/* The cores look at the number every turn. What of it is only kept for later use goes back to the system. Returns
 * whether to look again soon: until then much may be asked for. */
static bool measure_memory(struct server *server)
{
	const uint32_t before = server->links.memory_permille, permille = memory_permille(&server->memory);

	__atomic_store_n(&server->links.memory_permille, permille, __ATOMIC_RELAXED);
	if (permille >= SHED_REFUSE && now_ms() - server->trimmed_ms >= TRIM_EVERY_MS) {
		malloc_trim(0);
		server->trimmed_ms = now_ms();
	}
	return permille >= SHED_REFUSE || permille > before + GROWS_FAST;
}

/* After a reload, when no core says any more of a room what was said before: it would stay so. */
static void tell_store(struct server *server)
{
	if (!server->reload.former)
		store_threads_go_by(&server->store, &server->reload.policy->classes);
}

void signals_watch(struct server *server, const sigset_t *signals)
{
	const struct timespec tick = { .tv_nsec = 50 * 1000 * 1000 };
	const struct timespec look = { .tv_nsec = 300 * 1000 * 1000 };
	struct watch watch = { .server = server };

	while (atomic_load(&server->ended) < server->cores) {
		const bool often = watch.phase != WATCH_RUN || watch.memory_moves;
		const int number = sigtimedwait(signals, NULL, often ? &tick : &look);

		if (number == SIGHUP)
			server->errands.hangup = true;
		if (number == SIGTERM || number == SIGINT)
			end_next(&watch);
		/* The cores of a start that failed are gone, or about to be: nothing is read of theirs. */
		const bool serving = watch.phase == WATCH_RUN && !atomic_load(&server->failed);

		errands_tend(&server->errands, serving);
		tell_store(server);
		if (watch.phase != WATCH_RUN)
			tend(&watch);
		if (serving)
			key_watch_tend(&server->key_watch, server->fetch, &server->reload);
		watch.memory_moves = measure_memory(server);
		ban_file_sync(&server->bans);
	}
}

void signals_block(sigset_t *signals)
{
	sigemptyset(signals);
	sigaddset(signals, SIGTERM);
	sigaddset(signals, SIGINT);
	sigaddset(signals, SIGHUP);
	sigaddset(signals, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, signals, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* a snapshot over the limit is an error to tell */
}
