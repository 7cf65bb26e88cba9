#include "engine/ops/listening.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define TAKEN_TRIES 100 /* to listen where somebody else still does, */
#define TAKEN_WAIT_MS 50 /* so long apart; */
#define TAKEN_SAID 10 /* after so many it is said */

int listening_open(struct server *server)
{
	const char *address = option_text(server->options, OPTION_listen);
	const struct listener_limits limits = {
		.backlog = (int)plan_backlog(server->options),
		.user_timeout_ms = plan_user_timeout(server->options),
	};
	int sockets[CORES_MAX];
	int error;

	/* After a kill the kernel takes down the rings of the process, and with them its sockets, a moment later; with
	 * many connections, or on a busy machine, seconds. */
	for (int tries = 0; tries < TAKEN_TRIES; tries++) {
		error = listener_open(address, &limits, sockets, server->cores, server->address);
		if (error != -EADDRINUSE)
			break;
		if (tries == TAKEN_SAID)
			fprintf(stderr, "uproar: %s is in use; waiting up to %d s for it\n", address,
				TAKEN_TRIES * TAKEN_WAIT_MS / 1000);
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

void listening_announce(const struct server *server)
{
	const char *port = strrchr(server->address, ':') + 1;
	const bool any = strncmp(server->address, "0.0.0.0:", 8) == 0 || strncmp(server->address, "[::]:", 5) == 0;

	printf("uproar " UPROAR_VERSION " listening on http://%s%s/ (%u core%s%s)\n", any ? "127.0.0.1:" : "",
	       any ? port : server->address, server->cores, server->cores == 1 ? "" : "s",
	       any ? ", all addresses of this machine" : "");
	fflush(stdout);
}
