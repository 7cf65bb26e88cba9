#include "engine/ops/plan.h"

#include <sched.h>
#include <stdio.h>
#include <sys/resource.h>

#include "engine/core/check.h"
#include "engine/core/log.h"
#include "engine/gate/echo.h"
#include "engine/gate/hold.h"
#include "engine/store/choose.h"

#define MEMBERSHIPS_MIN 100000
#define TABLE_SLOTS_MOST 16384
/* A send is some 4 us: who is in a small room waits for members of a large one a millisecond, not for all of them. */
#define CROWD_MEMBERS 64
#define CROWD_PER_TURN 256
#define CROWD_BYTES (1024 * 1024) /* some 1 ms; half of it costs a large room some 8 % of its rate */
/* About a nanosecond a byte read, and five a byte unpacked: one unpacked message of 16 KiB, and four such of all. */
#define RATION_SHARE (64 * 1024)
#define RATION_TURN (256 * 1024)
#define RATION_LIGHT 1024
#define RATION_COSTLY (8 * 1024)
#define RATION_REST_MS 100

uint32_t plan_cores(const struct options *options)
{
	const uint64_t asked = option_number(options, OPTION_cores);
	cpu_set_t set;

	if (asked != 0)
		return (uint32_t)asked;
	const int usable = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;

	return usable > CORES_MAX ? CORES_MAX : (uint32_t)usable;
}

/* An even share of a whole, with a quarter more where the kernel or a hash spreads it. */
static uint32_t share(uint64_t whole, uint32_t cores)
{
	const uint64_t even = (whole + cores - 1) / cores;

	return (uint32_t)(cores == 1 ? even : even + even / 4 + 64);
}

static uint64_t memberships(const struct options *options)
{
	const uint64_t asked = option_number(options, OPTION_memberships);
	const uint64_t four_each = option_number(options, OPTION_connections) * 4;

	if (asked != 0)
		return asked;
	return four_each > MEMBERSHIPS_MIN ? four_each : MEMBERSHIPS_MIN;
}

/* A ring keeps `backlog` slots of each of its tables free, and a table is no larger than the descriptor limit. */
static uint32_t slots_for(uint32_t connections, uint32_t backlog)
{
	struct rlimit limit = { .rlim_max = 1024 };

	getrlimit(RLIMIT_NOFILE, &limit);
	const uint32_t most = limit.rlim_max < TABLE_SLOTS_MOST ? (uint32_t)limit.rlim_max : TABLE_SLOTS_MOST;
	/* Some more than may be served, so that those who are refused can be told. */
	const uint32_t wanted = connections + connections / 16 + 16;
	const uint32_t usable = most > backlog ? most - backlog : 1;

	return wanted + (wanted + usable - 1) / usable * backlog;
}

/* Read once, by the main thread before there are others: later the sandbox hides it. */
static uint64_t somaxconn(void)
{
	static unsigned long value;
	FILE *file = value == 0 ? fopen("/proc/sys/net/core/somaxconn", "r") : NULL;

	if (value != 0)
		return value;
	if (!file || fscanf(file, "%lu", &value) != 1)
		value = UINT32_MAX; /* not known: then the kernel alone lowers it */
	if (file)
		fclose(file);
	return value;
}

uint32_t plan_backlog(const struct options *options)
{
	struct rlimit limit = { .rlim_max = 1024 };

	getrlimit(RLIMIT_NOFILE, &limit);
	const uint64_t asked = option_number(options, OPTION_backlog), kernel = somaxconn();
	const uint64_t allowed = asked < kernel ? asked : kernel;

	return (uint32_t)(allowed < limit.rlim_max / 4 ? allowed : limit.rlim_max / 4);
}

size_t plan_core_ring(const struct options *options)
{
	const uint64_t asked = option_number(options, OPTION_core_ring);
	size_t size = 1;

	while (size < asked)
		size *= 2;
	return size;
}

uint32_t plan_user_timeout(const struct options *options)
{
	return (uint32_t)(option_number(options, OPTION_ping) + option_number(options, OPTION_pong) +
			  option_number(options, OPTION_slow_timeout));
}

int plan_classes(const struct options *options, struct room_classes *classes, char error[OPTION_ERROR_MAX])
{
	const char *data = option_text(options, OPTION_data);
	const bool disk = store_is_any(option_text(options, OPTION_store), *data ? data : NULL);
	char why[OPTION_ERROR_MAX / 2];

	if (room_classes_parse(classes, option_text(options, OPTION_room_classes), why, sizeof(why)) == 0 &&
	    (disk || room_classes_without_disk(classes, why, sizeof(why)) == 0))
		return 0;
	snprintf(error, OPTION_ERROR_MAX, "%.*s: option 'room-classes': %s", OPTION_WHERE_MAX,
		 option_where(options, OPTION_room_classes), why);
	return -1;
}

static struct session_limits session_of(const struct options *o)
{
	return (struct session_limits){
		.handshake_ms = (uint32_t)option_number(o, OPTION_handshake_timeout),
		.hello_ms = (uint32_t)option_number(o, OPTION_hello_timeout),
		.message_ms = (uint32_t)option_number(o, OPTION_message_timeout),
		.ping_ms = (uint32_t)option_number(o, OPTION_ping),
		.pong_ms = (uint32_t)option_number(o, OPTION_pong),
		.slow_ms = (uint32_t)option_number(o, OPTION_slow_timeout),
		.drain_ms = (uint32_t)option_number(o, OPTION_drain),
		.rooms_max = (uint32_t)option_number(o, OPTION_rooms_per_connection),
		.sends_per_s = (uint32_t)option_number(o, OPTION_send_rate),
		.send_burst = (uint32_t)option_number(o, OPTION_send_burst),
		.bytes_per_s = (uint32_t)option_number(o, OPTION_byte_rate),
		.byte_burst = (uint32_t)option_number(o, OPTION_byte_burst),
		.user_times = (uint32_t)option_number(o, OPTION_user_rates),
		.network_times = (uint32_t)option_number(o, OPTION_network_rates),
		.commands_per_s = (uint32_t)option_number(o, OPTION_command_rate),
		.command_burst = (uint32_t)option_number(o, OPTION_command_burst),
		.rooms_per_s = (uint32_t)option_number(o, OPTION_room_rate),
		.room_burst = (uint32_t)option_number(o, OPTION_room_burst),
		.pings_per_s = (uint32_t)option_number(o, OPTION_ping_rate),
		.ping_burst = (uint32_t)option_number(o, OPTION_ping_burst),
		.fragments_per_s = (uint32_t)option_number(o, OPTION_fragment_rate),
		.fragment_burst = (uint32_t)option_number(o, OPTION_fragment_burst),
		.data_size_max = (uint32_t)option_number(o, OPTION_data_size),
		.frame_size_max = (uint32_t)option_number(o, OPTION_frame_size),
		.token_cookie = option_text(o, OPTION_token_cookie),
		.token_in_url = option_number(o, OPTION_token_in_url) == 1,
		.origins = option_text(o, OPTION_origins),
		.answer_ms = (uint32_t)option_number(o, OPTION_api_timeout),
	};
}

/* A core's part of what an address may have: the kernel draws a core for each connection, so that of `whole` in all
 * more than this come to one of them once in a thousand times. */
static uint32_t part(uint64_t whole, uint32_t cores)
{
	const uint64_t even = (whole + cores - 1) / cores;
	uint64_t spread = 1;

	if (whole == 0 || cores == 1)
		return (uint32_t)whole;
	while (spread * spread < 9 * even)
		spread++;
	return (uint32_t)(even + spread < whole ? even + spread : whole);
}

static struct address_limits address_of(const struct options *o, uint32_t cores)
{
	return (struct address_limits){
		.count_max = part(option_number(o, OPTION_per_address), cores),
		.half_max = part(option_number(o, OPTION_half_open), cores),
		.pace_per_s = part(option_number(o, OPTION_connect_rate), cores),
		.pace_burst = part(option_number(o, OPTION_connect_burst), cores),
		.known = option_number(o, OPTION_network_rates) != 0,
	};
}

static struct home_limits home_of(const struct options *o, uint32_t cores)
{
	return (struct home_limits){
		.rooms_max = share(option_number(o, OPTION_rooms), cores),
		.members_max = (uint32_t)option_number(o, OPTION_members_per_room),
		.roster_max = share(memberships(o), cores),
		.history_messages = (uint32_t)option_number(o, OPTION_history_messages),
		.history_bytes = option_number(o, OPTION_history_size),
		.history_age_ms = option_number(o, OPTION_history_age),
		/* Rounded up, for 0 is no limit. */
		.traffic_kib_per_s = (uint32_t)((option_number(o, OPTION_room_traffic) + 1023) / 1024),
		.history_bytes_all = option_number(o, OPTION_history_memory) / cores,
		.page_bytes = 64 * 1024,
	};
}

static struct ration_limits ration_of(const struct options *o, uint32_t cores)
{
	return (struct ration_limits){
		.share = RATION_SHARE,
		.turn = RATION_TURN,
		.light = RATION_LIGHT,
		.costly = RATION_COSTLY,
		.rest_ms = RATION_REST_MS,
		.bytes_max = option_number(o, OPTION_send_memory) / cores / 8,
	};
}

static struct codec_limits codec_of(const struct options *o, uint32_t cores)
{
	return (struct codec_limits){
		.on = option_number(o, OPTION_compress) == 0,
		.from = (uint32_t)option_number(o, OPTION_compress_from),
		.bytes_per_s = (uint32_t)option_number(o, OPTION_compress_rate),
		.kept_bytes_max = option_number(o, OPTION_compress_takeover) / cores,
		.message_size_max = (uint32_t)option_number(o, OPTION_frame_size),
		.payload_size_max = SEGMENT_BYTES_MAX,
	};
}

struct shard_limits plan_shard(const struct options *o, const struct ring_features *features, uint32_t core,
			       uint32_t cores)
{
	const uint32_t connections = share(option_number(o, OPTION_connections), cores);
	const uint32_t members = share(memberships(o), cores);
	const uint32_t backlog = plan_backlog(o);
	struct shard_limits limits = {
		.core = core,
		.cores = cores,
		.ring = {
			.slots_max = slots_for(connections, backlog),
			.accept_burst = backlog,
			.recv_buffers = (uint32_t)option_number(o, OPTION_receive_buffers),
			.recv_buffer_size = (uint32_t)option_number(o, OPTION_receive_buffer_size),
			.send_zero_copy_min = (uint32_t)option_number(o, OPTION_zero_copy),
		},
		.net = {
			.connections_max = connections,
			.address = address_of(o, cores),
			.queue_bytes_max = option_number(o, OPTION_queue_size),
			.linger_ms = (uint32_t)option_number(o, OPTION_linger),
			.peer_address = features->peer_address,
		},
		.home = home_of(o, cores),
		.hall = {
			.hot_logs_max = members,
			.cursors_max = members,
			.hot_bytes_max = option_number(o, OPTION_hot_log_size),
			.crowd_members = CROWD_MEMBERS,
			.crowd_per_turn = CROWD_PER_TURN,
			.crowd_bytes = CROWD_BYTES,
		},
		.session = session_of(o),
		.api = {
			.origins = option_text(o, OPTION_api_origins),
			.per_s = (uint32_t)option_number(o, OPTION_api_rate),
			.burst = (uint32_t)option_number(o, OPTION_api_burst),
			.body_max = (uint32_t)option_number(o, OPTION_api_body),
		},
		.codec = codec_of(o, cores),
		.ration = ration_of(o, cores),
		.user = {
			.connections_max = (uint32_t)option_number(o, OPTION_per_user),
			.rooms_max = (uint32_t)option_number(o, OPTION_rooms_per_user),
		},
		.tokens_max = (uint32_t)option_number(o, OPTION_token_cache),
		/* A room's name is known at its home and wherever it has members. */
		.places_max = share(option_number(o, OPTION_rooms), cores) + members,
		.segment_bytes_max = option_number(o, OPTION_send_memory) / cores,
		.mail_waiting_max = option_number(o, OPTION_mail_memory) / cores,
		.xring_size = plan_core_ring(o),
	};

	if (option_number(o, OPTION_test_echo) == 1)
		echo_limits(&limits.session, &limits.codec, &limits.net, &limits.segment_bytes_max);
	return limits;
}

struct store_links_limits plan_store(const struct options *o, uint32_t cores)
{
	return (struct store_links_limits){
		.cores = cores,
		.jobs_max = (uint32_t)option_number(o, OPTION_store_queue),
		.bytes_max = option_number(o, OPTION_store_memory) / cores,
	};
}

struct worker_limits plan_worker(const struct options *o, enum store_worker which)
{
	return (struct worker_limits){
		.which = which,
		.batch_jobs = (uint32_t)option_number(o, OPTION_store_batch),
		.batch_bytes = option_number(o, OPTION_store_batch_size),
	};
}

static void print_sum(const char *what, uint64_t bytes, bool json)
{
	if (json)
		LOG(LOG_INFO, "memory_most", LOG_TEXT("what", what), LOG_U64("bytes", bytes));
	else
		fprintf(stderr, "  %-28s %10.1f MiB\n", what, (double)bytes / (1 << 20));
}

/* What connections may say that wait for connect-url or join-url. */
static uint64_t held_max(const struct options *options)
{
	const uint64_t questions =
		option_number(options, OPTION_hook_requests) + option_number(options, OPTION_hook_queue);

	if (!*option_text(options, OPTION_connect_url) && !*option_text(options, OPTION_join_url))
		return 0;
	return questions * (HOLD_BYTES_MAX + option_number(options, OPTION_frame_size));
}

void plan_print(const struct options *options, const struct ring_features *features, uint32_t cores)
{
	struct shard_sum rows[24];
	const size_t most = sizeof(rows) / sizeof(rows[0]) - 2;
	const struct shard_limits limits = plan_shard(options, features, 0, cores);
	const struct store_links_limits store = plan_store(options, cores);
	size_t count = shard_sums(&limits, rows, most);
	const bool json = option_number(options, OPTION_log_format) == 1;
	uint64_t sum = 0;

	CHECK(count <= most);
	rows[count++] = (struct shard_sum){ "what waits for the store", store_links_bytes_max(&store) };
	if (held_max(options) > 0)
		rows[count++] = (struct shard_sum){ "what waits for hooks", held_max(options) / cores };
	if (!json)
		fprintf(stderr, "memory at the most, %u core%s together; what is not used costs nothing:\n", cores,
			cores == 1 ? "" : "s");
	for (size_t i = 0; i < count; i++) {
		print_sum(rows[i].what, rows[i].bytes * cores, json);
		sum += rows[i].bytes * cores;
	}
	print_sum("sum", sum, json);
}

void plan_tell(const struct options *options, const struct ring_features *features)
{
	const uint64_t asked = option_number(options, OPTION_backlog), given = plan_backlog(options);

	if (given < asked)
		LOG(LOG_INFO, "backlog_lowered", LOG_U64("asked", asked), LOG_U64("given", given),
		    LOG_TEXT("by", "net.core.somaxconn, or a quarter of the descriptor limit"));
	if (!features->peer_address)
		LOG(LOG_WARN, "addresses_unknown",
		    LOG_TEXT("limits", "none of an address or a network holds; Linux 6.7 or newer tells addresses"));
	if (option_number(options, OPTION_test_echo) == 1)
		LOG(LOG_WARN, "test_echo",
		    LOG_TEXT("mode", "no chat: every message goes back to its sender; never in production"));
}
