/* replay.c - runs a fuzz target once over files and all files of folders: no fuzzer is needed, any compiler will do.
 *
 * replay_TARGET [--times N] FILE|FOLDER... ; says "N passed, 0 failed" at the end, and before each input which it is
 * when FUZZ_TRACE is set.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"

static unsigned long passed;
static bool trace;

static int replay_file(const char *path)
{
	/* Not fopen: some targets have one of their own. */
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat status;

	if (fd < 0 || fstat(fd, &status) != 0) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return 1;
	}
	/* To the byte, so that ASan sees who reads on. */
	const size_t size = (size_t)status.st_size;
	uint8_t *const bytes = malloc(size > 0 ? size : 1);

	check(bytes != NULL && read(fd, bytes, size) == (ssize_t)size);
	close(fd);
	if (trace)
		fprintf(stderr, "%s\n", path);
	LLVMFuzzerTestOneInput(bytes, size);
	free(bytes);
	passed++;
	return 0;
}

static int replay_folder(const char *path, DIR *folder)
{
	char name[4096];
	int result = 0;

	for (const struct dirent *entry; result == 0 && (entry = readdir(folder)) != NULL;) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
		result = replay_file(name);
	}
	closedir(folder);
	return result;
}

int main(int argc, char **argv)
{
	unsigned long times = 1;
	int result = 0;

	trace = getenv("FUZZ_TRACE") != NULL;
	if (argc > 2 && strcmp(argv[1], "--times") == 0) {
		times = strtoul(argv[2], NULL, 10);
		argc -= 2;
		argv += 2;
	}
	for (unsigned long i = 0; i < times; i++)
		for (int arg = 1; result == 0 && arg < argc; arg++) {
			DIR *folder = opendir(argv[arg]);

			result = folder ? replay_folder(argv[arg], folder) : replay_file(argv[arg]);
		}
	printf("%lu passed, %d failed\n", passed, result);
	return result;
}
