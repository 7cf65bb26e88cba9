/* The HTTP API on one core, and what somebody who has a key may ask of it: every request gets one whole answer, in
 * order, of JSON that can be read, whether its bytes come at once or one by one; and all blocks are given back.
 *
 * Input: requests, each a byte of what, then: a line of the path's parts up to a line feed, and a body up to a zero. */
#include <stdio.h>

#include "engine/auth/api_keys.h"
#include "proto/json/json_scan.h"
#include "tests/fuzz/one_shard.h"

#define SIZE_MAX_ 4096
#define REQUESTS_MAX 16
#define PARTS_MAX 500 /* bytes, of a path */
#define RUNS_OF_A_SHARD 200

static const struct {
	const char *method, *path;
} routes[] = {
#define API_ROUTE(name, method, path, scope, body) { #method, path },
#include "engine/api/tbl/api_routes.h"
#undef API_ROUTE
};

#define ROUTES (sizeof(routes) / sizeof(routes[0]))

static struct api_keys keys;
static uint32_t cuts;

/* Half of the pieces are a few bytes: a head is read anew with each. */
uint32_t sim_below(uint32_t bound)
{
	if (bound != sim.world.chunk_max)
		return 0;
	if (!in_pieces)
		return bound - 1;
	cuts = cuts * 1664525 + 1013904223;
	return cuts >> 31 ? (cuts >> 20) % 9 : (cuts >> 16) % 200;
}

static void open_shard(void)
{
	const struct span file = SPAN("all admin "
				      "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08");
	struct shard_limits limits = one_shard_limits();
	const char *why;

	check(api_keys_parse(&keys, file, &why) == 0);
	limits.home.history_messages = 100;
	limits.api.keys = &keys;
	limits.api.body_max = 2000;
	limits.session.answer_ms = 10000;
	sim.now_ns += 8000000000ull;
	one_shard_open(&limits);
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
	uint8_t text[PARTS_MAX];

	check(part.size <= sizeof(text));
	for (size_t i = 0; i < part.size; i++) {
		const uint8_t byte = part.bytes[i];

		text[i] = byte > ' ' && byte < 0x7f && !memchr("#\"<>", byte, 4) ? byte : 'x';
	}
	sim_up(socket, text, part.size);
}

static void put(struct sim_socket *socket, const char *text)
{
	sim_up(socket, text, strlen(text));
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
	char text[100];

	while (fuzz_left(&input) > 0 && count < REQUESTS_MAX) {
		const uint32_t what = fuzz_byte(&input);
		const struct span parts = take_until(&input, '\n', PARTS_MAX), body = take_until(&input, '\0', 1900);

		put(socket, routes[what % ROUTES].method);
		put(socket, " ");
		put_path(socket, routes[what % ROUTES].path, parts);
		put(socket, " HTTP/1.1\r\nHost: a\r\nX-API-Key: test\r\n");
		if (what & 0x80)
			put(socket, "Idempotency-Key: again\r\n");
		if (body.size > 0 || routes[what % ROUTES].method[0] == 'P') {
			snprintf(text, sizeof(text), "Content-Type: application/json\r\nContent-Length: %zu\r\n",
				 body.size);
			put(socket, text);
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
		char head[1024], *number_end;

		check(!*closed && end);
		const size_t head_size = (size_t)(end - heard.bytes) + 4;

		check(head_size < sizeof(head));
		memcpy(head, heard.bytes, head_size);
		head[head_size] = '\0';
		check(head_size > 13 && memcmp(head, "HTTP/1.1 ", 9) == 0);
		const unsigned long status = strtoul(head + 9, &number_end, 10);

		check(number_end == head + 12 && *number_end == ' ' && status >= 200 && status < 504 && status != 500);
		const char *const length = strstr(head, "\r\nContent-Length: ");

		check(length != NULL);
		const size_t size = strtoul(length + 18, &number_end, 10);

		check(number_end > length + 18 && *number_end == '\r' && size <= heard.size - head_size);
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

	one_shard_rest();
	const uint32_t answered = judge(socket, &closed);

	check(closed ? answered <= asked : answered == asked);
	socket->client_ended = true;
	for (int i = 0; i < 8 && !socket->server_closed; i++) {
		sim.now_ns += 1000000000;
		one_shard_rest();
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
		one_shard_begin();
		open_shard();
	}
	in_pieces = false;
	run(data, size);
	in_pieces = true;
	cuts = (uint32_t)size;
	run(data, size);
	if (++runs % RUNS_OF_A_SHARD == 0) {
		one_shard_close();
		open_shard();
	}
	return 0;
}
