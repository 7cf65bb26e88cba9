#include "engine/ops/boot.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/core/check.h"
#include "engine/core/clock.h"
#include "engine/core/log.h"
#include "engine/net/listener.h"
#include "engine/ops/data.h"
#include "engine/ops/plan.h"
#include "engine/ops/site.h"

#define LISTENER_BACKLOG_MAX 65535

struct server;

struct core {
	struct server *server;
	uint32_t index;
	pthread_t thread;
	struct shard_limits limits;
	int listener;
	uint64_t seed;
	int error; /* of shard_open */
	struct shard *shard;
	_Atomic bool drained;
};

struct server {
	const struct options *options;
	struct ring_features features;
	struct shard_links links;
	struct site site;
	struct http_source source;
	struct data data;
	uint32_t cores;
	uint64_t hash_key;
	struct core core[CORES_MAX];
	pthread_barrier_t opened, closing;
	_Atomic bool failed; /* some shard could not be opened */
	_Atomic uint32_t ended;
	char address[LISTENER_TEXT_MAX];
};

static void pin(const struct server *server, uint32_t core)
{
	cpu_set_t set;

	if (server->cores > (uint32_t)sysconf(_SC_NPROCESSORS_ONLN))
		return;
	CPU_ZERO(&set);
	CPU_SET(core, &set);
	/* Where a container allows other processors only, the kernel's choice is as good. */
	(void)pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
}

static bool all_drained(struct server *server)
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
		if (all_drained(server))
			return;
		usleep(1000);
	}
}

static void *core_main(void *argument)
{
	struct core *core = argument;
	struct server *server = core->server;
	char name[16];

	snprintf(name, sizeof(name), "uproar/%u", core->index);
	pthread_setname_np(pthread_self(), name);
	pin(server, core->index);
	log_core(core->index);
	core->shard = shard_open(&core->limits, &server->features, &server->links, &server->source, core->listener,
				 server->hash_key, core->seed, &core->error);
	if (core->shard)
		data_restore(&server->data, shard_home(core->shard), core->index, server->cores, server->hash_key);
	else
		atomic_store(&server->failed, true);
	pthread_barrier_wait(&server->opened);
	if (!atomic_load(&server->failed))
		serve(core);
	/* What the others' mail brought is in the logs before any of them is written. */
	pthread_barrier_wait(&server->closing);
	if (!atomic_load(&server->failed) && all_drained(server))
		data_save(&server->data, shard_home(core->shard));
	if (core->shard)
		shard_close(core->shard);
	if (atomic_fetch_add(&server->ended, 1) + 1 == server->cores)
		kill(getpid(), SIGUSR1); /* the main thread waits for signals */
	return NULL;
}

/* The main thread's part: signals, until all cores have ended. */
static void watch(struct server *server, const sigset_t *signals)
{
	bool draining = false;
	siginfo_t info;

	while (atomic_load(&server->ended) < server->cores) {
		const int number = sigwaitinfo(signals, &info);

		if (number == SIGHUP)
			LOG(LOG_WARN, "reload_unsupported", LOG_TEXT("do", "restart to use other options"));
		if (number != SIGTERM && number != SIGINT)
			continue;
		if (draining)
			LOG(LOG_WARN, "stop", LOG_TEXT("reason", "a second signal"));
		for (uint32_t i = 0; i < server->cores; i++)
			ring_post(server->links.ring_bells[i], draining ? SHARD_WORD_STOP : SHARD_WORD_DRAIN);
		draining = true;
	}
}

static int listen_all(struct server *server)
{
	const char *address = option_text(server->options, OPTION_listen);
	const struct listener_limits limits = {
		.backlog = (int)option_number(server->options, OPTION_backlog),
		.user_timeout_ms = (uint32_t)(option_number(server->options, OPTION_ping) +
					      option_number(server->options, OPTION_pong) +
					      option_number(server->options, OPTION_slow_timeout)),
	};
	int sockets[CORES_MAX];
	const int error = listener_open(address, &limits, sockets, server->cores, server->address);

	for (uint32_t i = 0; error == 0 && i < server->cores; i++)
		server->core[i].listener = sockets[i];
	switch (error) {
	case 0:
		return 0;
	case -EINVAL:
		fprintf(stderr,
			"uproar: option 'listen' is '%s', but takes HOST:PORT, as 127.0.0.1:8080 or [::]:8080\n",
			address);
		return EXIT_USAGE;
	case -EADDRINUSE:
		fprintf(stderr, "uproar: %s is in use by another program; choose another with --listen\n", address);
		return EXIT_TAKEN;
	case -EACCES:
	case -EPERM:
		fprintf(stderr, "uproar: no right to listen on %s; ports below 1024 need CAP_NET_BIND_SERVICE\n",
			address);
		return EXIT_DENIED;
	default:
		fprintf(stderr, "uproar: cannot listen on %s: %s\n", address, strerror(-error));
		return EXIT_TAKEN;
	}
}

static void announce(const struct server *server)
{
	const char *port = strrchr(server->address, ':') + 1;
	const bool any = strncmp(server->address, "0.0.0.0:", 8) == 0 || strncmp(server->address, "[::]:", 5) == 0;

	printf("uproar " UPROAR_VERSION " listening on http://%s%s/ (%u core%s%s)\n", any ? "127.0.0.1:" : "",
	       any ? port : server->address, server->cores, server->cores == 1 ? "" : "s",
	       any ? ", all addresses of this machine" : "");
	fflush(stdout);
}

static void start(struct server *server)
{
	pthread_barrier_init(&server->opened, NULL, server->cores + 1);
	pthread_barrier_init(&server->closing, NULL, server->cores);
	for (uint32_t i = 0; i < server->cores; i++) {
		struct core *core = &server->core[i];

		core->server = server;
		core->index = i;
		core->limits = plan_shard(server->options, &server->features, i, server->cores);
		core->seed = random_entropy();
		if (pthread_create(&core->thread, NULL, core_main, core) != 0) {
			fprintf(stderr, "uproar: the system gives no further thread\n");
			exit(EXIT_MEMORY);
		}
	}
	pthread_barrier_wait(&server->opened);
}

static int run(struct server *server, const sigset_t *signals)
{
	int status = 0;

	start(server);
	if (atomic_load(&server->failed)) {
		status = EXIT_MEMORY;
		for (uint32_t i = 0; i < server->cores; i++)
			if (server->core[i].error != 0)
				fprintf(stderr,
					"uproar: core %u: %s; see the limits on memory, locked memory and "
					"descriptors\n",
					i, strerror(-server->core[i].error));
	} else {
		data_forget(&server->data);
		announce(server);
	}
	watch(server, signals);
	for (uint32_t i = 0; i < server->cores; i++) {
		pthread_join(server->core[i].thread, NULL);
		close(server->core[i].listener);
	}
	if (status == 0 && all_drained(server) && data_finish(&server->data) != 0)
		status = EXIT_DATA;
	return status;
}

static void site_setup(struct server *server)
{
	server->site = (struct site){
		.page = option_number(server->options, OPTION_page) == 0,
		.cores = server->cores,
		.counters = server->links.counters,
	};
	server->source = (struct http_source){ site_answer, &server->site };
}

int boot(const struct options *options)
{
	static struct server server;
	sigset_t signals;
	int status;

	log_setup((enum log_level)option_number(options, OPTION_log_level),
		  option_number(options, OPTION_log_format) == 1);
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);

	server.options = options;
	server.cores = plan_cores(options);
	server.hash_key = random_entropy();
	ring_probe(&server.features);
	if (!server.features.usable) {
		fprintf(stderr, "uproar: %s\n", server.features.reason);
		return EXIT_CONFIG;
	}
	status = data_open(&server.data, option_text(options, OPTION_data));
	if (status == 0)
		status = listen_all(&server);
	if (status != 0)
		return status;
	if (option_number(options, OPTION_log_level) <= LOG_INFO && option_number(options, OPTION_log_format) == 0)
		plan_print(options, &server.features, server.cores);
	if (shard_links_open(&server.links, server.cores, option_number(options, OPTION_core_ring)) != 0) {
		fprintf(stderr, "uproar: no memory for the rings between cores; lower --core-ring-size\n");
		return EXIT_MEMORY;
	}
	site_setup(&server);
	status = run(&server, &signals);
	shard_links_close(&server.links);
	data_close(&server.data);
	return status;
}
