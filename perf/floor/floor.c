#include "perf/floor/floor.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>

#define BACKLOG 4096 /* the engine's */

static const char *const modes[] = { "broadcast", "rooms", "echo", "accept" };

_Noreturn void floor_fail(const char *what, int error)
{
	fprintf(stderr, "%s: %s\n", what, strerror(error));
	exit(EXIT_FAILURE);
}

static void help(const char *program, const char *summary)
{
	printf("%s - %s\n\n"
	       "  --listen ADDRESS:PORT  where (127.0.0.1:0: any port; it is told as \"ready PORT\")\n"
	       "  --mode broadcast       a message goes to all others; who asked for /pub is sent nothing (default)\n"
	       "         rooms           ... to the others that asked for the same path\n"
	       "         echo            ... back to its sender\n"
	       "         accept          ... to nobody: the upgrade alone\n"
	       "  --echo-sender          rooms: to its sender too\n"
	       "  --connections MAX      at once (20000)\n"
	       "  --cpu N                stays on this core\n"
	       "\nIt is a WebSocket server: text and binary messages are passed on with the payload they came with.\n"
	       "SIGTERM ends it; it then says what it has done and what CPU time that took.\n",
	       program, summary);
}

bool floor_address(struct floor_options *options, const char *text)
{
	const char *colon = strrchr(text, ':');
	char host[INET_ADDRSTRLEN], *end;
	const size_t size = colon ? (size_t)(colon - text) : 0;

	if (!colon || !colon[1] || size >= sizeof(host))
		return false;
	memcpy(host, text, size);
	host[size] = 0;
	const unsigned long port = strtoul(colon + 1, &end, 10);

	if (*end || port > UINT16_MAX)
		return false;
	options->port = (uint16_t)port;
	return inet_pton(AF_INET, host, &options->address) == 1;
}

bool floor_pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return sched_setaffinity(0, sizeof(set), &set) == 0;
}

static bool read_mode(struct floor_options *options, const char *text)
{
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		if (strcmp(text, modes[i]) != 0)
			continue;
		options->mode = (enum floor_mode)i;
		return true;
	}
	return false;
}

static bool read_number(const char *text, unsigned long least, unsigned long most, unsigned long *number)
{
	char *end;

	*number = strtoul(text, &end, 10);
	return *text >= '0' && *text <= '9' && !*end && *number >= least && *number <= most;
}

static bool read_option(struct floor_options *options, int name)
{
	unsigned long number;

	switch (name) {
	case 'l':
		return floor_address(options, optarg);
	case 'm':
		return read_mode(options, optarg);
	case 'e':
		options->echo_sender = true;
		return true;
	case 'n':
		if (!read_number(optarg, 1, 1000000, &number))
			return false;
		options->connections = (uint32_t)number;
		return true;
	case 'c':
		if (!read_number(optarg, 0, CPU_SETSIZE - 1, &number))
			return false;
		options->cpu = (int)number;
		return floor_pin(options->cpu);
	default:
		return false;
	}
}

bool floor_begin(struct floor_options *options, int argc, char **argv, const char *summary, int *status)
{
	static const struct option names[] = {
		{ "listen", required_argument, NULL, 'l' },
		{ "mode", required_argument, NULL, 'm' },
		{ "echo-sender", no_argument, NULL, 'e' },
		{ "cpu", required_argument, NULL, 'c' },
		{ "connections", required_argument, NULL, 'n' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int name;

	*options = (struct floor_options){ .address = htonl(INADDR_LOOPBACK), .cpu = -1, .connections = 20000 };
	while ((name = getopt_long(argc, argv, "h", names, NULL)) != -1) {
		if (name == 'h') {
			help(argv[0], summary);
			*status = EXIT_SUCCESS;
			return false;
		}
		if (!read_option(options, name)) {
			if (name != '?')
				fprintf(stderr, "%s: \"%s\" will not do (--help)\n", argv[0], optarg);
			*status = 2;
			return false;
		}
	}
	if (optind == argc)
		return true;
	fprintf(stderr, "%s: what is \"%s\"? (--help)\n", argv[0], argv[optind]);
	*status = 2;
	return false;
}

int floor_listen(const struct floor_options *options)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = options->address,
		.sin_port = htons(options->port),
	};
	socklen_t size = sizeof(address);
	const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	const int one = 1;

	if (listener < 0 || setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) != 0 ||
	    setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) != 0 ||
	    bind(listener, (struct sockaddr *)&address, size) != 0 || listen(listener, BACKLOG) != 0 ||
	    getsockname(listener, (struct sockaddr *)&address, &size) != 0)
		floor_fail("listen", errno);
	printf("ready %u\n", ntohs(address.sin_port));
	fflush(stdout);
	return listener;
}

int floor_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	const int fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);

	if (fd < 0)
		floor_fail("signalfd", errno);
	return fd;
}

uint32_t floor_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		floor_fail("getrlimit", errno);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	return limit.rlim_cur > UINT32_MAX ? UINT32_MAX : (uint32_t)limit.rlim_cur;
}
