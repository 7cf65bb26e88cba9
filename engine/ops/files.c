#include "engine/ops/files.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ANSWER_MS 5000 /* a file system that takes longer is not there */
#define END_MS 1000 /* for the reader to find that nobody asks any more; about, since it is waited for in steps */

/* One more that a reload is to read, if it is not yet. Returns 0 or -errno. */
static int note(struct files *files, const char *path)
{
	const size_t size = strlen(path);

	for (size_t i = 0; i < files->count; i++)
		if (strcmp(files->paths[i], path) == 0)
			return 0;
	if (size >= FILES_PATH_MAX)
		return -ENAMETOOLONG;
	if (files->count == FILES_MAX)
		return -EMFILE;
	memcpy(files->paths[files->count++], path, size + 1);
	return 0;
}

static ssize_t read_open(int fd, char *bytes, size_t most)
{
	size_t size = 0;
	ssize_t count;
	char more;

	while (size < most && (count = read(fd, bytes + size, most - size)) != 0) {
		if (count < 0 && errno != EINTR)
			return -errno;
		size += count > 0 ? (size_t)count : 0;
	}
	return size == most && read(fd, &more, 1) > 0 ? -EFBIG : (ssize_t)size;
}

static ssize_t read_path(const char *path, char *bytes, size_t most)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY); /* a pipe must not hold us up */
	const ssize_t result = fd < 0 ? -errno : read_open(fd, bytes, most);

	if (fd >= 0)
		close(fd);
	return result;
}

static bool write_whole(int fd, const void *bytes, size_t size)
{
	for (size_t at = 0; at < size;) {
		const ssize_t count = write(fd, (const uint8_t *)bytes + at, size - at);

		if (count < 0 && errno != EINTR)
			return false;
		at += count > 0 ? (size_t)count : 0;
	}
	return true;
}

/* The other process: a number comes, an answer goes, till the server is no more. */
static void serve(const struct files *files, int asks, int answers)
{
	static char bytes[FILES_SIZE_MAX];
	uint32_t which;

	while (read(asks, &which, sizeof(which)) == sizeof(which) && which < files->count) {
		const int64_t result = read_path(files->paths[which], bytes, sizeof(bytes));

		if (!write_whole(answers, &result, sizeof(result)) ||
		    (result > 0 && !write_whole(answers, bytes, (size_t)result)))
			return;
	}
}

/* Signals are for the server, which the reader must outlive to see it go; it holds nothing of what the server has. */
static void become_reader(const struct files *files, int asks, int answers)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	prctl(PR_SET_NAME, "uproar/files", 0, 0, 0);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (dup2(asks, 0) != 0 || dup2(answers, 1) != 1)
		_exit(1);
	close_range(2, ~0u, 0);
	serve(files, 0, 1);
	_exit(0);
}

static void shut(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

int files_start(struct files *files)
{
	int asks[2] = { -1, -1 }, answers[2] = { -1, -1 }, error = 0;

	files->started = true;
	files->asks = files->answers = -1;
	if (files->count == 0)
		return 0;
	if (pipe2(asks, O_CLOEXEC) != 0 || pipe2(answers, O_CLOEXEC) != 0)
		error = -errno;
	if (error == 0) {
		files->reader = fork();
		if (files->reader == 0)
			become_reader(files, asks[0], answers[1]);
		if (files->reader < 0)
			error = -errno;
	}
	shut(&asks[0]);
	shut(&answers[1]);
	files->asks = asks[1];
	files->answers = answers[0];
	if (error != 0)
		files_end(files);
	return error;
}

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Of `size` bytes *at are there. Returns 0 once all are, or -errno. */
static int receive(int fd, void *bytes, size_t size, size_t *at, uint64_t until_ms)
{
	while (*at < size) {
		const uint64_t now = now_ms(), left = now < until_ms ? until_ms - now : 0;
		const struct timespec wait = { .tv_sec = (time_t)(left / 1000),
					       .tv_nsec = (long)(left % 1000) * 1000000 };
		struct pollfd readable = { .fd = fd, .events = POLLIN };
		const int ready = ppoll(&readable, 1, &wait, NULL);

		if (ready == 0)
			return -ETIMEDOUT;
		if (ready < 0 && errno == EINTR)
			continue;

		const ssize_t count = ready > 0 ? read(fd, (uint8_t *)bytes + *at, size - *at) : -1;

		if (count == 0)
			return -EPIPE;
		if (count < 0 && errno != EINTR)
			return -errno;
		*at += count > 0 ? (size_t)count : 0;
	}
	return 0;
}

/* The answer that is owed, on from where it was given up. Returns 0 or -errno. */
static int take(struct files *files, char bytes[FILES_SIZE_MAX], uint64_t until_ms)
{
	int error = receive(files->answers, &files->size, sizeof(files->size), &files->size_at, until_ms);

	if (error == 0 && files->size > FILES_SIZE_MAX)
		return -EPROTO;
	if (error == 0 && files->size > 0)
		error = receive(files->answers, bytes, (size_t)files->size, &files->at, until_ms);
	if (error == 0)
		files->owed = false;
	return error;
}

/* What came too late is taken, and forgotten, before anything else is asked. */
static int ask(struct files *files, uint32_t which, char bytes[FILES_SIZE_MAX])
{
	const uint64_t until_ms = now_ms() + ANSWER_MS;
	const int error = files->owed ? take(files, bytes, until_ms) : 0;

	if (error != 0)
		return error;
	if (files->asks < 0 || !write_whole(files->asks, &which, sizeof(which)))
		return -EPIPE;
	files->owed = true;
	files->size_at = files->at = 0;
	return take(files, bytes, until_ms);
}

static ssize_t read_again(struct files *files, uint32_t which, char *bytes, size_t most)
{
	static char answer[FILES_SIZE_MAX];
	const int error = ask(files, which, answer);

	if (error != 0 && error != -ETIMEDOUT)
		files_end(files);
	if (error != 0)
		return error;
	if (files->size > 0 && (uint64_t)files->size > most)
		return -EFBIG;
	if (files->size > 0)
		memcpy(bytes, answer, (size_t)files->size);
	return (ssize_t)files->size;
}

const char *files_error(ssize_t error)
{
	if (error == -EPIPE)
		return "the process that reads it is gone; restart to reload";
	if (error == -ETIMEDOUT)
		return "its file system does not answer; try again";
	return strerror((int)-error);
}

ssize_t files_read(struct files *files, const char *path, char *bytes, size_t most)
{
	if (!files->started) {
		const int error = note(files, path);

		return error != 0 ? error : read_path(path, bytes, most);
	}
	for (uint32_t i = 0; i < files->count; i++)
		if (strcmp(files->paths[i], path) == 0)
			return read_again(files, i, bytes, most);
	return -EACCES;
}

/* Nothing of it is left for another process to clear away. */
static void await(pid_t reader)
{
	const struct timespec pause = { .tv_nsec = 1000000 };

	for (int i = 0; i < END_MS; i++) {
		if (waitpid(reader, NULL, WNOHANG) != 0)
			return;
		nanosleep(&pause, NULL);
	}
}

void files_end(struct files *files)
{
	if (!files->started)
		return;
	shut(&files->asks);
	shut(&files->answers);
	files->owed = false;
	if (files->reader > 0)
		await(files->reader);
	files->reader = 0;
}
