/* files.h - the files that options name and a reload reads again, for a process that by then may open none.
 *
 * At start they are read as any others, and noted. Before the sandbox files_start() makes a second process, which
 * outlives nothing and is told nothing but numbers: which of these files to read. So a server that was taken over reads
 * these files and no others, by the names that they had at the start, however they were replaced since.
 * docs/operate/sandbox.md.
 */
#ifndef OPS_FILES_H
#define OPS_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define FILES_MAX 18 /* -c, api-keys, and those of token-keys */
#define FILES_PATH_MAX 512
#define FILES_SIZE_MAX (1024 * 1024) /* of one file */

struct files {
	char paths[FILES_MAX][FILES_PATH_MAX];
	size_t count;
	bool started;
	int asks, answers; /* pipes to and from the reader; -1: it is gone */
	pid_t reader; /* 0: there is none */
	bool owed; /* an answer: what of it is there was given up, or is being taken */
	int64_t size; /* of what it says; or -errno */
	size_t size_at, at; /* so many bytes of `size`, and of what it says, are there */
};

/* Before the sandbox and other threads. No process is made where nothing was read. Returns 0 or -errno. */
int files_start(struct files *files);

/* Reads a whole file. Returns its size, or -errno: -EMFILE and -ENAMETOOLONG where a reload could not read it, -EACCES
 * after the start where it was not read before; -EFBIG where it has more than `most` bytes; -EPIPE when there is no
 * reader left; -ETIMEDOUT when it does not answer, which it may the next time. */
ssize_t files_read(struct files *files, const char *path, char *bytes, size_t most);

/* Why that failed, for people. */
const char *files_error(ssize_t error);

/* Ends the reader, if there is one, and waits for it; not for one that hangs on a file system. */
void files_end(struct files *files);

#endif
