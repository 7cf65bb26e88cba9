/* store_threads.h - the store of a server: the backend that the options name, and its threads.
 *
 * They start before the cores and end after them, so that whatever a core has given is answered.
 */
#ifndef OPS_STORE_THREADS_H
#define OPS_STORE_THREADS_H

#include <pthread.h>
#include <semaphore.h>

#include "engine/chat/post.h"
#include "engine/chat/room_class.h"
#include "engine/ops/options.h"
#include "engine/store/choose.h"
#include "engine/store/worker.h"

struct store_threads {
	struct store_choice choice;
	pthread_mutex_t mutex; /* of classes: the main thread changes them, the writer looks into them */
	struct room_classes classes; /* a copy of those that hold */
	struct store_ages ages; /* of them */
	struct store_links links;
	const struct options *options;
	const struct ring_features *features;
	struct store_thread {
		struct store_threads *all;
		enum store_worker which;
		pthread_t thread;
		struct worker *worker;
		char why[256];
	} threads[STORE_WORKERS];
	uint32_t started;
	sem_t opened; /* posted by a thread that has opened its worker, or could not */
	struct store_port ports[CORES_MAX];
	const struct store_counters *counters[STORE_WORKERS];
};

/* Chooses the backend; directory may be NULL. Returns 0, or the exit status, having said why. */
int store_threads_choose(struct store_threads *store, const struct options *options, const char *directory);
bool store_threads_present(const struct store_threads *store);

/* Before the threads start, and then whenever no core goes by others any more: rooms of class disk keep what these say,
 * those that nobody speaks in too. Copies; does nothing if it has the same already. */
void store_threads_go_by(struct store_threads *store, const struct room_classes *classes);

/* Starts the threads, if there is a store, and makes a port for each core. Keeps features, bells and ring_bells (of the
 * cores, which may be opened later). Returns 0, or the exit status, having said why. */
int store_threads_start(struct store_threads *store, const struct ring_features *features, uint32_t cores,
			struct bell *bells, const int *ring_bells);

/* No core gives jobs any more: has all done and answered, and ends. Does nothing for what has not been started. */
void store_threads_end(struct store_threads *store);

#endif
