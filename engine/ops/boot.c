#include "engine/ops/boot.h"

#include <errno.h>
#include <malloc.h>
#include <openssl/crypto.h>
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
#include "engine/gate/shed.h"
#include "engine/net/listener.h"
#include "engine/ops/audit_file.h"
#include "engine/ops/ban_file.h"
#include "engine/ops/data.h"
#include "engine/ops/errands.h"
#include "engine/ops/fetch.h"
#include "engine/ops/key_watch.h"
#include "engine/ops/memory.h"
#include "engine/ops/sandbox.h"
#include "engine/ops/site.h"
#include "engine/ops/store_threads.h"

#define SHUT_AFTER_MS 100 /* from the signal to refusing new connections */
#define TAKEN_TRIES 20    /* to listen where somebody else still does, */
#define TAKEN_WAIT_MS 50  /* so long apart */
#define TRIM_EVERY_MS 5000
#define STOP_MOST_MS 3000 /* from the second signal to an end without ceremony */

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
	const struct options *options; /* of the start; a reload changes some, in reload.policy */
	struct ring_features features;
	struct shard_links links;
	struct site site;
	struct http_source source;
	struct data data;
	struct ban_file bans;
	struct reload reload;
	struct errands errands;
	struct errand_port errand_port;
	struct store_threads store;
	struct fetch *fetch; /* NULL: nobody is asked outside */
	struct key_watch key_watch;
	struct sandbox sandbox;
	struct memory memory;
	uint64_t trimmed_ms; /* when memory was last given back */
	uint32_t cores;
	uint64_t hash_key;
	struct core core[CORES_MAX];
	pthread_barrier_t opened, forgotten, closing;
	_Atomic bool failed; /* some shard could not be opened */
	_Atomic uint32_t ended;
	char address[LISTENER_TEXT_MAX];
};

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
	if (!atomic_load(&server->failed) && all_drained(server))
		data_save(&server->data, shard_home(core->shard));
	if (core->shard)
		shard_close(core->shard);
	if (atomic_fetch_add(&server->ended, 1) + 1 == server->cores)
		kill(getpid(), SIGUSR1); /* the main thread waits for signals */
	return NULL;
}

/* The main thread's part: signals, until all cores have ended. */
struct watch {
	struct server *server;
	enum { WATCH_RUN, WATCH_DRAIN, WATCH_STOP } phase;
	uint64_t since_ms; /* of this phase */
	bool untold[CORES_MAX]; /* cores that have not got this phase's word */
	bool shut;
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

/* The cores look at the number every turn. What of it is only kept for later use goes back to the system. */
static void measure_memory(struct server *server)
{
	const uint32_t permille = memory_permille(&server->memory);

	__atomic_store_n(&server->links.memory_permille, permille, __ATOMIC_RELAXED);
	if (permille >= SHED_REFUSE && now_ms() - server->trimmed_ms >= TRIM_EVERY_MS) {
		malloc_trim(0);
		server->trimmed_ms = now_ms();
	}
}

/* What the main thread itself goes by. */
static void adopted(void *context)
{
	struct server *server = context;
	const struct options *options = &server->reload.policy->options;

	log_setup((enum log_level)option_number(options, OPTION_log_level),
		  option_number(options, OPTION_log_format) == 1);
	server->memory.budget = option_number(options, OPTION_memory);
	__atomic_store_n(&server->site.page, option_number(options, OPTION_page) == 0, __ATOMIC_RELAXED);
	/* Who reads the former ones does so in a turn of a core, and they are freed when all have had another. */
	__atomic_store_n(&server->site.figures.classes, &server->reload.policy->classes, __ATOMIC_RELEASE);
	for (uint32_t i = 0; i < server->cores; i++)
		listener_user_timeout(server->core[i].listener, plan_user_timeout(options));
}

static void watch_signals(struct server *server, const sigset_t *signals)
{
	const struct timespec tick = { .tv_nsec = 50 * 1000 * 1000 };
	const struct timespec look = { .tv_nsec = 200 * 1000 * 1000 };
	struct watch watch = { .server = server };

	while (atomic_load(&server->ended) < server->cores) {
		const int number = sigtimedwait(signals, NULL, watch.phase == WATCH_RUN ? &look : &tick);

		if (number == SIGHUP)
			server->errands.hangup = true;
		if (number == SIGTERM || number == SIGINT)
			end_next(&watch);
		errands_tend(&server->errands, watch.phase == WATCH_RUN);
		if (watch.phase != WATCH_RUN)
			tend(&watch);
		if (watch.phase == WATCH_RUN)
			key_watch_tend(&server->key_watch, server->fetch, &server->reload);
		measure_memory(server);
		ban_file_sync(&server->bans);
	}
}

static int listen_all(struct server *server)
{
	const char *address = option_text(server->options, OPTION_listen);
	const struct listener_limits limits = {
		.backlog = (int)plan_backlog(server->options),
		.user_timeout_ms = plan_user_timeout(server->options),
	};
	int sockets[CORES_MAX];
	int error;

	/* After a kill the kernel takes down the rings of the process, and with them its sockets, a moment later. */
	for (int tries = 0; tries < TAKEN_TRIES; tries++) {
		error = listener_open(address, &limits, sockets, server->cores, server->address);
		if (error != -EADDRINUSE)
			break;
		usleep(TAKEN_WAIT_MS * 1000);
	}

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

/* What came of opening: 0, or the exit status, having said why. */
static int opened(struct server *server)
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

static int run(struct server *server, const sigset_t *signals)
{
	start(server);
	int status = opened(server);

	if (status == 0)
		status = sandbox_seal(&server->sandbox);

	atomic_store(&server->failed, status != 0);
	pthread_barrier_wait(&server->forgotten);
	if (status == 0)
		announce(server);
	watch_signals(server, signals);
	for (uint32_t i = 0; i < server->cores; i++) {
		pthread_join(server->core[i].thread, NULL);
		close(server->core[i].listener);
	}
	if (status == 0 && !all_drained(server))
		status = EXIT_CUT;
	if (status == 0 && data_finish(&server->data) != 0)
		status = EXIT_DATA;
	return status;
}

static void site_setup(struct server *server)
{
	struct figures *figures = &server->site.figures;

	server->site.page = option_number(server->options, OPTION_page) == 0;
	figures->cores = server->cores;
	figures->counters = server->links.counters;
	figures->stores = store_threads_present(&server->store) ? server->store.counters : NULL;
	figures->fetch = server->fetch ? fetch_figures(server->fetch) : NULL;
	figures->classes = &server->reload.policy->classes;
	figures->watch = &server->links.watch;
	figures->started_ms = clock_wall_ms();
	figures->statm = server->memory.own;
	server->source = (struct http_source){ site_answer, &server->site };
}

/* Before there are other threads, whose privileges are their own. */
static int confine(struct server *server)
{
	const enum sandbox_mode mode = (enum sandbox_mode)option_number(server->options, OPTION_sandbox);
	const bool database = server->store.choice.kind == STORE_IS_POSTGRES;
	int status;

	server->fetch = fetch_open(server->options, &status);
	if (status != 0)
		return status;
	server->sandbox = (struct sandbox){
		.mode = mode,
		.data = server->data.path,
		.database = database ? option_text(server->options, OPTION_store) : NULL,
		.outbound = server->fetch ? fetch_outbound(server->fetch) : NULL,
		.rings = server->features.restrictions,
	};
	server->features.restrictions = server->features.restrictions && sandbox_restricts(mode);
	OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG, NULL); /* reads files when first used, which is too late */
	(void)ring_post_open(); /* no ring can be opened later; if this one cannot, that shows when it is used */
	return sandbox_confine(&server->sandbox);
}

static int ask_others(struct server *server)
{
	if (!server->fetch)
		return 0;
	server->links.hooks = fetch_hooks(server->fetch);
	return fetch_start(server->fetch, server->links.ring_bells);
}

/* Those that the main thread waits for, and those that must not end us. */
static void block_signals(sigset_t *signals)
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

int boot(const struct config *config, struct files *files, const struct options *options, struct policy *policy)
{
	static struct server server;
	sigset_t signals;
	int status;

	log_setup((enum log_level)option_number(options, OPTION_log_level),
		  option_number(options, OPTION_log_format) == 1);
	block_signals(&signals);
	server.options = options;
	server.cores = plan_cores(options);
	server.reload = (struct reload){
		.config = config,
		.files = files,
		.features = &server.features,
		.links = &server.links,
		.cores = server.cores,
		.policy = policy,
	};
	status = reload_open(&server.reload);
	if (status != 0)
		return status;
	server.hash_key = random_entropy();
	ring_probe(&server.features);
	if (!server.features.usable) {
		fprintf(stderr, "uproar: %s\n", server.features.reason);
		return EXIT_CONFIG;
	}
	status = data_open(&server.data, option_text(options, OPTION_data));
	if (status == 0 && ban_file_open(&server.bans, server.data.path, clock_wall_ms()) != 0)
		status = EXIT_DATA;
	if (status == 0)
		status = store_threads_choose(&server.store, options, server.data.path);
	plan_tell(options);
	if (status == 0)
		status = audit_file_open(option_text(options, OPTION_audit_log));
	if (status == 0)
		status = listen_all(&server);
	memory_open(&server.memory, option_number(options, OPTION_memory), "/sys/fs/cgroup", "/proc/self/cgroup");
	if (status == 0)
		status = confine(&server);
	if (status != 0)
		return status;
	if (option_number(options, OPTION_log_level) <= LOG_INFO)
		plan_print(options, &server.features, server.cores);
	if (shard_links_open(&server.links, server.cores, option_number(options, OPTION_core_ring)) != 0) {
		fprintf(stderr, "uproar: no memory for the rings between cores; lower --core-ring-size\n");
		return EXIT_MEMORY;
	}
	server.links.auth = policy->auth;
	server.links.bans_kept = ban_file_keeper(&server.bans);
	server.errands = (struct errands){ .reload = &server.reload, .adopted = adopted, .context = &server };
	server.errand_port = (struct errand_port){ &server.errands, errands_give };
	server.links.errands = &server.errand_port;
	site_setup(&server);
	status = store_threads_start(&server.store, &server.features, server.cores, server.links.bells,
				     server.links.ring_bells);
	if (store_threads_present(&server.store))
		server.links.stores = server.store.ports;
	if (status == 0)
		status = ask_others(&server);
	if (status == 0)
		status = run(&server, &signals);
	fetch_end(server.fetch);
	store_threads_end(&server.store);
	shard_links_close(&server.links);
	reload_close(&server.reload);
	memory_close(&server.memory);
	ban_file_close(&server.bans);
	data_close(&server.data);
	return status;
}
