/* hose.c - sends given bytes over many connections, as fast as asked, and counts what comes back.
 *
 *	hose HOST PORT [--NAME VALUE ...]
 *
 * A connection sends --open FILE once; with --upgrade 1 it waits for 101, then sends --after FILE once; then --block
 * FILE again and again. In a block, ######## is replaced by a number that no other block has. It stops by itself after
 * --seconds; each bound is below. What it says at the end is one JSON object; `held_ms` is how long the server left a
 * connection open that it ended itself.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/attack/tally.h"
#include "tests/attack/wire.h"

enum { EVENTS_MAX = 256, IN_SIZE = 65536, CONNECTIONS_MAX = 16000, GOES_MAX = 16, SAMPLES_MAX = 1 << 20 };

struct bytes {
	uint8_t *at;
	size_t size;
};

/* Each is a flag of that name. */
#define NUMBERS(X)                                                                                                     \
	X(connections, 100)  /* at once */                                                                             \
	X(seconds, 5)        /* then all ends */                                                                       \
	X(most, 200000)      /* connections made in all */                                                             \
	X(per_second, 0)     /* connections made a second; 0: at once */                                               \
	X(upgrade, 0)        /* 1: --after and --block come after 101 */                                               \
	X(step, 65536)       /* bytes of the block a go */                                                             \
	X(pace_ms, 0)        /* between goes of a connection; 0: as fast as the socket takes them */                   \
	X(blocks, 1000000)   /* of a connection */                                                                     \
	X(read, 1)           /* 0: never reads */                                                                      \
	X(receive_buffer, 0) /* of the socket */                                                                       \
	X(again, 0)          /* 1: a connection that ended is made again */                                            \
	X(hang_up_ms, 0)     /* ends a connection itself so long after it was made; 0: does not */                     \
	X(reset, 0)          /* 1: ends with RST */                                                                    \
	X(sources, 1)        /* addresses from 127.0.0.2 on; 0: the kernel chooses */

struct options {
	struct wire_peer peer;
	struct bytes open, after, block;
#define X(name, value) uint32_t name;
	NUMBERS(X)
#undef X
};

enum state { UNUSED, CONNECTING, OPENING, AWAITING, AFTER, POURING, SILENT };

struct jet {
	int fd;
	enum state state;
	bool websocket, wants_out;
	size_t at; /* of the bytes that are being sent */
	uint32_t blocks, salt, head_size;
	uint64_t began_ns, due_ns; /* due: the next go */
	char head[32];
	struct wire_reader reader;
};

struct hose {
	struct options options;
	struct jet *jets;
	int epoll;
	uint64_t began_ns, end_ns;
	uint32_t made, open, salt;
	uint64_t open_peak, bytes_out, bytes_in, blocks_out, replies, events, pongs, ended_by_us;
	struct tally failures, statuses, closes, errors, ends;
	uint32_t *held_ms;
	size_t held_count;
	uint8_t *plain; /* the block as it was given; NULL: it has no numbers */
};

static uint8_t in[IN_SIZE];

static void watch(struct hose *hose, struct jet *jet, int operation)
{
	const uint32_t reading = hose->options.read ? EPOLLIN : EPOLLRDHUP, writing = jet->wants_out ? EPOLLOUT : 0;
	struct epoll_event event = { .events = reading | writing, .data.u32 = (uint32_t)(jet - hose->jets) };

	if (epoll_ctl(hose->epoll, operation, jet->fd, &event) != 0)
		perror("hose: epoll_ctl");
}

static void wants_out(struct hose *hose, struct jet *jet, bool wants)
{
	if (jet->wants_out == wants)
		return;
	jet->wants_out = wants;
	watch(hose, jet, EPOLL_CTL_MOD);
}

static void shut(struct hose *hose, struct jet *jet)
{
	const struct linger hard = { .l_onoff = 1 };

	if (hose->options.reset)
		setsockopt(jet->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
	close(jet->fd);
	jet->state = UNUSED;
	jet->fd = -1;
	hose->open--;
}

static void ended(struct hose *hose, struct jet *jet, const char *how)
{
	tally_add(&hose->ends, how, strlen(how));
	if (hose->held_count < SAMPLES_MAX)
		hose->held_ms[hose->held_count++] = (uint32_t)((wire_now_ns() - jet->began_ns) / 1000000);
	shut(hose, jet);
}

static void ended_with(struct hose *hose, struct jet *jet, int error)
{
	if (error == ECONNRESET)
		ended(hose, jet, "reset");
	else if (error == EPIPE)
		ended(hose, jet, "pipe");
	else
		ended(hose, jet, error == ETIMEDOUT ? "timeout" : "error");
}

static void open_one(struct hose *hose, struct jet *jet, uint64_t now_ns)
{
	const struct options *options = &hose->options;
	const uint32_t source = options->sources ? 1 + hose->made % options->sources : 0;

	*jet = (struct jet){ .fd = wire_connect(&options->peer, source, (int)options->receive_buffer) };
	hose->made++;
	if (jet->fd < 0) {
		tally_add_number(&hose->failures, errno);
		return;
	}
	jet->state = CONNECTING;
	jet->began_ns = now_ns;
	jet->wants_out = true;
	jet->salt = hose->salt++;
	if (++hose->open > hose->open_peak)
		hose->open_peak = hose->open;
	watch(hose, jet, EPOLL_CTL_ADD);
}

/* Sends what is left of it, at most `most`. Positive: all of it is out; 0: a part; negative: the socket takes no more,
 * or has ended. */
static int send_bytes(struct hose *hose, struct jet *jet, const struct bytes *bytes, size_t most)
{
	const size_t left = bytes->size - jet->at, part = left < most ? left : most;
	const ssize_t done = part ? send(jet->fd, bytes->at + jet->at, part, MSG_NOSIGNAL) : 0;

	if (done < 0) {
		if (errno == EAGAIN)
			wants_out(hose, jet, true);
		else
			ended_with(hose, jet, errno);
		return -1;
	}
	hose->bytes_out += (uint64_t)done;
	jet->at += (size_t)done;
	if (jet->at < bytes->size)
		return 0;
	jet->at = 0;
	return 1;
}

/* A block of one's own: the eight signs are a number. It holds while the block is under way. */
static void salt(struct hose *hose, struct jet *jet)
{
	uint8_t *found = hose->options.block.at;
	char digits[9];

	if (jet->at == 0)
		jet->salt = hose->salt++;
	snprintf(digits, sizeof(digits), "%08x", jet->salt);
	memcpy(found, hose->plain, hose->options.block.size);
	for (size_t left = hose->options.block.size; (found = memmem(found, left, "########", 8)) != NULL;) {
		memcpy(found, digits, 8);
		found += 8;
		left = hose->options.block.size - (size_t)(found - hose->options.block.at);
	}
}

static void go(struct hose *hose, struct jet *jet, uint64_t now_ns)
{
	struct options *options = &hose->options;
	for (int goes = 0; goes < GOES_MAX; goes++) {
		if (hose->plain)
			salt(hose, jet);
		const int result = send_bytes(hose, jet, &options->block, options->step);

		if (result < 0)
			return;
		hose->blocks_out += result > 0;
		jet->blocks += result > 0;
		if (jet->blocks >= options->blocks) {
			jet->state = SILENT;
			wants_out(hose, jet, false);
			return;
		}
		if (options->pace_ms) {
			jet->due_ns = now_ns + options->pace_ms * 1000000ULL;
			wants_out(hose, jet, false);
			return;
		}
	}
	wants_out(hose, jet, true); /* the others' turn */
}

/* As far as it goes now. */
static void pour(struct hose *hose, struct jet *jet, uint64_t now_ns)
{
	const struct options *options = &hose->options;

	if (jet->state == CONNECTING)
		jet->state = OPENING;
	if (jet->state == OPENING && send_bytes(hose, jet, &options->open, SIZE_MAX) > 0)
		jet->state = options->upgrade ? AWAITING : AFTER;
	if (jet->state == AWAITING)
		wants_out(hose, jet, false);
	if (jet->state == AFTER && send_bytes(hose, jet, &options->after, SIZE_MAX) > 0)
		jet->state = options->block.size > 0 ? POURING : SILENT;
	if (jet->state == SILENT)
		wants_out(hose, jet, false);
	if (jet->state == POURING && jet->due_ns <= now_ns)
		go(hose, jet, now_ns);
}

/* Of what was too much it must be said when it may come again. */
static void got_error(struct hose *hose, const char *text, const char *code)
{
	const size_t size = strcspn(code, "\"");

	tally_add(&hose->errors, code, size);
	if ((size == 12 && memcmp(code, "rate_limited", 12) == 0) || (size == 5 && memcmp(code, "limit", 5) == 0))
		if (!strstr(text, "\"retry_ms\":"))
			tally_add(&hose->errors, "no_retry_ms", 11);
}

static void got_frame(struct hose *hose, struct jet *jet)
{
	const char *text = jet->reader.text, *code = strstr(text, "\"err\":{\"code\":\"");
	uint8_t frame[32];

	if (jet->reader.opcode == WIRE_CLOSE)
		tally_add_number(&hose->closes, wire_close_code(&jet->reader));
	else if (jet->reader.opcode == WIRE_PONG)
		hose->pongs++;
	else if (code)
		got_error(hose, text, code + 15);
	else if (strncmp(text, "{\"re\":", 6) == 0)
		hose->replies++;
	else
		hose->events++;
	if (strncmp(text, "{\"ev\":\"ping\"", 12) == 0)
		(void)!send(jet->fd, frame, wire_frame(frame, WIRE_TEXT, "{\"op\":\"pong\"}", 13), MSG_NOSIGNAL);
}

/* Status lines of HTTP, wherever a piece of bytes was cut. Returns how many bytes of it were HTTP. */
static size_t got_http(struct hose *hose, struct jet *jet, const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (bytes[i] != '\n') {
			if (jet->head_size + 1 < sizeof(jet->head))
				jet->head[jet->head_size++] = (char)bytes[i];
			continue;
		}
		jet->head[jet->head_size] = 0;
		const bool blank = jet->head_size <= 1;

		jet->head_size = 0;
		if (strncmp(jet->head, "HTTP/1.1 ", 9) == 0) {
			tally_add(&hose->statuses, jet->head + 9, 3);
			if (strncmp(jet->head + 9, "101", 3) == 0)
				jet->websocket = true;
		}
		if (blank && jet->websocket)
			return i + 1;
	}
	return size;
}

static void readable(struct hose *hose, struct jet *jet, uint64_t now_ns)
{
	const ssize_t size = recv(jet->fd, in, sizeof(in), 0);
	const bool was_websocket = jet->websocket;

	if (size < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (size <= 0) {
		if (size == 0)
			ended(hose, jet, "end");
		else
			ended_with(hose, jet, errno);
		return;
	}
	const uint8_t *at = in;
	size_t left = (size_t)size;

	hose->bytes_in += left;
	if (!was_websocket) {
		const size_t http = got_http(hose, jet, at, left);

		at += http;
		left -= http;
	}
	while (jet->websocket && wire_read(&jet->reader, &at, &left))
		got_frame(hose, jet);
	if (jet->websocket && jet->state == AWAITING) {
		jet->state = AFTER;
		wants_out(hose, jet, true);
		pour(hose, jet, now_ns);
	}
}

static void happened(struct hose *hose, struct jet *jet, uint32_t events, uint64_t now_ns)
{
	int error = 0;

	if (jet->state == CONNECTING) {
		getsockopt(jet->fd, SOL_SOCKET, SO_ERROR, &error, &(socklen_t){ sizeof(error) });
		if (error != 0) {
			tally_add_number(&hose->failures, error);
			shut(hose, jet);
			return;
		}
	}
	if ((events & EPOLLRDHUP) && !(events & (EPOLLHUP | EPOLLERR)))
		ended(hose, jet, "end");
	else if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
		readable(hose, jet, now_ns);
	if (jet->state != UNUSED && (events & EPOLLOUT))
		pour(hose, jet, now_ns);
}

/* New ones, those whose next go is due, those that hang up. */
static void tend(struct hose *hose, uint64_t now_ns)
{
	const struct options *options = &hose->options;
	uint64_t allowed = options->most;

	if (options->per_second)
		allowed = (now_ns - hose->began_ns) * options->per_second / 1000000000 + 1;
	if (allowed > options->most)
		allowed = options->most;
	if (!options->again && allowed > options->connections)
		allowed = options->connections;
	for (uint32_t i = 0; i < options->connections; i++) {
		struct jet *jet = &hose->jets[i];

		if (jet->state == UNUSED && hose->made < allowed)
			open_one(hose, jet, now_ns);
		if (jet->state == POURING && !jet->wants_out && jet->due_ns <= now_ns)
			pour(hose, jet, now_ns);
		if (jet->state != UNUSED && options->hang_up_ms &&
		    now_ns >= jet->began_ns + options->hang_up_ms * 1000000ULL) {
			hose->ended_by_us++;
			shut(hose, jet);
		}
	}
}

static void run(struct hose *hose)
{
	struct epoll_event events[EVENTS_MAX];

	for (uint64_t now_ns = wire_now_ns(); now_ns < hose->end_ns; now_ns = wire_now_ns()) {
		tend(hose, now_ns);
		const int count = epoll_wait(hose->epoll, events, EVENTS_MAX, 5);

		for (int i = 0; i < count; i++) {
			struct jet *jet = &hose->jets[events[i].data.u32];

			if (jet->state != UNUSED)
				happened(hose, jet, events[i].events, now_ns);
		}
		if (hose->open == 0 && (!hose->options.again || hose->made >= hose->options.most) &&
		    hose->made >= (hose->options.again ? hose->options.most : hose->options.connections))
			return;
	}
}

static int by_size(const void *a, const void *b)
{
	const uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;

	return (left > right) - (left < right);
}

static void report(struct hose *hose)
{
	const size_t count = hose->held_count;
	static const char *const names[] = { "failures", "statuses", "closes", "errors", "ends" };
	const struct tally *const tallies[] = { &hose->failures, &hose->statuses, &hose->closes, &hose->errors,
						&hose->ends };

	qsort(hose->held_ms, count, sizeof(*hose->held_ms), by_size);
	printf("{\"made\":%u,\"open_peak\":%" PRIu64 ",\"open_at_end\":%u,\"ended_by_us\":%" PRIu64
	       ",\"bytes_out\":%" PRIu64 ",\"bytes_in\":%" PRIu64 ",\"blocks\":%" PRIu64 ",\"replies\":%" PRIu64
	       ",\"events\":%" PRIu64 ",\"pongs\":%" PRIu64 ",\"held_ms\":%u,\"held_ms_max\":%u,\"seconds\":%.3f",
	       hose->made, hose->open_peak, hose->open, hose->ended_by_us, hose->bytes_out, hose->bytes_in,
	       hose->blocks_out, hose->replies, hose->events, hose->pongs, count ? hose->held_ms[count / 2] : 0,
	       count ? hose->held_ms[count - 1] : 0, (double)(wire_now_ns() - hose->began_ns) / 1e9);
	for (size_t i = 0; i < sizeof(tallies) / sizeof(tallies[0]); i++) {
		printf(",\"%s\":", names[i]);
		tally_write(tallies[i], stdout);
	}
	printf("}\n");
}

static bool read_file(struct bytes *bytes, const char *path)
{
	FILE *file = fopen(path, "rb");
	const size_t most = 1 << 20;

	bytes->at = malloc(most);
	if (!file || !bytes->at)
		return false;
	bytes->size = fread(bytes->at, 1, most, file);
	fclose(file);
	return true;
}

static bool option(struct options *options, const char *name, const char *value)
{
	if (strcmp(name, "--open") == 0)
		return read_file(&options->open, value);
	if (strcmp(name, "--after") == 0)
		return read_file(&options->after, value);
	if (strcmp(name, "--block") == 0)
		return read_file(&options->block, value);
#define X(field, unused)                                                                                               \
	if (strcmp(name, "--" #field) == 0) {                                                                          \
		options->field = (uint32_t)strtoul(value, NULL, 10);                                                   \
		return true;                                                                                           \
	}
	NUMBERS(X)
#undef X
	return false;
}

int main(int argc, char **argv)
{
	struct hose hose = { .options = {
#define X(name, value) .name = value,
				     NUMBERS(X)
#undef X
			     } };
	struct rlimit limit;

	if (argc < 3 || argc % 2 == 0) {
		fprintf(stderr, "usage: hose HOST PORT [--NAME VALUE ...]\n");
		return 2;
	}
	hose.options.peer = (struct wire_peer){ argv[1], (uint16_t)strtoul(argv[2], NULL, 10) };
	for (int i = 3; i < argc; i += 2)
		if (!option(&hose.options, argv[i], argv[i + 1])) {
			fprintf(stderr, "hose: %s %s: no such flag or file\n", argv[i], argv[i + 1]);
			return 2;
		}
	if (hose.options.connections > CONNECTIONS_MAX || hose.options.seconds > 120)
		return 2;
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	if (hose.options.block.size > 0 && memmem(hose.options.block.at, hose.options.block.size, "########", 8)) {
		hose.plain = malloc(hose.options.block.size);
		if (!hose.plain)
			return 1;
		memcpy(hose.plain, hose.options.block.at, hose.options.block.size);
	}
	hose.jets = calloc(hose.options.connections, sizeof(*hose.jets));
	hose.held_ms = malloc(SAMPLES_MAX * sizeof(*hose.held_ms));
	hose.epoll = epoll_create1(EPOLL_CLOEXEC);
	if (!hose.jets || !hose.held_ms || hose.epoll < 0)
		return 1;
	hose.began_ns = wire_now_ns();
	hose.end_ns = hose.began_ns + hose.options.seconds * 1000000000ULL;
	run(&hose);
	report(&hose);
	return 0;
}
