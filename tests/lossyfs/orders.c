#include "tests/lossyfs/orders.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/lossyfs/control.h"

enum { LINE_SIZE = 1024 };

struct talker {
	int fd;
	size_t size;
	bool waits;
	char line[LINE_SIZE];
};

static int listener = -1;
static struct talker talkers[TALKERS_MAX];
static size_t talkers_count;

static bool answer(struct talker *talker, struct rig *rig, char *line)
{
	char text[LINE_SIZE];

	talker->waits = !control_do(rig, line, text, sizeof(text));
	return talker->waits || send(talker->fd, text, strlen(text), MSG_NOSIGNAL) == (ssize_t)strlen(text);
}

/* False: the talker has gone. */
static bool listen_to(struct talker *talker, struct rig *rig)
{
	const ssize_t got = recv(talker->fd, talker->line + talker->size, sizeof(talker->line) - talker->size, 0);
	char *end;

	if (got <= 0)
		return false;
	talker->size += (size_t)got;
	while ((end = memchr(talker->line, '\n', talker->size)) != NULL) {
		const size_t used = (size_t)(end + 1 - talker->line);

		*end = '\0';
		if (!answer(talker, rig, talker->line))
			return false;
		memmove(talker->line, talker->line + used, talker->size - used);
		talker->size -= used;
	}
	return talker->size < sizeof(talker->line);
}

static void hang_up(size_t i)
{
	close(talkers[i].fd);
	talkers[i] = talkers[--talkers_count];
}

void orders_tell(struct rig *rig)
{
	char line[] = "wait";

	for (size_t i = 0; rig->down && i < talkers_count; i++) {
		if (talkers[i].waits)
			answer(&talkers[i], rig, line);
	}
}

int orders_open(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	unlink(path);
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof(address)) != 0)
		return -1;
	return listen(listener, TALKERS_MAX);
}

void orders_close(const char *path)
{
	while (talkers_count > 0)
		hang_up(0);
	close(listener);
	unlink(path);
}

size_t orders_listen(struct pollfd *polled)
{
	for (size_t i = 0; i < talkers_count; i++)
		polled[i] = (struct pollfd){ .fd = talkers[i].fd, .events = POLLIN };
	if (talkers_count == TALKERS_MAX)
		return talkers_count;
	polled[talkers_count] = (struct pollfd){ .fd = listener, .events = POLLIN };
	return talkers_count + 1;
}

void orders_take(const struct pollfd *polled, size_t count, struct rig *rig)
{
	const size_t talking = talkers_count;

	/* From the end, as the last one takes the place of one that hangs up. */
	for (size_t i = talking; i-- > 0;) {
		if (polled[i].revents != 0 && !listen_to(&talkers[i], rig))
			hang_up(i);
	}
	if (count > talking && polled[talking].revents != 0) {
		const int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

		if (fd >= 0)
			talkers[talkers_count++] = (struct talker){ .fd = fd };
	}
}
