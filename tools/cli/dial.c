#include "tools/cli/dial.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/sha.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engine/core/clock.h"
#include "engine/core/random.h"
#include "proto/ws/ws_handshake.h"
#include "tools/cli/link.h"

static void sha1(const void *bytes, size_t size, uint8_t out[20])
{
	SHA1(bytes, size, out);
}

/* Returns whether the descriptor is ready in time; UINT64_MAX: for ever. */
static bool ready(int fd, short events, uint64_t until_ns)
{
	for (;;) {
		const uint64_t now = clock_mono_ns();
		struct pollfd wait = { .fd = fd, .events = events };
		int found;

		if (now >= until_ns)
			return false;
		found = poll(&wait, 1, until_ns == UINT64_MAX ? -1 : (int)((until_ns - now) / 1000000) + 1);
		if (found > 0)
			return true;
		if (found < 0 && errno != EINTR)
			return false;
	}
}

/* Returns the descriptor or -errno. */
static int connect_one(const struct addrinfo *address, uint64_t until_ns)
{
	const int fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int error = 0;
	socklen_t size = sizeof(error);

	if (fd < 0)
		return -errno;
	if (connect(fd, address->ai_addr, address->ai_addrlen) < 0)
		error = errno;
	if (error == EINPROGRESS) {
		error = ETIMEDOUT;
		if (ready(fd, POLLOUT, until_ns) && getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
			error = errno;
	}
	if (error != 0) {
		close(fd);
		return -error;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
	return fd;
}

/* Of the time that is left, each of so many addresses may have as much: one that is dead must not cost all. */
static uint64_t share(uint64_t until_ns, uint64_t addresses)
{
	const uint64_t now = clock_mono_ns();

	return until_ns > now && until_ns != UINT64_MAX ? now + (until_ns - now) / addresses : until_ns;
}

struct question {
	struct gaicb asked;
	struct url url;
};

/* As getaddrinfo(), which alone asks for as long as resolv.conf says. Gives EAI_INPROGRESS where it takes too long: the
 * thread that asks keeps the question then. */
static int look_up(const struct url *url, uint64_t until_ns, struct addrinfo **found)
{
	static const struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
	struct question *const question = malloc(sizeof(*question));
	struct gaicb *const asked = &question->asked;
	int error;

	if (!question)
		return EAI_MEMORY;
	*question = (struct question){ .asked.ar_request = &hints, .url = *url };
	asked->ar_name = question->url.name;
	asked->ar_service = question->url.port;
	error = getaddrinfo_a(GAI_NOWAIT, (struct gaicb *[]){ asked }, 1, NULL);
	while (error == 0 && gai_error(asked) == EAI_INPROGRESS) {
		const uint64_t now = clock_mono_ns(), left = until_ns > now ? until_ns - now : 0;
		const struct timespec wait = { (time_t)(left / 1000000000), (long)(left % 1000000000) };

		if (left == 0 && gai_cancel(asked) == EAI_NOTCANCELED)
			return EAI_INPROGRESS;
		if (left > 0)
			gai_suspend((const struct gaicb *[]){ asked }, 1, until_ns == UINT64_MAX ? NULL : &wait);
	}
	if (error == 0)
		error = gai_error(asked);
	*found = asked->ar_result;
	free(question);
	return error;
}

int dial_connect(const struct url *url, uint64_t until_ns, char *why, size_t why_size)
{
	struct addrinfo *found = NULL;
	const int error = look_up(url, until_ns, &found);
	uint64_t addresses = 0;
	int fd = -EHOSTUNREACH;

	if (error == EAI_INPROGRESS) {
		snprintf(why, why_size, "%s: no name server has answered in time", url->name);
		return -LINK_RETRY;
	}
	if (error != 0) {
		snprintf(why, why_size, "%s: %s", url->name, gai_strerror(error));
		return error == EAI_NONAME ? -LINK_NEVER : -LINK_RETRY;
	}
	for (const struct addrinfo *at = found; at; at = at->ai_next)
		addresses++;
	for (const struct addrinfo *at = found; at && fd < 0; at = at->ai_next)
		fd = connect_one(at, share(until_ns, addresses--));
	freeaddrinfo(found);
	if (fd >= 0)
		return fd;
	snprintf(why, why_size, "%s port %s: %s", url->name, url->port, strerror(-fd));
	return -LINK_RETRY;
}

/* What an answer that is no agreement says of itself; the server may be too full only now. */
static int refused(const uint8_t *bytes, size_t size, char *why, size_t why_size)
{
	if (size < 12 || memcmp(bytes, "HTTP/1.", 7) != 0) {
		snprintf(why, why_size, "what answers there does not speak HTTP");
		return -LINK_NEVER;
	}
	if (memcmp(bytes + 9, "101", 3) == 0)
		snprintf(why, why_size, "its answer to the WebSocket handshake is wrong");
	else
		snprintf(why, why_size, "it answers with HTTP status %.3s, not with a WebSocket", bytes + 9);
	for (int i = 9; i < 12; i++)
		if (bytes[i] < '0' || bytes[i] > '9')
			snprintf(why, why_size, "what answers there does not speak HTTP");
	return bytes[9] == '5' || memcmp(bytes + 9, "429", 3) == 0 ? -LINK_RETRY : -LINK_NEVER;
}

static bool write_all(int fd, const uint8_t *bytes, size_t size, uint64_t until_ns)
{
	while (size > 0) {
		const ssize_t sent = send(fd, bytes, size, MSG_NOSIGNAL);

		if (sent < 0 && errno != EAGAIN && errno != EINTR)
			return false;
		if (sent > 0) {
			bytes += sent;
			size -= (size_t)sent;
		} else if (!ready(fd, POLLOUT, until_ns)) {
			return false;
		}
	}
	return true;
}

int dial_upgrade(int fd, const struct url *url, uint64_t until_ns, uint8_t *bytes, size_t capacity, size_t *left,
		 char *why, size_t why_size)
{
	uint64_t nonce[2] = { random_entropy(), random_entropy() };
	size_t size = ws_handshake_request(bytes, capacity, span_of(url->host, strlen(url->host)),
					   span_of(url->path, strlen(url->path)), "uproar.v1", NULL, (uint8_t *)nonce);
	int head = 0;

	if (!write_all(fd, bytes, size, until_ns)) {
		snprintf(why, why_size, "the connection was lost during the handshake");
		return -LINK_RETRY;
	}
	for (size = 0; head == 0;) {
		ssize_t got;

		if (!ready(fd, POLLIN, until_ns)) {
			snprintf(why, why_size, "no answer to the handshake");
			return -LINK_RETRY;
		}
		got = recv(fd, bytes + size, capacity - size, 0);
		if (got < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (got <= 0 && size > 0)
			return refused(bytes, size, why, why_size);
		if (got <= 0) {
			snprintf(why, why_size, "the connection was lost during the handshake");
			return -LINK_RETRY;
		}
		size += (size_t)got;
		head = ws_handshake_response(bytes, size, (uint8_t *)nonce, sha1, NULL);
	}
	if (head < 0)
		return refused(bytes, size, why, why_size);
	*left = size - (size_t)head;
	memmove(bytes, bytes + head, *left);
	return 1;
}

#define ANSWER_MAX (64 * 1024 * 1024)

int dial_exchange(int fd, struct span request, uint64_t until_ns, struct text *answer, char *why, size_t why_size)
{
	if (!write_all(fd, request.bytes, request.size, until_ns)) {
		snprintf(why, why_size, "the connection was lost before all was sent");
		return -LINK_RETRY;
	}
	while (answer->size < ANSWER_MAX) {
		uint8_t *room = text_room(answer, 16384);
		ssize_t got;

		if (!ready(fd, POLLIN, until_ns)) {
			snprintf(why, why_size, "no answer in time");
			return -LINK_RETRY;
		}
		got = recv(fd, room, 16384, 0);
		if (got == 0 && answer->size > 0)
			return 1;
		if (got > 0)
			answer->size += (size_t)got;
		else if (got == 0 || (errno != EAGAIN && errno != EINTR))
			break;
	}
	snprintf(why, why_size,
		 answer->size < ANSWER_MAX ? "the connection was lost before the answer" : "the answer is too large");
	return -LINK_RETRY;
}

int link_open(struct link *link, const struct url *url, int timeout_ms, char *why, size_t why_size)
{
	const uint64_t until_ns = clock_mono_ns() + (uint64_t)timeout_ms * 1000000;
	const int fd = dial_connect(url, until_ns, why, why_size);
	size_t left = 0;
	int done;

	if (fd < 0)
		return fd;
	done = dial_upgrade(fd, url, until_ns, link->received, sizeof(link->received), &left, why, why_size);
	if (done < 0) {
		close(fd);
		return done;
	}
	link->fd = fd;
	link->end = left;
	link->heard_ns = clock_mono_ns();
	return 1;
}
