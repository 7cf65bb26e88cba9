#include "engine/ops/cores.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "engine/core/clock.h"
#include "engine/core/log.h"

#define SLICE_NS 100000 /* the shortest there is */

/* To the core's own of the processors that this process may use, when there are enough. */
static void pin(const struct server *server, uint32_t core)
{
	cpu_set_t usable, own;
	uint32_t seen = 0;

	if (sched_getaffinity(0, sizeof(usable), &usable) != 0 || server->cores > (uint32_t)CPU_COUNT(&usable))
		return;
	CPU_ZERO(&own);
	for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &usable) && seen++ == core)
			CPU_SET(cpu, &own);
	/* Without it all works as well, only slower. */
	(void)pthread_setaffinity_np(pthread_self(), sizeof(own), &own);
}

/* As sched_setattr(2) has it: linux/sched/types.h cannot be read beside sched.h. */
struct wish {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period; /* ns */
};

/* Woken, it goes before who has run for a while, with no greater share of the processor: a batch of the store on the
 * same one does not keep a message in memory waiting. Linux 6.12 and later; older ones have one slice for all. */
static void wish_short_slices(void)
{
	struct wish wish = { 0 };

	if (syscall(SYS_sched_getattr, 0, &wish, sizeof(wish), 0) != 0 || wish.policy != SCHED_OTHER)
		return;
	wish.size = sizeof(wish);
	wish.runtime = SLICE_NS;
	/* Without it all works as well. */
	(void)syscall(SYS_sched_setattr, 0, &wish, 0);
}

bool cores_drained(const struct server *server)
{
	for (uint32_t i = 0; i < server->cores; i++)
		if (!atomic_load(&server->core[i].drained))
			return false;
	return true;
}

/* Turns until every core is without connections: till then each is home to the others' rooms. */
static void serve(struct core *core)
{
	struct server *server = core->server;

	while (!shard_is_stopped(core->shard)) {
		shard_turn(core->shard);
		if (!shard_is_drained(core->shard))
			continue;
		atomic_store(&core->drained, true);
		if (cores_drained(server))
			return;
		usleep(1000);
	}
}

static int restore(struct core *core)
{
	const struct server *server = core->server;
	const struct data_core own = { core->index, server->cores, server->hash_key };

	if (ban_file_restore(&core->server->bans, core->shard, clock_wall_ms()) != 0)
		return -ENOMEM;
	return data_restore(&server->data, shard_home(core->shard), &own, &core->limits.home, clock_mono_ns() / 1000000,
			    clock_wall_ms());
}

static void *core_main(void *argument)
{
	struct core *core = argument;
	struct server *server = core->server;
	char name[16];

	snprintf(name, sizeof(name), "uproar/%u", core->index);
	pthread_setname_np(pthread_self(), name);
	pin(server, core->index);
	wish_short_slices();
	log_core(core->index);
	core->shard = shard_open(&core->limits, &server->features, &server->links, &server->source, core->listener,
				 server->hash_key, core->seed, &core->error);
	sandbox_drop_locking();
	if (!core->shard || restore(core) != 0)
		atomic_store(&server->failed, true);
	pthread_barrier_wait(&server->opened);
	/* The main thread makes sure that what was restored is not restored again. */
	pthread_barrier_wait(&server->forgotten);
	if (!atomic_load(&server->failed))
		serve(core);
	/* What the others' mail brought is in the logs before any of them is written. */
	pthread_barrier_wait(&server->closing);
	if (!atomic_load(&server->failed) && cores_drained(server))
		data_save(&server->data, shard_home(core->shard));
	if (core->shard)
		shard_close(core->shard);
	if (atomic_fetch_add(&server->ended, 1) + 1 == server->cores)
		kill(getpid(), SIGUSR1); /* the main thread waits for signals */
	return NULL;
}

void cores_start(struct server *server)
{
	pthread_barrier_init(&server->opened, NULL, server->cores + 1);
	pthread_barrier_init(&server->forgotten, NULL, server->cores + 1);
	pthread_barrier_init(&server->closing, NULL, server->cores);
	for (uint32_t i = 0; i < server->cores; i++) {
		struct core *core = &server->core[i];

		core->server = server;
		core->index = i;
		core->limits = policy_limits(server->reload.policy, &server->features, i, server->cores);
		core->seed = random_entropy();
		if (pthread_create(&core->thread, NULL, core_main, core) != 0) {
			fprintf(stderr, "uproar: the system gives no further thread\n");
			exit(EXIT_MEMORY);
		}
	}
	pthread_barrier_wait(&server->opened);
	/* The threads are in their last barrier before serving: nobody reads this yet. */
	for (uint32_t i = 0; i < server->cores; i++)
		if (pthread_getcpuclockid(server->core[i].thread, &server->site.figures.clocks[i]) == 0)
			server->site.figures.clock_count = i + 1;
}

int cores_opened(struct server *server)
{
	int status = 0;

	for (uint32_t i = 0; i < server->cores; i++) {
		if (server->core[i].error == 0)
			continue;
		fprintf(stderr, "uproar: core %u: %s; see the limits on memory, locked memory and descriptors\n", i,
			strerror(-server->core[i].error));
		status = EXIT_MEMORY;
	}
	if (status == 0 && atomic_load(&server->failed))
		return EXIT_DATA;
	return status == 0 ? data_forget(&server->data) : status;
}

void cores_join(struct server *server)
{
	for (uint32_t i = 0; i < server->cores; i++) {
		pthread_join(server->core[i].thread, NULL);
		close(server->core[i].listener);
	}
}
