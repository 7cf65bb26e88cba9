/* The HTTP API on one core, and what somebody who has a key may ask of it: every request gets one whole answer, in
 * order, of JSON that can be read, whether its bytes come at once or one by one; and all blocks are given back.
 *
 * Input: requests, each a byte of what, then: a line of the path's parts up to a line feed, and a body up to a zero. */
#include <stdio.h>

#include "engine/auth/api_keys.h"
#include "engine/core/log.h"
#include "engine/core/slab.h"
#include "engine/shard/shard.h"
#include "proto/json/json_scan.h"
#include "tests/fuzz/fuzz.h"
#include "tests/sim/sim.h"

#define SIZE_MAX_ 4096
#define REQUESTS_MAX 16
#define RUNS_OF_A_SHARD 200

static const struct {
	const char *method, *path;
} routes[] = {
#define API_ROUTE(name, method, path, scope, body) { #method, path },
#include "engine/api/tbl/api_routes.h"
#undef API_ROUTE
};

#define ROUTES (sizeof(routes) / sizeof(routes[0]))

struct sim sim;

static struct shard *shard;
static struct shard_links links;
static struct api_keys keys;
static bool in_pieces;
static uint64_t blocks_before;

/* A shard lives in pages where LeakSanitizer does not look for pointers; its blocks are counted here. */
int __lsan_is_turned_off(void);

int __lsan_is_turned_off(void)
{
	return 1;
}

bool sim_chance(uint32_t thousandths)
{
	return thousandths >= 500;
}

uint32_t sim_below(uint32_t bound)
{
	return bound == sim.world.chunk_max ? (in_pieces ? 2 : bound - 1) : 0;
}

void sim_note(const char *what, uint64_t a, uint64_t b)
{
	(void)what, (void)a, (void)b;
	sim.digest++;
}

void sim_fail(const char *format, ...)
{
	(void)format;
	abort();
}

static void answer(void *context, const struct http_question *question, struct http_answer *out, uint8_t *buffer,
		   size_t capacity)
{
	(void)context, (void)question, (void)buffer, (void)capacity;
	out->status = 404;
}

static void open_shard(void)
{
	static const struct http_source source = { .answer = answer };
	const struct ring_features features = { .usable = true, .peer_address = true };
	const struct shard_limits limits = {
		.cores = 1,
		.ring = { .slots_max = 8 },
		.net = { .connections_max = 8, .queue_bytes_max = 1 << 24, .linger_ms = 5000, .peer_address = true },
		.home = { .rooms_max = 64,
			  .members_max = 8,
			  .roster_max = 64,
			  .history_messages = 100,
			  .history_bytes = 1 << 20,
			  .history_age_ms = 60000,
			  .history_bytes_all = 8 << 20,
			  .page_bytes = 2000 },
		.hall = { .hot_logs_max = 128, .cursors_max = 128, .hot_bytes_max = 1 << 22 },
		.session = { .handshake_ms = 10000,
			     .hello_ms = 10000,
			     .ping_ms = 25000,
			     .pong_ms = 8000,
			     .slow_ms = 30000,
			     .drain_ms = 2000,
			     .rooms_max = 8,
			     .data_size_max = 1000,
			     .frame_size_max = 2000,
			     .api_keys = &keys,
			     .api_body_max = 2000,
			     .api_ms = 10000 },
		.codec = { .message_size_max = 2000, .payload_size_max = 1 << 16 },
		.places_max = 128,
		.segment_bytes_max = 1 << 26,
		.mail_waiting_max = 1 << 24,
		.xring_size = 1 << 20,
	};
	const char *why;
	const struct span file = SPAN("all admin "
				      "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08");
	int error = shard_links_open(&links, 1, limits.xring_size);

	check(error == 0 && api_keys_parse(&keys, file, &why) == 0);
	sim.now_ns += 8000000000ull;
	shard = shard_open(&limits, &features, &links, &source, 0, 0x5eed, 7, &error);
	check(shard != NULL);
}

static void close_shard(void)
{
	shard_close(shard);
	shard_links_close(&links);
	check(block_bytes_out() == blocks_before);
}

static void rest(void)
{
	uint64_t digest = sim.digest;

	for (int turn = 0, quiet = 0; quiet < 4; turn++, quiet++) {
		check(turn < 100000);
		shard_turn(shard);
		if (sim.digest != digest)
			quiet = 0;
		digest = sim.digest;
	}
}

static struct span take_until(struct fuzz_input *input, uint8_t mark, size_t most)
{
	const size_t left = fuzz_left(input) < most ? fuzz_left(input) : most;
	const uint8_t *const at = left > 0 ? memchr(input->at, mark, left) : NULL;
	const struct span taken = fuzz_take(input, at ? (size_t)(at - input->at) : left);

	input->at += at != NULL;
	return taken;
}

/* What no head may have would end the connection, and is another target's. */
static void put_part(struct sim_socket *socket, struct span part)
{
	for (size_t i = 0; i < part.size; i++) {
		const uint8_t byte = part.bytes[i];
		const bool fits = byte > ' ' && byte < 0x7f && !memchr("#\"<>", byte, 4);

		sim_up(socket, fits ? (const void *)&byte : "x", 1);
	}
}

/* The route's own path, with what the input has in the place of each {part}, and behind it. */
static void put_path(struct sim_socket *socket, const char *path, struct span parts)
{
	sim_up(socket, "/api/v1/", 8);
	while (*path) {
		const size_t plain = strcspn(path, "{");

		sim_up(socket, path, plain);
		path += plain;
		if (*path == '\0')
			break;
		path += strcspn(path, "}") + 1;
		const uint8_t *const mark = parts.size > 0 ? memchr(parts.bytes, ' ', parts.size) : NULL;
		const size_t size = mark ? (size_t)(mark - parts.bytes) : parts.size;

		put_part(socket, span_of(parts.bytes, size));
		parts = mark ? span_of(mark + 1, parts.size - size - 1) : span_of(parts.bytes + size, 0);
	}
	put_part(socket, parts);
}

static uint32_t put_requests(struct sim_socket *socket, struct fuzz_input input)
{
	uint32_t count = 0;
	char text[160];

	while (fuzz_left(&input) > 0 && count < REQUESTS_MAX) {
		const uint32_t what = fuzz_byte(&input);
		const struct span parts = take_until(&input, '\n', 500), body = take_until(&input, '\0', 1900);

		snprintf(text, sizeof(text), "%s ", routes[what % ROUTES].method);
		sim_up(socket, text, strlen(text));
		put_path(socket, routes[what % ROUTES].path, parts);
		snprintf(text, sizeof(text), " HTTP/1.1\r\nHost: a\r\nX-API-Key: test\r\n%s",
			 what & 0x80 ? "Idempotency-Key: again\r\n" : "");
		sim_up(socket, text, strlen(text));
		if (body.size > 0 || routes[what % ROUTES].method[0] == 'P') {
			snprintf(text, sizeof(text), "Content-Type: application/json\r\nContent-Length: %zu\r\n",
				 body.size);
			sim_up(socket, text, strlen(text));
		}
		sim_up(socket, "\r\n", 2);
		sim_up(socket, body.bytes, body.size);
		count++;
	}
	return count;
}

/* How many answers there are; each is whole and can be read. closed: the last says so. */
static uint32_t judge(const struct sim_socket *socket, bool *closed)
{
	struct span heard = span_of(socket->down, socket->down_size);
	uint32_t count = 0;

	*closed = false;
	while (heard.size > 0) {
		const uint8_t *const end = memmem(heard.bytes, heard.size, "\r\n\r\n", 4);
		unsigned status = 0;
		size_t size = 0;
		char head[1024];

		check(!*closed && end);
		const size_t head_size = (size_t)(end - heard.bytes) + 4;

		check(head_size < sizeof(head));
		memcpy(head, heard.bytes, head_size);
		head[head_size] = '\0';
		check(sscanf(head, "HTTP/1.1 %u ", &status) == 1 && status >= 200 && status < 504 && status != 500);
		const char *const length = strstr(head, "\r\nContent-Length: ");

		check(length && sscanf(length, "\r\nContent-Length: %zu\r\n", &size) == 1);
		check(head_size + size <= heard.size);
		*closed = strstr(head, "\r\nConnection: close\r\n") != NULL;
		/* A route's own answer is JSON; what is made elsewhere is text. */
		if (strstr(head, "application/json"))
			check(json_scan_object(NULL, NULL, 0, heard.bytes + head_size, size) == 1);
		heard = span_of(heard.bytes + head_size + size, heard.size - head_size - size);
		count++;
	}
	return count;
}

static void run(const uint8_t *data, size_t size)
{
	struct sim_socket *const socket = sim_connect();
	bool closed;

	check(socket != NULL);
	const uint32_t asked = put_requests(socket, fuzz_input_of(data, size));

	rest();
	const uint32_t answered = judge(socket, &closed);

	check(closed ? answered <= asked : answered == asked);
	socket->client_ended = true;
	for (int i = 0; i < 8 && !socket->server_closed; i++) {
		sim.now_ns += 1000000000;
		rest();
	}
	check(socket->server_closed);
	sim_socket_free(socket);
	check(counter_read(shard_counters(shard), COUNTER_connections) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint32_t runs;

	if (size > SIZE_MAX_)
		return 0;
	if (!shard) {
		log_setup(LOG_OFF, false);
		sim.world = (struct sim_world){
			.cores = 1, .completion = 1000, .chunk_max = 65521, .events_max = 4096, .window = 1u << 30
		};
		blocks_before = block_bytes_out();
		open_shard();
	}
	in_pieces = false;
	run(data, size);
	in_pieces = true;
	run(data, size);
	if (++runs % RUNS_OF_A_SHARD == 0) {
		close_shard();
		open_shard();
	}
	return 0;
}
