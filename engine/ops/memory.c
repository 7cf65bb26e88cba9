#include "engine/ops/memory.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATH_SIZE 1024
#define NO_LIMIT (1ull << 60) /* cgroups of version 1 say so by a number beyond any memory */

/* A whole small file as text; false when it cannot be read. */
static bool read_text(int fd, char *text, size_t size)
{
	const ssize_t got = fd < 0 ? -1 : pread(fd, text, size - 1, 0);

	if (got <= 0)
		return false;
	text[got] = 0;
	return true;
}

static bool read_number(const char *path, uint64_t *number)
{
	char text[64], *end;
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	const bool read = read_text(fd, text, sizeof(text));

	if (fd >= 0)
		close(fd);
	if (!read)
		return false;
	*number = strtoull(text, &end, 10); /* "max" is none */
	return end != text && *number < NO_LIMIT;
}

/* Where the process is: "0::/a/b" of version 2, or "4:memory:/a/b" of version 1. */
static bool find_group(const char *self, bool v1, char *path, size_t size)
{
	char line[PATH_SIZE];
	FILE *file = fopen(self, "re");
	bool found = false;

	while (file && !found && fgets(line, sizeof(line), file)) {
		const char *controller = strchr(line, ':');
		const char *at = controller ? strchr(controller + 1, ':') : NULL;

		line[strcspn(line, "\n")] = 0;
		if (!at)
			continue;
		found = v1 ? strncmp(controller, ":memory:", 8) == 0 : strncmp(line, "0::", 3) == 0;
		if (found)
			snprintf(path, size, "%s", at + 1);
	}
	if (file)
		fclose(file);
	return found;
}

static int open_file(const char *folder, const char *name)
{
	char path[2 * PATH_SIZE + 64];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return open(path, O_RDONLY | O_CLOEXEC);
}

/* The nearest group from `path` up that has a limit. */
static bool open_group(struct memory *memory, const char *root, char *path, bool v1)
{
	char folder[2 * PATH_SIZE], file[2 * PATH_SIZE + 64];

	for (;;) {
		snprintf(folder, sizeof(folder), "%s%s", root, strcmp(path, "/") == 0 ? "" : path);
		snprintf(file, sizeof(file), "%s/%s", folder, v1 ? "memory.limit_in_bytes" : "memory.max");
		if (read_number(file, &memory->limit))
			break;
		char *last = strrchr(path, '/');

		if (!last || last == path) {
			if (!last || !path[1])
				return false;
			path[1] = 0; /* in a container the root is the group itself */
			continue;
		}
		*last = 0;
	}
	memory->group = open_file(folder, v1 ? "memory.usage_in_bytes" : "memory.current");
	memory->stat = open_file(folder, "memory.stat");
	return memory->group >= 0;
}

void memory_open(struct memory *memory, uint64_t budget, const char *cgroups, const char *self)
{
	char path[PATH_SIZE], v1_root[PATH_SIZE];

	*memory = (struct memory){ .budget = budget, .group = -1, .stat = -1 };
	memory->own = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	snprintf(v1_root, sizeof(v1_root), "%s/memory", cgroups);
	if (find_group(self, true, path, sizeof(path)) && open_group(memory, v1_root, path, true))
		return;
	memory->limit = 0;
	if (find_group(self, false, path, sizeof(path)) && open_group(memory, cgroups, path, false))
		return;
	memory->limit = 0;
}

void memory_close(struct memory *memory)
{
	const int files[] = { memory->own, memory->group, memory->stat };

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (files[i] >= 0)
			close(files[i]);
}

/* Pages that are the process's alone: resident less those of files and shared memory. */
static uint64_t own_bytes(const struct memory *memory)
{
	unsigned long long size = 0, resident = 0, shared = 0;
	char text[256];

	if (!read_text(memory->own, text, sizeof(text)))
		return 0;
	if (sscanf(text, "%llu %llu %llu", &size, &resident, &shared) != 3 || resident < shared)
		return 0;
	return (resident - shared) * (uint64_t)sysconf(_SC_PAGESIZE);
}

static uint64_t stat_of(const char *text, const char *name)
{
	const size_t size = strlen(name);

	for (const char *at = text; at && *at; at = strchr(at, '\n'), at += at ? 1 : 0)
		if (strncmp(at, name, size) == 0 && at[size] == ' ')
			return strtoull(at + size + 1, NULL, 10);
	return 0;
}

static uint64_t group_bytes(const struct memory *memory)
{
	char text[8192];

	if (!read_text(memory->group, text, sizeof(text)))
		return 0;
	const uint64_t used = strtoull(text, NULL, 10);

	if (!read_text(memory->stat, text, sizeof(text)))
		return used;
	const bool v1 = stat_of(text, "hierarchical_memory_limit") != 0;
	const uint64_t files = stat_of(text, v1 ? "total_inactive_file" : "inactive_file") +
			       stat_of(text, v1 ? "total_active_file" : "active_file");

	return used > files ? used - files : 0;
}

uint32_t memory_permille(const struct memory *memory)
{
	const uint64_t own = memory->budget == 0 ? 0 : own_bytes(memory) * 1000 / memory->budget;
	const uint64_t group = memory->limit == 0 ? 0 : group_bytes(memory) * 1000 / memory->limit;
	const uint64_t nearer = own > group ? own : group;

	return nearer < 10000 ? (uint32_t)nearer : 10000;
}
