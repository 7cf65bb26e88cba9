/* bystander.c - honest people beside an attack: they chat in rooms by a fixed schedule, and know what they missed.
 *
 *	bystander HOST PORT CONNECTIONS ROOMS RATE
 *
 * Says "ready" when all are in their rooms. Then RATE messages a second, from one member after the other; latency
 * counts from when a message was meant to be sent. A line "phase" on stdin begins the next phase of the measurement,
 * "end" or the end of stdin ends it: what is under way may still come, and one JSON object says what was found.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/attack/wire.h"

enum { PHASES_MAX = 8, EVENTS_MAX = 256, IN_SIZE = 65536 };

#define SETUP_NS 20000000000    /* for all to come in */
#define DRAIN_NS 8000000000     /* for what is under way at the end */
#define LIFE_NS 300000000000    /* whatever happens */

struct samples {
	uint32_t *us;
	size_t count, capacity;
};

struct phase {
	uint64_t began_ns, sent;
	struct samples latency, lag;
};

struct person {
	int fd;
	uint32_t room;
	uint64_t seq; /* of the last message seen */
	uint64_t received;
	struct wire_reader reader;
};

struct crowd {
	struct wire_peer peer;
	uint32_t people_count, rooms_count, rate;
	struct person *people;
	uint64_t *sent; /* by room: messages that all its members are to have */
	struct phase phases[PHASES_MAX];
	uint32_t phase;
	uint64_t next_ns, number, refused, dropped, gaps, twice, expected, received;
	int epoll;
	bool ending;
};

static void add(struct samples *samples, uint64_t ns)
{
	if (samples->count == samples->capacity) {
		samples->capacity = samples->capacity ? samples->capacity * 2 : 4096;
		samples->us = realloc(samples->us, samples->capacity * sizeof(*samples->us));
		if (!samples->us)
			abort();
	}
	samples->us[samples->count++] = (uint32_t)(ns / 1000);
}

static int by_size(const void *a, const void *b)
{
	const uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;

	return (left > right) - (left < right);
}

static double quantile_ms(const struct samples *sorted, double part)
{
	return sorted->count ? sorted->us[(size_t)((double)(sorted->count - 1) * part)] / 1000.0 : 0;
}

static _Noreturn void give_up(const char *why)
{
	fprintf(stderr, "bystander: %s: %s\n", why, strerror(errno));
	exit(1);
}

/* All or nothing: what they write is small, and a server that does not take it within 10 s has failed them. */
static bool write_all(int fd, const uint8_t *bytes, size_t size)
{
	while (size > 0) {
		const ssize_t done = send(fd, bytes, size, MSG_NOSIGNAL);

		if (done > 0) {
			bytes += done;
			size -= (size_t)done;
			continue;
		}
		struct pollfd waiting = { .fd = fd, .events = POLLOUT };

		if (done < 0 && (errno == EAGAIN || errno == EINTR || errno == EINPROGRESS) &&
		    poll(&waiting, 1, 10000) == 1)
			continue;
		return false;
	}
	return true;
}

static size_t read_some(int fd, uint8_t *bytes, size_t size)
{
	struct pollfd waiting = { .fd = fd, .events = POLLIN };

	if (poll(&waiting, 1, 10000) != 1)
		give_up("no answer while coming in");
	const ssize_t got = recv(fd, bytes, size, 0);

	if (got <= 0)
		give_up("not let in");
	return (size_t)got;
}

#define ASKING                                                                                                         \
	"GET /ws HTTP/1.1\r\nHost: %s:%u\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"                             \
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"                                 \
	"Sec-WebSocket-Protocol: uproar.v1\r\n\r\n"

#define SPEAKING                                                                                                       \
	"{\"op\":\"send\",\"id\":%" PRIu64 ",\"room\":\"mem:honest-%u\",\"data\":{\"t\":%" PRIu64 ",\"k\":%u,"         \
	"\"say\":\"what one says at the next table while it burns\"}}"

static void upgrade(const struct crowd *crowd, struct person *person)
{
	uint8_t in[2048];
	char head[400];
	size_t size = 0;
	const int head_size = snprintf(head, sizeof(head), ASKING, crowd->peer.host, crowd->peer.port);

	if (!write_all(person->fd, (const uint8_t *)head, (size_t)head_size))
		give_up("cannot ask to come in");
	do {
		size += read_some(person->fd, in + size, sizeof(in) - size);
	} while (size < sizeof(in) && !memmem(in, size, "\r\n\r\n", 4));
	if (strncmp((const char *)in, "HTTP/1.1 101", 12) != 0)
		give_up("not upgraded");
}

static void enter(const struct crowd *crowd, uint32_t index)
{
	struct person *person = &crowd->people[index];
	uint8_t frame[256], in[4096];
	char text[200];
	int size;

	person->room = index % crowd->rooms_count;
	person->fd = wire_connect(&crowd->peer, 0, 0);
	if (person->fd < 0)
		give_up("cannot connect");
	upgrade(crowd, person);
	size = snprintf(text, sizeof(text), "{\"op\":\"hello\",\"id\":1,\"name\":\"honest-%u\"}", index);
	write_all(person->fd, frame, wire_frame(frame, WIRE_TEXT, text, (size_t)size));
	size = snprintf(text, sizeof(text), "{\"op\":\"join\",\"id\":2,\"room\":\"mem:honest-%u\",\"limit\":0}",
			person->room);
	write_all(person->fd, frame, wire_frame(frame, WIRE_TEXT, text, (size_t)size));
	for (bool in_room = false; !in_room;) {
		const uint8_t *at = in;
		size_t left = read_some(person->fd, in, sizeof(in));

		while (wire_read(&person->reader, &at, &left)) {
			if (strstr(person->reader.text, "\"err\""))
				give_up(person->reader.text);
			in_room |= strncmp(person->reader.text, "{\"re\":2,\"ok\"", 12) == 0;
		}
	}
	person->seq = wire_number(person->reader.text, "\"seq\":");
	struct epoll_event event = { .events = EPOLLIN, .data.u32 = index };

	if (epoll_ctl(crowd->epoll, EPOLL_CTL_ADD, person->fd, &event) != 0)
		give_up("epoll_ctl");
}

static void drop(struct crowd *crowd, struct person *person)
{
	if (person->fd < 0)
		return;
	close(person->fd);
	person->fd = -1;
	crowd->dropped++;
}

static void got_message(struct crowd *crowd, struct person *person, uint64_t now_ns)
{
	const uint64_t seq = wire_number(person->reader.text, "\"seq\":");
	const uint64_t phase = wire_number(person->reader.text, "\"k\":");

	if (seq <= person->seq) {
		crowd->twice++;
		return;
	}
	crowd->gaps += seq - person->seq - 1;
	person->seq = seq;
	person->received++;
	crowd->received++;
	if (phase < PHASES_MAX)
		add(&crowd->phases[phase].latency, now_ns - wire_number(person->reader.text, "\"t\":"));
}

static void got(struct crowd *crowd, struct person *person, uint64_t now_ns)
{
	const char *text = person->reader.text;
	uint8_t frame[32];

	if (person->reader.opcode == WIRE_CLOSE) {
		fprintf(stderr, "bystander: closed with %d\n", wire_close_code(&person->reader));
		drop(crowd, person);
	} else if (strncmp(text, "{\"ev\":\"msg\"", 11) == 0) {
		got_message(crowd, person, now_ns);
	} else if (strncmp(text, "{\"ev\":\"ping\"", 12) == 0) {
		write_all(person->fd, frame, wire_frame(frame, WIRE_TEXT, "{\"op\":\"pong\"}", 13));
	} else if (strstr(text, "\"err\":")) {
		fprintf(stderr, "bystander: %s\n", text);
		crowd->refused++;
		crowd->sent[person->room]--;
	} else if (strstr(text, "\"code\":\"lagged\"")) {
		fprintf(stderr, "bystander: %s\n", text);
	}
}

static void readable(struct crowd *crowd, struct person *person)
{
	static uint8_t in[IN_SIZE];
	const uint8_t *at = in;
	const ssize_t size = person->fd < 0 ? -1 : recv(person->fd, in, sizeof(in), 0);
	size_t left = size > 0 ? (size_t)size : 0;

	if (size == 0 || (size < 0 && errno != EAGAIN && errno != EINTR)) {
		drop(crowd, person);
		return;
	}
	const uint64_t now_ns = wire_now_ns();

	while (person->fd >= 0 && wire_read(&person->reader, &at, &left))
		got(crowd, person, now_ns);
}

/* Who speaks next: all in turns, neighbours in different rooms. */
static void speak(struct crowd *crowd)
{
	struct person *person = &crowd->people[crowd->number % crowd->people_count];
	struct phase *phase = &crowd->phases[crowd->phase];
	uint8_t frame[400];
	char text[300];

	crowd->number++;
	if (person->fd < 0)
		return;
	const int size =
		snprintf(text, sizeof(text), SPEAKING, crowd->number + 2, person->room, crowd->next_ns, crowd->phase);

	phase->sent++;
	crowd->sent[person->room]++;
	add(&phase->lag, wire_now_ns() - crowd->next_ns);
	if (!write_all(person->fd, frame, wire_frame(frame, WIRE_TEXT, text, (size_t)size))) {
		crowd->sent[person->room]--;
		drop(crowd, person);
	}
}

static void told(struct crowd *crowd)
{
	char words[64];
	const ssize_t size = read(STDIN_FILENO, words, sizeof(words) - 1);

	words[size > 0 ? size : 0] = 0;
	if (size <= 0 || strncmp(words, "end", 3) == 0) {
		crowd->ending = true;
		epoll_ctl(crowd->epoll, EPOLL_CTL_DEL, STDIN_FILENO, NULL);
	} else if (crowd->phase + 1 < PHASES_MAX) {
		crowd->phases[++crowd->phase].began_ns = wire_now_ns();
	}
}

static uint64_t expected(const struct crowd *crowd)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < crowd->people_count; i++)
		sum += crowd->sent[crowd->people[i].room];
	return sum;
}

static void wait_for(struct crowd *crowd, uint64_t until_ns)
{
	struct epoll_event events[EVENTS_MAX];
	const uint64_t now_ns = wire_now_ns(), left_ns = until_ns > now_ns ? until_ns - now_ns : 0;
	const struct timespec wait = { (time_t)(left_ns / 1000000000), (long)(left_ns % 1000000000) };
	const int count = epoll_pwait2(crowd->epoll, events, EVENTS_MAX, &wait, NULL);

	for (int i = 0; i < count; i++) {
		if (events[i].data.u32 == UINT32_MAX)
			told(crowd);
		else
			readable(crowd, &crowd->people[events[i].data.u32]);
	}
}

static void live(struct crowd *crowd)
{
	const uint64_t began_ns = wire_now_ns(), every_ns = 1000000000 / crowd->rate;

	crowd->next_ns = crowd->phases[0].began_ns = began_ns;
	while (!crowd->ending && wire_now_ns() < began_ns + LIFE_NS) {
		while (crowd->next_ns <= wire_now_ns()) {
			speak(crowd);
			crowd->next_ns += every_ns;
		}
		wait_for(crowd, crowd->next_ns);
	}
	const uint64_t until_ns = wire_now_ns() + DRAIN_NS;

	while (crowd->received < expected(crowd) && wire_now_ns() < until_ns)
		wait_for(crowd, until_ns < wire_now_ns() + 100000000 ? until_ns : wire_now_ns() + 100000000);
	/* Twice or unasked would come now. */
	for (int i = 0; i < 5; i++)
		wait_for(crowd, wire_now_ns() + 20000000);
}

static void report(struct crowd *crowd)
{
	const uint64_t due = expected(crowd);

	printf("{\"people\":%u,\"expected\":%" PRIu64 ",\"received\":%" PRIu64 ",\"lost\":%" PRId64 ",\"gaps\":%" PRIu64
	       ",\"twice\":%" PRIu64 ",\"refused\":%" PRIu64 ",\"dropped\":%" PRIu64 ",\"phases\":[",
	       crowd->people_count, due, crowd->received, (int64_t)(due - crowd->received), crowd->gaps, crowd->twice,
	       crowd->refused, crowd->dropped);
	for (uint32_t i = 0; i <= crowd->phase; i++) {
		struct phase *phase = &crowd->phases[i];

		if (phase->latency.count > 0)
			qsort(phase->latency.us, phase->latency.count, sizeof(uint32_t), by_size);
		if (phase->lag.count > 0)
			qsort(phase->lag.us, phase->lag.count, sizeof(uint32_t), by_size);
		printf("%s{\"sent\":%" PRIu64 ",\"delivered\":%zu,\"p50_ms\":%.3f,\"p99_ms\":%.3f,\"max_ms\":%.3f,"
		       "\"lag_p99_ms\":%.3f}",
		       i ? "," : "", phase->sent, phase->latency.count, quantile_ms(&phase->latency, 0.5),
		       quantile_ms(&phase->latency, 0.99), quantile_ms(&phase->latency, 1),
		       quantile_ms(&phase->lag, 0.99));
	}
	printf("]}\n");
}

int main(int argc, char **argv)
{
	struct crowd crowd = { 0 };
	struct rlimit limit;

	if (argc != 6) {
		fprintf(stderr, "usage: bystander HOST PORT CONNECTIONS ROOMS RATE\n");
		return 2;
	}
	crowd.peer = (struct wire_peer){ argv[1], (uint16_t)strtoul(argv[2], NULL, 10) };
	crowd.people_count = (uint32_t)strtoul(argv[3], NULL, 10);
	crowd.rooms_count = (uint32_t)strtoul(argv[4], NULL, 10);
	crowd.rate = (uint32_t)strtoul(argv[5], NULL, 10);
	if (crowd.people_count == 0 || crowd.rooms_count == 0 || crowd.rate == 0)
		return 2;
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	crowd.people = calloc(crowd.people_count, sizeof(*crowd.people));
	crowd.sent = calloc(crowd.rooms_count, sizeof(*crowd.sent));
	crowd.epoll = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event input = { .events = EPOLLIN, .data.u32 = UINT32_MAX };

	if (!crowd.people || !crowd.sent || crowd.epoll < 0 ||
	    epoll_ctl(crowd.epoll, EPOLL_CTL_ADD, STDIN_FILENO, &input) != 0)
		give_up("cannot begin");
	const uint64_t until_ns = wire_now_ns() + SETUP_NS;

	for (uint32_t i = 0; i < crowd.people_count; i++) {
		enter(&crowd, i);
		if (wire_now_ns() > until_ns)
			give_up("coming in took too long");
	}
	printf("ready\n");
	fflush(stdout);
	live(&crowd);
	report(&crowd);
	return 0;
}
