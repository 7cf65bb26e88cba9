/* postgres_proxy.h - stands between a client and the test's PostgreSQL server, and cuts the line where a test says so.
 */
#ifndef POSTGRES_PROXY_H
#define POSTGRES_PROXY_H

#include <criterion/criterion.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define PROXY_QUIET_MS 200 /* of a client, until its line is cut */

struct postgres_proxy {
	char directory[64], server[256]; /* where it listens, and the server's socket */
	int port, listener;
	/* Bytes of answers that still pass; -1: all do. When they are used up, the rest is swallowed, and the line is
	 * cut once the client says no more. */
	atomic_int budget;
	atomic_int hold; /* 1: nothing passes, either way, and no line is cut */
	atomic_int cuts;
	pthread_t thread;
};

struct proxy_line {
	struct postgres_proxy *proxy;
	int client;
};

static inline void proxy_path(struct sockaddr_un *to, const char *directory, int port)
{
	*to = (struct sockaddr_un){ .sun_family = AF_UNIX };
	snprintf(to->sun_path, sizeof(to->sun_path), "%.64s/.s.PGSQL.%d", directory, port);
}

/* Bytes of an answer that the budget lets pass. */
static inline ssize_t proxy_pass(struct postgres_proxy *proxy, ssize_t got)
{
	const int left = atomic_load(&proxy->budget);

	if (left < 0)
		return got;
	atomic_store(&proxy->budget, got > left ? 0 : left - (int)got);
	return got > left ? left : got;
}

static inline void *proxy_line(void *context)
{
	struct proxy_line *line = context;
	struct postgres_proxy *proxy = line->proxy;
	struct sockaddr_un to;
	char bytes[65536];
	struct pollfd ends[2] = { { line->client, POLLIN, 0 }, { socket(AF_UNIX, SOCK_STREAM, 0), POLLIN, 0 } };
	int quiet_ms = 0;

	free(line);
	proxy_path(&to, proxy->server, proxy->port);
	if (connect(ends[1].fd, (struct sockaddr *)&to, sizeof(to)) != 0)
		goto out;
	for (;;) {
		if (atomic_load(&proxy->hold)) {
			poll(NULL, 0, 10);
			continue;
		}
		quiet_ms = poll(ends, 2, 10) > 0 && ends[0].revents ? 0 : quiet_ms + 10;
		if (ends[0].revents) {
			const ssize_t got = recv(ends[0].fd, bytes, sizeof(bytes), 0);

			if (got <= 0 || send(ends[1].fd, bytes, (size_t)got, MSG_NOSIGNAL) != got)
				break;
		}
		if (ends[1].revents) {
			const ssize_t got = recv(ends[1].fd, bytes, sizeof(bytes), 0);
			const ssize_t pass = got > 0 ? proxy_pass(proxy, got) : 0;

			if (got <= 0 || send(ends[0].fd, bytes, (size_t)pass, MSG_NOSIGNAL) != pass)
				break;
		}
		if (atomic_load(&proxy->budget) == 0 && quiet_ms >= PROXY_QUIET_MS) {
			atomic_fetch_add(&proxy->cuts, 1);
			atomic_store(&proxy->budget, -1);
			break;
		}
	}
out:
	close(ends[0].fd);
	close(ends[1].fd);
	return NULL;
}

static inline void *proxy_listen(void *context)
{
	struct postgres_proxy *proxy = context;

	for (;;) {
		struct proxy_line *line = malloc(sizeof(*line));
		pthread_t thread;

		*line = (struct proxy_line){ proxy, accept(proxy->listener, NULL, NULL) };
		if (line->client < 0 || pthread_create(&thread, NULL, proxy_line, line) != 0) {
			free(line);
			return NULL;
		}
		pthread_detach(thread);
	}
}

/* Stands before the server of `url`, whose ?host= and &port= are replaced in place (url has 512 bytes). */
static inline void postgres_proxy_open(struct postgres_proxy *proxy, char *url)
{
	struct sockaddr_un at;
	char rest[512];

	*proxy = (struct postgres_proxy){ .budget = -1 };
	snprintf(proxy->directory, sizeof(proxy->directory), "/tmp/uproar-proxy-XXXXXX");
	cr_assert(mkdtemp(proxy->directory));
	cr_assert(sscanf(strstr(url, "?host="), "?host=%255[^&]&port=%d%511s", proxy->server, &proxy->port, rest) == 3);
	snprintf(strstr(url, "?host="), 256, "?host=%s&port=%d%.100s", proxy->directory, proxy->port, rest);
	proxy->listener = socket(AF_UNIX, SOCK_STREAM, 0);
	proxy_path(&at, proxy->directory, proxy->port);
	cr_assert(bind(proxy->listener, (struct sockaddr *)&at, sizeof(at)) == 0 && listen(proxy->listener, 16) == 0);
	cr_assert(pthread_create(&proxy->thread, NULL, proxy_listen, proxy) == 0);
}

static inline void postgres_proxy_close(struct postgres_proxy *proxy)
{
	struct sockaddr_un at;

	shutdown(proxy->listener, SHUT_RDWR);
	pthread_join(proxy->thread, NULL);
	close(proxy->listener);
	proxy_path(&at, proxy->directory, proxy->port);
	unlink(at.sun_path);
	rmdir(proxy->directory);
}

#endif
