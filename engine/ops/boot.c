#include "engine/ops/boot.h"

#include <openssl/crypto.h>
#include <stdio.h>

#include "engine/core/clock.h"
#include "engine/core/log.h"
#include "engine/ops/audit_file.h"
#include "engine/ops/cores.h"
#include "engine/ops/listening.h"
#include "engine/ops/signals.h"

/* What the main thread itself goes by. */
static void adopted(void *context)
{
	struct server *server = context;
	const struct options *options = &server->reload.policy->options;

	log_setup((enum log_level)option_number(options, OPTION_log_level),
		  option_number(options, OPTION_log_format) == 1);
	server->memory.budget = option_number(options, OPTION_memory);
	__atomic_store_n(&server->site.page, option_number(options, OPTION_page) == 0, __ATOMIC_RELAXED);
	for (uint32_t i = 0; i < server->cores; i++)
		listener_user_timeout(server->core[i].listener, plan_user_timeout(options));
}

static int run(struct server *server, const sigset_t *signals)
{
	cores_start(server);
	int status = cores_opened(server);

	if (status == 0)
		status = sandbox_seal(&server->sandbox);

	atomic_store(&server->failed, status != 0);
	pthread_barrier_wait(&server->forgotten);
	if (status == 0)
		listening_announce(server);
	signals_watch(server, signals);
	cores_join(server);
	if (status == 0 && !cores_drained(server))
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

/* Later no ring can be opened: the first word to a core would end the process. */
static int open_post(void)
{
	const int error = ring_post_open();

	if (error != 0)
		fprintf(stderr,
			"uproar: the ring of the main thread: %s; see the limits on memory, locked memory and "
			"descriptors\n",
			strerror(-error));
	return error;
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
	return open_post() == 0 ? sandbox_confine(&server->sandbox) : EXIT_MEMORY;
}

static int ask_others(struct server *server)
{
	if (!server->fetch)
		return 0;
	server->links.hooks = fetch_hooks(server->fetch);
	return fetch_start(server->fetch, server->links.ring_bells);
}

/* What outlives no sandbox: data, store, log, sockets, who is asked outside. */
static int open_all(struct server *server)
{
	const struct options *options = server->options;
	int status = data_open(&server->data, option_text(options, OPTION_data));

	if (status == 0 && ban_file_open(&server->bans, server->data.path, clock_wall_ms()) != 0)
		status = EXIT_DATA;
	if (status == 0)
		status = store_threads_choose(&server->store, options, server->data.path);
	plan_tell(options, &server->features);
	if (status == 0)
		status = audit_file_open(option_text(options, OPTION_audit_log));
	if (status == 0)
		status = listening_open(server);
	memory_open(&server->memory, option_number(options, OPTION_memory), "/sys/fs/cgroup", "/proc/self/cgroup");
	return status == 0 ? confine(server) : status;
}

/* All that the cores are given, and the threads besides them. */
static int link_up(struct server *server)
{
	struct shard_links *links = &server->links;

	links->auth = server->reload.policy->auth;
	links->bans_kept = ban_file_keeper(&server->bans);
	server->errands = (struct errands){ .reload = &server->reload, .adopted = adopted, .context = server };
	server->errand_port = (struct errand_port){ &server->errands, errands_give };
	links->errands = &server->errand_port;
	site_setup(server);
	store_threads_go_by(&server->store, &server->reload.policy->classes);
	const int status =
		store_threads_start(&server->store, &server->features, server->cores, links->bells, links->ring_bells);

	if (store_threads_present(&server->store))
		links->stores = server->store.ports;
	return status == 0 ? ask_others(server) : status;
}

static void close_all(struct server *server)
{
	fetch_end(server->fetch);
	store_threads_end(&server->store);
	shard_links_close(&server->links);
	reload_close(&server->reload);
	memory_close(&server->memory);
	ban_file_close(&server->bans);
	data_close(&server->data);
}

int boot(const struct config *config, struct files *files, const struct options *options, struct policy *policy)
{
	static struct server server;
	sigset_t signals;

	log_setup((enum log_level)option_number(options, OPTION_log_level),
		  option_number(options, OPTION_log_format) == 1);
	signals_block(&signals);
	server.options = options;
	server.cores = plan_cores(options);
	server.reload = (struct reload){
		.config = config,
		.files = files,
		.features = &server.features,
		.links = &server.links,
		.cores = server.cores,
		.policy = policy,
		.classes = &server.site.figures.classes,
	};
	int status = reload_open(&server.reload);

	if (status != 0)
		return status;
	server.hash_key = random_entropy();
	ring_probe(&server.features);
	if (!server.features.usable) {
		fprintf(stderr, "uproar: %s\n", server.features.reason);
		return EXIT_CONFIG;
	}
	status = open_all(&server);
	if (status != 0)
		return status;
	if (option_number(options, OPTION_log_level) <= LOG_INFO)
		plan_print(options, &server.features, server.cores);
	if (shard_links_open(&server.links, server.cores, plan_core_ring(options)) != 0) {
		fprintf(stderr, "uproar: no memory for the rings between cores; lower --core-ring-size\n");
		return EXIT_MEMORY;
	}
	status = link_up(&server);
	if (status == 0)
		status = run(&server, &signals);
	close_all(&server);
	return status;
}
