/* One core of the engine and what clients may send it: any bytes, in any pieces, on several connections. What is said
 * back must be frames that a client can read, and the same whether a client's bytes come at once or one by one; when
 * all have left, every gauge and every block is back to zero.
 *
 * Input: a byte the cuts are drawn from, then strokes (enum stroke): a byte of what and on which connection, how many
 * bytes, the bytes. The engine comes to rest after each, and time stands still but for WAIT. */
#include <stdio.h>

#include "tests/fuzz/hearing.h"
#include "tests/fuzz/one_shard.h"

#define CONNECTIONS 4
#define SIZE_MAX_ 4096
#define WAIT_MOST 100 /* a ping, and that nothing came of it; more waits are more */
#define RUNS_OF_A_SHARD 500 /* then a new one: what a shard costs to open is a thousand times what a run costs */

enum stroke {
	STROKE_RAW, /* the bytes */
	STROKE_TEXT, /* as one text frame */
	STROKE_GREET, /* an upgrade and hello, by the size which user */
	STROKE_COMMAND, /* one that everybody has (commands[]), by the size */
	STROKE_FRAME, /* first byte of a frame, then its payload */
	STROKE_END, /* FIN, or RST */
	STROKE_WAIT, /* the size in tenths of a second */
	STROKE_PIECES, /* the bytes as a text of many fragments */
	STROKE_COUNT,
};

/* The engine's random numbers, the same in each run: linked with --wrap. */
uint64_t __wrap_random_below(struct random *random, uint64_t bound);

static uint64_t drawn;

uint64_t __wrap_random_below(struct random *random, uint64_t bound)
{
	(void)random;
	drawn = drawn * 6364136223846793005ull + 1442695040888963407ull;
	return (drawn >> 33) % bound;
}

static struct sim_socket *sockets[CONNECTIONS];
static bool left;
static uint32_t cuts;

uint32_t sim_below(uint32_t bound)
{
	if (bound != sim.world.chunk_max)
		return 0;
	if (!in_pieces)
		return bound - 1;
	cuts = cuts * 1664525 + 1013904223;
	return cuts >> 30 ? (cuts >> 20) % 9 : (cuts >> 16) % 700;
}

/* In steps: a shard that was not turned for more than two seconds puts off its deadlines. */
#define STEP_MS 2000

static void pass(uint64_t ms)
{
	while (ms > 0) {
		const uint64_t step = ms < STEP_MS ? ms : STEP_MS;

		sim.now_ns += step * 1000000;
		ms -= step;
		shard_turn(shard);
	}
}

static void rest(void)
{
	one_shard_rest();
	for (uint32_t i = 0; i < CONNECTIONS; i++)
		if (sockets[i])
			sockets[i]->taken = sockets[i]->down_size;
}

/* Nobody listens: time may go on by a leap, behind which the shard waits for a second; to a moment that is as any other
 * such, since ticks of timers are 32 ms, and some things are counted in seconds. */
static void leap(uint64_t ms)
{
	sim.now_ns = ((sim.now_ns / 1000000 + ms) / 4000 + 2) * 4000000000ull - STEP_MS * 1000000ull;
	shard_turn(shard);
	pass(STEP_MS);
	rest();
}

static void open_shard(void)
{
	struct shard_limits limits = one_shard_limits();

	limits.session.sends_per_s = 20;
	limits.session.send_burst = 40;
	limits.session.commands_per_s = 40;
	limits.session.command_burst = 80;
	/* Each two seconds are a turn, in which mostly nothing happens. */
	limits.session.handshake_ms = 3000;
	limits.session.hello_ms = 3000;
	limits.session.ping_ms = 6000;
	limits.session.pong_ms = 2000;
	limits.session.slow_ms = 8000;
	limits.codec.on = true;
	limits.codec.from = 100;
	/* Nobody rests: time stands still. */
	limits.ration = (struct ration_limits){ .share = 100, .turn = 300, .light = 64, .bytes_max = 1 << 20 };
	sim.now_ns += 4000000000ull;
	one_shard_open(&limits);
	leap(0);
}

static struct sim_socket *socket_of(uint32_t connection)
{
	if (!sockets[connection])
		sockets[connection] = sim_connect();
	check(sockets[connection] != NULL);
	return sockets[connection];
}

/* A key of zeros masks nothing. */
static void put_frame(struct sim_socket *socket, uint8_t first, struct span payload)
{
	uint8_t header[8] = { first };
	size_t size = 2;

	header[1] = 0x80 | (uint8_t)(payload.size < 126 ? payload.size : 126);
	if (payload.size >= 126) {
		header[size++] = (uint8_t)(payload.size >> 8);
		header[size++] = (uint8_t)payload.size;
	}
	memset(header + size, 0, sizeof(header) - size);
	sim_up(socket, header, size);
	sim_up(socket, "\0\0\0\0", 4);
	sim_up(socket, payload.bytes, payload.size);
}

static void put_text(struct sim_socket *socket, const char *text)
{
	put_frame(socket, 0x81, span_of(text, strlen(text)));
}

static void greet(struct sim_socket *socket, uint32_t user)
{
	char text[512];

	snprintf(text, sizeof(text),
		 "GET /ws HTTP/1.1\r\nHost: sim\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
		 "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n%s\r\n",
		 user & 64 ? "Sec-WebSocket-Extensions: permessage-deflate\r\n" : "");
	sim_up(socket, text, strlen(text));
	snprintf(text, sizeof(text), "{\"op\":\"hello\",\"id\":1,\"name\":\"u%u\"}", user % 3);
	put_text(socket, text);
}

static void command(struct sim_socket *socket, uint32_t which)
{
	static const char *const commands[] = {
		"{\"op\":\"join\",\"id\":2,\"room\":\"a\",\"presence\":true}",
		"{\"op\":\"join\",\"id\":3,\"room\":\"b\",\"echo\":false,\"limit\":3}",
		"{\"op\":\"send\",\"id\":4,\"room\":\"a\",\"cid\":\"p:1\",\"data\":{\"t\":\"hey\"}}",
		"{\"op\":\"send\",\"id\":5,\"room\":\"b\",\"data\":[1,\"two\"]}",
		"{\"op\":\"edit\",\"id\":6,\"room\":\"a\",\"target\":1,\"data\":\"later\"}",
		"{\"op\":\"del\",\"id\":7,\"room\":\"a\",\"target\":1}",
		"{\"op\":\"react\",\"id\":8,\"room\":\"a\",\"target\":1,\"key\":\"+\",\"on\":true}",
		"{\"op\":\"history\",\"id\":9,\"room\":\"a\",\"limit\":5}",
		"{\"op\":\"presence\",\"id\":10,\"room\":\"a\"}",
		"{\"op\":\"leave\",\"id\":11,\"room\":\"a\"}",
		"{\"op\":\"typing\",\"room\":\"a\"}",
		"{\"op\":\"read\",\"room\":\"a\",\"seq\":1}",
		"{\"op\":\"ping\",\"id\":12}",
		"{\"op\":\"search\",\"id\":13,\"room\":\"a\",\"query\":\"hey\"}",
		"{\"op\":\"join\",\"id\":14,\"room\":\"a\",\"since\":{\"seq\":0,\"epoch\":\"q\"}}",
		"{\"op\":\"pong\"}",
	};

	left |= which % (sizeof(commands) / sizeof(commands[0])) == 9;
	put_text(socket, commands[which % (sizeof(commands) / sizeof(commands[0]))]);
}

static void put_fragments(struct sim_socket *socket, struct span text)
{
	for (size_t at = 0; at < text.size || at == 0; at += 3) {
		const size_t size = text.size - at < 3 ? text.size - at : 3;
		const bool last = at + size >= text.size;

		put_frame(socket, (uint8_t)((last ? 0x80 : 0) | (at == 0 ? 1 : 0)), span_of(text.bytes + at, size));
		if (at % 64 == 0)
			put_frame(socket, 0x89, span_of("", 0));
	}
}

/* Returns false when nothing is left. */
static bool stroke(struct fuzz_input *input)
{
	const uint32_t what = fuzz_byte(input), connection = what >> 3 & (CONNECTIONS - 1);
	const uint32_t size = fuzz_byte(input) * (what & 0x80 ? 16 : 1);
	const uint8_t *const zero = (const uint8_t *)"";
	struct span bytes = SPAN_NONE;

	if (what % STROKE_COUNT == STROKE_WAIT) {
		pass((size < WAIT_MOST ? size : WAIT_MOST) * 100);
		rest();
		return fuzz_left(input) > 0;
	}
	struct sim_socket *const socket = socket_of(connection);

	if (what % STROKE_COUNT != STROKE_GREET && what % STROKE_COUNT != STROKE_COMMAND &&
	    what % STROKE_COUNT != STROKE_END)
		bytes = fuzz_take(input, size);
	if (!bytes.bytes)
		bytes = span_of(zero, 0);
	switch ((enum stroke)(what % STROKE_COUNT)) {
	case STROKE_RAW:
		sim_up(socket, bytes.bytes, bytes.size);
		break;
	case STROKE_TEXT:
		put_frame(socket, 0x81, bytes);
		break;
	case STROKE_GREET:
		greet(socket, size);
		break;
	case STROKE_COMMAND:
		command(socket, size);
		break;
	case STROKE_FRAME:
		if (bytes.size > 0)
			put_frame(socket, bytes.bytes[0], span_of(bytes.bytes + 1, bytes.size - 1));
		break;
	case STROKE_PIECES:
		put_fragments(socket, bytes);
		break;
	default:
		socket->client_ended = true;
		socket->client_reset = size & 1;
		break;
	}
	rest();
	return fuzz_left(input) > 0;
}

/* With all gone, and what rooms remember too old. */
static const enum counter gauges[] = {
	COUNTER_connections,
	COUNTER_sessions,
	COUNTER_members,
	COUNTER_hot_logs,
	COUNTER_segment_bytes,
	COUNTER_inbound_waiting,
	COUNTER_inbound_waiting_bytes,
	COUNTER_rooms,
	COUNTER_history_bytes,
};

/* The first that is not zero, or -1. */
static int left_over(void)
{
	for (size_t i = 0; i < sizeof(gauges) / sizeof(gauges[0]); i++)
		if (counter_read(shard_counters(shard), gauges[i]) != 0)
			return (int)gauges[i];
	return -1;
}

static void leave_all(void)
{
	for (uint32_t i = 0; i < CONNECTIONS; i++)
		if (sockets[i])
			sockets[i]->client_ended = true;
	rest();
	leap(62000);
	for (int i = 0; i < 3 && left_over() >= 0; i++)
		leap(31000);
	for (uint32_t i = 0; i < CONNECTIONS; i++) {
		check(!sockets[i] || sockets[i]->server_closed);
		if (sockets[i])
			sim_socket_free(sockets[i]);
		sockets[i] = NULL;
	}
	const int counter = left_over();

	if (counter < 0)
		return;
	fprintf(stderr, "all have left, but %s is %lu\n", counter_name((enum counter)counter),
		counter_read(shard_counters(shard), (enum counter)counter));
	abort();
}

static void run(struct hearing *hearing, const uint8_t *data, size_t size)
{
	struct fuzz_input input = fuzz_input_of(data + 1, size - 1);

	drawn = cuts = data[0];
	/* Said in so many words, or spelled with escapes. */
	left = memmem(data, size, "leave", 5) || memmem(data, size, "\\u", 2);
	while (stroke(&input))
		;
	for (uint32_t i = 0; i < CONNECTIONS; i++) {
		const struct sim_socket *const socket = sockets[i];

		hearing_clear(&hearing[i]);
		hearing[i].left = left;
		if (socket)
			hearing_take(&hearing[i], socket->down, socket->down_size, socket->server_closed);
	}
	leave_all();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct hearing whole[CONNECTIONS], cut[CONNECTIONS];
	static uint32_t runs;

	if (size < 3 || size > SIZE_MAX_)
		return 0;
	if (!shard) {
		one_shard_begin();
		open_shard();
	}
	in_pieces = false;
	run(whole, data, size);
	in_pieces = true;
	run(cut, data, size);
	for (uint32_t i = 0; i < CONNECTIONS; i++)
		hearing_compare(&whole[i], &cut[i]);
	if (++runs % RUNS_OF_A_SHARD == 0) {
		one_shard_close();
		open_shard();
	}
	return 0;
}
