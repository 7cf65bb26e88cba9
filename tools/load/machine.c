#include "tools/load/machine.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

/* The first line of the file that begins so; behind that, with blanks and colon gone. */
static bool line_of(const char *path, const char *begin, char *out, size_t capacity)
{
	FILE *const file = fopen(path, "r");
	char line[512];
	bool found = false;

	while (file && !found && fgets(line, sizeof(line), file)) {
		const char *at = line + strlen(begin);

		found = strncmp(line, begin, strlen(begin)) == 0;
		if (!found)
			continue;
		at += strspn(at, " \t:");
		snprintf(out, capacity, "%.*s", (int)strcspn(at, "\n"), at);
	}
	if (file)
		fclose(file);
	return found;
}

/* A line of /proc/meminfo, in bytes. */
static bool memory_of(const char *begin, double *bytes)
{
	char text[64];
	double kilobytes;

	if (!line_of("/proc/meminfo", begin, text, sizeof(text)) || sscanf(text, "%lf", &kilobytes) != 1)
		return false;
	*bytes = kilobytes * 1024;
	return true;
}

void machine_read(struct machine *machine)
{
	struct utsname name;

	*machine = (struct machine){ .cpu = "unknown", .memory_bytes = -1 };
	line_of("/proc/cpuinfo", "model name", machine->cpu, sizeof(machine->cpu));
	memory_of("MemTotal:", &machine->memory_bytes);
	machine->cores = (unsigned)sysconf(_SC_NPROCESSORS_ONLN);
	if (uname(&name) == 0)
		snprintf(machine->kernel, sizeof(machine->kernel), "%.95s", name.release);
}

/* "TCP: inuse 5 orphan 0 tw 0 alloc 7 mem 1": pages. */
static double socket_pages(const char *begin)
{
	char text[160];
	double pages = 0;

	if (!line_of("/proc/net/sockstat", begin, text, sizeof(text)))
		return 0;
	const char *const mem = strstr(text, "mem ");

	return mem && sscanf(mem, "mem %lf", &pages) == 1 ? pages : 0;
}

double machine_kernel_memory(void)
{
	double slab;

	if (!memory_of("Slab:", &slab))
		return -1;
	return slab + (socket_pages("TCP:") + socket_pages("UDP:")) * (double)sysconf(_SC_PAGESIZE);
}
