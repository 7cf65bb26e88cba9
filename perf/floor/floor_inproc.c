/* floor_inproc - what sending costs this machine, with no server and no clients to be had.
 *
 * A round is the same bytes to every one of so many loopback connections, of which a thread on another core takes
 * what has come; the next round begins when all has been taken. Counted is the CPU time of the sending thread, in the
 * sends alone. Ways and sizes take turns, and a figure is the median of its turns.
 */
#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "perf/floor/floor.h"
#include "perf/floor/uring.h"

#define COALESCED_MOST 64
#define BYTES_MOST 4096
#define REPEATS_MOST 99
#define EVENTS 256

enum way { WAY_SEND, WAY_RING, WAYS };
static const char *const way_names[WAYS] = { "send", "ring" };
static const uint32_t coalesced[] = { 1, 4, 16, 64 };
#define SIZES (sizeof(coalesced) / sizeof(coalesced[0]))

static struct {
	unsigned long members, bytes, rounds, repeats, cpu, other_cpu;
	const char *json;
} options = { .members = 1000, .bytes = 136, .rounds = 40, .repeats = 7, .cpu = 0, .other_cpu = 1 };

static struct uring uring;
static int *near, *far; /* by member: where we send, where it arrives */
static uint8_t bytes[COALESCED_MOST * BYTES_MOST];
static atomic_ulong taken;
static unsigned long given;
static double samples[WAYS][SIZES][REPEATS_MOST]; /* ns a message */

static void help(const char *program)
{
	printf("%s - CPU time of sends to many connections, single and coalesced, by send() and by io_uring\n\n"
	       "  --members N    connections (1000)\n"
	       "  --bytes N      of one message with its frame (136)\n"
	       "  --rounds N     in one turn of a way (40)\n"
	       "  --repeats N    turns of each way, of which the median counts (7)\n"
	       "  --cpu N        the sender's core (0)\n"
	       "  --other-cpu N  the receiver's (1)\n"
	       "  --json FILE    keeps every turn's figure\n",
	       program);
}

static bool number(unsigned long *to, unsigned long least, unsigned long most)
{
	char *end;

	*to = strtoul(optarg, &end, 10);
	return *optarg >= '0' && *optarg <= '9' && !*end && *to >= least && *to <= most;
}

static bool read_option(int name)
{
	switch (name) {
	case 'n':
		return number(&options.members, 1, 100000);
	case 'b':
		return number(&options.bytes, 1, BYTES_MOST);
	case 'r':
		return number(&options.rounds, 1, 1000000);
	case 'R':
		return number(&options.repeats, 1, REPEATS_MOST);
	case 'c':
		return number(&options.cpu, 0, 1023);
	case 'o':
		return number(&options.other_cpu, 0, 1023);
	case 'j':
		options.json = optarg;
		return true;
	default:
		return false;
	}
}

/* Returns -1, or what to exit with. */
static int read_options(int argc, char **argv)
{
	static const struct option names[] = {
		{ "members", required_argument, NULL, 'n' },
		{ "bytes", required_argument, NULL, 'b' },
		{ "rounds", required_argument, NULL, 'r' },
		{ "repeats", required_argument, NULL, 'R' },
		{ "cpu", required_argument, NULL, 'c' },
		{ "other-cpu", required_argument, NULL, 'o' },
		{ "json", required_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int name;

	while ((name = getopt_long(argc, argv, "h", names, NULL)) != -1) {
		if (name == 'h') {
			help(argv[0]);
			return EXIT_SUCCESS;
		}
		if (!read_option(name)) {
			if (name != '?')
				fprintf(stderr, "%s: \"%s\" will not do (--help)\n", argv[0], optarg);
			return 2;
		}
	}
	if (optind == argc)
		return -1;
	fprintf(stderr, "%s: what is \"%s\"? (--help)\n", argv[0], argv[optind]);
	return 2;
}

static void connect_all(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(address);
	const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	if (listener < 0 || setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) != 0 ||
	    bind(listener, (struct sockaddr *)&address, size) != 0 || listen(listener, 16) != 0 ||
	    getsockname(listener, (struct sockaddr *)&address, &size) != 0)
		floor_fail("listen", errno);
	near = calloc(options.members, sizeof(near[0]));
	far = calloc(options.members, sizeof(far[0]));
	assert(near && far);
	for (unsigned long i = 0; i < options.members; i++) {
		far[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (far[i] < 0 || connect(far[i], (struct sockaddr *)&address, size) != 0)
			floor_fail("connect", errno);
		near[i] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		if (near[i] < 0)
			floor_fail("accept", errno);
	}
	close(listener);
}

/* The other ends: what has come is thrown away by the kernel itself. */
static void *drain(void *argument)
{
	static struct epoll_event events[EVENTS];
	const int epoll = epoll_create1(EPOLL_CLOEXEC);

	if (epoll < 0 || !floor_pin((int)options.other_cpu))
		floor_fail("the other core", errno);
	for (unsigned long i = 0; i < options.members; i++) {
		struct epoll_event event = { .events = EPOLLIN, .data.fd = far[i] };

		if (epoll_ctl(epoll, EPOLL_CTL_ADD, far[i], &event) != 0)
			floor_fail("epoll_ctl", errno);
	}
	for (;;) {
		const int count = epoll_wait(epoll, events, EVENTS, -1);
		unsigned long sum = 0;

		for (int i = 0; i < count; i++) {
			const ssize_t size = recv(events[i].data.fd, NULL, 1 << 20, MSG_TRUNC | MSG_DONTWAIT);

			sum += size > 0 ? (unsigned long)size : 0;
		}
		atomic_fetch_add(&taken, sum);
	}
	return argument;
}

static uint64_t cpu_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static void send_all(size_t size)
{
	for (unsigned long i = 0; i < options.members; i++)
		if (send(near[i], bytes, size, MSG_NOSIGNAL) != (ssize_t)size)
			floor_fail("send", errno);
}

static void ring_all(size_t size)
{
	struct io_uring_cqe *cqe;
	unsigned long done = 0;

	for (unsigned long i = 0; i < options.members; i++) {
		struct io_uring_sqe *sqe = uring_sqe(&uring);

		io_uring_prep_send(sqe, (int)i, bytes, size, MSG_NOSIGNAL);
		sqe->flags |= IOSQE_FIXED_FILE;
	}
	while (done < options.members) {
		unsigned at, count = 0;

		uring_enter(&uring);
		io_uring_for_each_cqe(&uring.ring, at, cqe)
		{
			if (cqe->res != (int)size)
				floor_fail("SEND", cqe->res < 0 ? -cqe->res : EIO);
			count++;
		}
		io_uring_cq_advance(&uring.ring, count);
		done += count;
	}
}

/* Gives the nanoseconds that one message to one member cost. */
static double turn(enum way way, uint32_t together, unsigned long rounds)
{
	const size_t size = together * options.bytes;
	uint64_t sum = 0;

	for (unsigned long round = 0; round < rounds; round++) {
		const uint64_t start = cpu_ns();

		if (way == WAY_SEND)
			send_all(size);
		else
			ring_all(size);
		sum += cpu_ns() - start;
		given += size * options.members;
		while (atomic_load(&taken) != given)
			sched_yield();
	}
	return (double)sum / (double)rounds / (double)options.members / together;
}

static int by_value(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(enum way way, size_t size)
{
	double sorted[REPEATS_MOST];

	memcpy(sorted, samples[way][size], options.repeats * sizeof(sorted[0]));
	qsort(sorted, options.repeats, sizeof(sorted[0]), by_value);
	return sorted[options.repeats / 2];
}

static void print_table(void)
{
	printf("%lu connections, %lu B a message; CPU ns a message\n\n", options.members, options.bytes);
	printf("%-10s", "coalesced");
	for (int way = 0; way < WAYS; way++)
		printf(" %8s", way_names[way]);
	printf(" %8s\n", "ring/send");
	for (size_t i = 0; i < SIZES; i++)
		printf("%-10u %8.0f %8.0f %8.2f\n", coalesced[i], median(WAY_SEND, i), median(WAY_RING, i),
		       median(WAY_RING, i) / median(WAY_SEND, i));
}

static void write_json(void)
{
	FILE *file = fopen(options.json, "w");
	struct utsname name;

	if (!file)
		floor_fail(options.json, errno);
	uname(&name);
	fprintf(file, "{\"schema\":1,\"tool\":\"floor_inproc\",\"kernel\":\"%s\",", name.release);
	fprintf(file, "\"members\":%lu,\"bytes\":%lu,\"rounds\":%lu,\"rows\":[", options.members, options.bytes,
		options.rounds);
	for (int way = 0; way < WAYS; way++)
		for (size_t i = 0; i < SIZES; i++) {
			fprintf(file, "%s\n{\"way\":\"%s\",\"coalesced\":%u,\"ns_per_message\":%.6f,\"samples\":[",
				way + i > 0 ? "," : "", way_names[way], coalesced[i], median((enum way)way, i));
			for (unsigned long sample = 0; sample < options.repeats; sample++)
				fprintf(file, "%s%.6f", sample > 0 ? "," : "", samples[way][i][sample]);
			fprintf(file, "]}");
		}
	fprintf(file, "\n]}\n");
	if (fclose(file) != 0)
		floor_fail(options.json, errno);
}

int main(int argc, char **argv)
{
	pthread_t thread;
	const int status = read_options(argc, argv);

	if (status >= 0)
		return status;
	if (floor_descriptors() < options.members * 2 + 32)
		floor_fail("as many connections", EMFILE);
	if (!floor_pin((int)options.cpu))
		floor_fail("--cpu", errno);
	connect_all();
	uring_open(&uring, (uint32_t)options.members);
	if (io_uring_register_files_update(&uring.ring, 0, near, (unsigned)options.members) < 0)
		floor_fail("direct descriptors", EIO);
	if (pthread_create(&thread, NULL, drain, NULL) != 0)
		floor_fail("a thread", EAGAIN);
	for (int way = 0; way < WAYS; way++)
		turn((enum way)way, COALESCED_MOST, 3); /* warm */
	for (unsigned long repeat = 0; repeat < options.repeats; repeat++)
		for (size_t i = 0; i < SIZES; i++)
			for (int way = 0; way < WAYS; way++)
				samples[way][i][repeat] = turn((enum way)way, coalesced[i], options.rounds);
	print_table();
	if (options.json)
		write_json();
	return EXIT_SUCCESS;
}
