#include "engine/ops/store_threads.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/core/check.h"
#include "engine/core/log.h"
#include "engine/ops/boot.h"
#include "engine/ops/plan.h"
#include "engine/ops/sandbox.h"

/* A room of class memory has no log on disk, or one of before, of which nothing is said. */
static uint64_t age_of(void *context, struct span room, uint64_t was_ms)
{
	struct store_threads *store = context;

	pthread_mutex_lock(&store->mutex);
	const struct room_class *class = room_class_of(&store->classes, room);
	const uint64_t age_ms = class->disk ? class->kept.age_ms : was_ms;

	pthread_mutex_unlock(&store->mutex);
	return age_ms;
}

void store_threads_go_by(struct store_threads *store, const struct room_classes *classes)
{
	/* Only this thread writes. */
	if (memcmp(&store->classes, classes, sizeof(*classes)) == 0)
		return;
	pthread_mutex_lock(&store->mutex);
	memcpy(&store->classes, classes, sizeof(*classes));
	pthread_mutex_unlock(&store->mutex);
	atomic_fetch_add(&store->ages.version, 1);
}

int store_threads_choose(struct store_threads *store, const struct options *options, const char *directory)
{
	char why[256];

	store->options = options;
	store->ages.of = age_of;
	store->ages.context = store;
	pthread_mutex_init(&store->mutex, NULL);
	/* Its form was judged with the other options. */
	if (store_choose(&store->choice, option_text(options, OPTION_store), directory, why, sizeof(why)) == 0)
		return 0;
	fprintf(stderr, "uproar: option 'store': %s\n", why);
	return EXIT_MEMORY;
}

bool store_threads_present(const struct store_threads *store)
{
	return store->choice.kind != STORE_IS_NONE;
}

/* Nothing that was said since the last commit may be acknowledged, and a second sync may say that all is well when it
 * is not. What is on the disk is right: so begin again from there. */
static void failed(void *context, int error)
{
	const struct store_threads *store = context;

	LOG(LOG_ERROR, "store_failed", LOG_TEXT("store", store->choice.backend.name), LOG_I64("error", error),
	    LOG_TEXT("do", "look at the disk, then start again: what was acknowledged is kept"));
	_exit(EXIT_FAILED);
}

static void *thread_main(void *argument)
{
	static const char *const names[STORE_WORKERS] = { "uproar/writer", "uproar/reader", "uproar/search" };
	struct store_thread *thread = argument;
	struct store_threads *store = thread->all;
	struct worker_limits limits = plan_worker(store->options, thread->which);

	if (thread->which == STORE_WRITER)
		limits.ages = &store->ages;

	pthread_setname_np(pthread_self(), names[thread->which]);
	struct worker *worker = worker_open(&limits, store->features, &store->links, &store->choice.backend, failed,
					    store, thread->why, sizeof(thread->why));

	sandbox_drop_locking();
	thread->worker = worker;
	sem_post(&store->opened);
	if (!worker)
		return NULL;
	while (!worker_is_ended(worker))
		worker_turn(worker);
	worker_close(worker);
	return NULL;
}

static int start_one(struct store_threads *store, enum store_worker which)
{
	struct store_thread *thread = &store->threads[which];

	thread->all = store;
	thread->which = which;
	if (pthread_create(&thread->thread, NULL, thread_main, thread) != 0) {
		fprintf(stderr, "uproar: the system gives no further thread\n");
		return EXIT_MEMORY;
	}
	while (sem_wait(&store->opened) != 0)
		CHECK(errno == EINTR);
	if (!thread->worker) {
		pthread_join(thread->thread, NULL);
		fprintf(stderr, "uproar: store %s: %s\n", store->choice.backend.name, thread->why);
		return EXIT_DATA;
	}
	store->counters[which] = worker_counters(thread->worker);
	store->started++;
	return 0;
}

int store_threads_start(struct store_threads *store, const struct ring_features *features, uint32_t cores,
			struct bell *bells, const int *ring_bells)
{
	const struct store_links_limits limits = plan_store(store->options, cores);
	int status = 0;

	if (!store_threads_present(store))
		return 0;
	store->features = features;
	if (store_links_open(&store->links, &limits, bells, ring_bells) != 0) {
		fprintf(stderr, "uproar: no memory for the rings to the store; lower --store-queue\n");
		return EXIT_MEMORY;
	}
	sem_init(&store->opened, 0, 0);
	/* One after the other: the writer makes what the others read. */
	for (uint32_t which = 0; status == 0 && which < STORE_WORKERS; which++)
		status = start_one(store, (enum store_worker)which);
	for (uint32_t core = 0; core < cores; core++)
		store_links_port(&store->links, core, &store->ports[core]);
	return status;
}

static void end_one(struct store_threads *store, uint32_t which)
{
	while (ring_post(store->links.ring_bells[which], WORKER_WORD_END) != 0)
		usleep(1000);
	pthread_join(store->threads[which].thread, NULL);
}

void store_threads_end(struct store_threads *store)
{
	/* The writer last: what closes a log behind itself wants to be alone with it. */
	while (store->started > 0)
		end_one(store, --store->started);
	if (store->links.rings)
		store_links_close(&store->links);
	store_unchoose(&store->choice);
}
