#include "tools/load/process.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PATH_SIZE 64

/* The whole of a small file; false when it is not there. */
static bool slurp(const char *path, char *out, size_t capacity)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t size;

	if (fd < 0)
		return false;
	size = read(fd, out, capacity - 1);
	close(fd);
	out[size > 0 ? size : 0] = '\0';
	return size > 0;
}

static bool proc_read(char *out, size_t capacity, pid_t pid, const char *file)
{
	char path[PATH_SIZE];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	return slurp(path, out, capacity);
}

/* Fields of /proc/PID/stat behind the name, which may hold anything: parent, and CPU of children that ended. */
static bool read_stat(pid_t pid, pid_t *parent, double *children_s)
{
	char text[1024];
	unsigned long long user = 0, system_time = 0;

	if (!proc_read(text, sizeof(text), pid, "stat"))
		return false;
	const char *const rest = strrchr(text, ')');

	if (!rest || sscanf(rest + 1, " %*c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %llu %llu", parent, &user,
			    &system_time) != 3)
		return false;
	*children_s = (double)(user + system_time) / (double)sysconf(_SC_CLK_TCK);
	return true;
}

/* The process' own clock: nanoseconds, all threads, those that ended too. */
static bool read_clock(pid_t pid, double *seconds)
{
	struct timespec time;
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &time) != 0)
		return false;
	*seconds = (double)time.tv_sec + (double)time.tv_nsec / 1e9;
	return true;
}

static bool read_rss(pid_t pid, double *bytes)
{
	unsigned long long pages;
	char text[128];

	if (!proc_read(text, sizeof(text), pid, "statm") || sscanf(text, "%*u %llu", &pages) != 1)
		return false;
	*bytes = (double)pages * (double)sysconf(_SC_PAGESIZE);
	return true;
}

/* Since Linux 6.2 the folder's size is how many there are; before, they are counted. */
static bool read_fds(pid_t pid, double *count)
{
	char path[PATH_SIZE];
	struct stat stat_of;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	if (stat(path, &stat_of) == 0 && stat_of.st_size > 0) {
		*count = (double)stat_of.st_size;
		return true;
	}
	DIR *const folder = opendir(path);

	if (!folder)
		return false;
	for (*count = -2; readdir(folder);)
		++*count;
	closedir(folder);
	return true;
}

struct all {
	pid_t pid[32768], parent[32768];
	size_t count;
};

static void read_all(struct all *all)
{
	DIR *const folder = opendir("/proc");
	const struct dirent *entry;
	double ignored;

	all->count = 0;
	while (folder && (entry = readdir(folder)) && all->count < sizeof(all->pid) / sizeof(all->pid[0])) {
		const pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);

		if (!isdigit((unsigned char)entry->d_name[0]) || !read_stat(pid, &all->parent[all->count], &ignored))
			continue;
		all->pid[all->count++] = pid;
	}
	if (folder)
		closedir(folder);
}

static bool is_in(const pid_t *pids, size_t count, pid_t pid)
{
	for (size_t i = 0; i < count; i++)
		if (pids[i] == pid)
			return true;
	return false;
}

/* Parents may have larger numbers than their children: again until nothing is new. */
static void find_tree(struct process *process)
{
	static struct all all;
	size_t before;

	read_all(&all);
	process->tree[0] = process->pid;
	process->count = 1;
	do {
		before = process->count;
		for (size_t i = 0; i < all.count && process->count < PROCESS_TREE_MAX; i++)
			if (is_in(process->tree, process->count, all.parent[i]) &&
			    !is_in(process->tree, process->count, all.pid[i]))
				process->tree[process->count++] = all.pid[i];
	} while (process->count > before);
}

bool process_open(struct process *process, pid_t pid)
{
	*process = (struct process){ .pid = pid };
	if (pid <= 0 || !proc_read(process->name, sizeof(process->name), pid, "comm"))
		return false;
	process->name[strcspn(process->name, "\n")] = '\0';
	find_tree(process);
	return true;
}

void process_sample_known(const struct process *process, struct process_usage *usage)
{
	double cpu, children, rss, fds;
	pid_t parent;

	*usage = (struct process_usage){ -1, -1, -1 };
	if (process->pid <= 0)
		return;
	for (size_t i = 0; i < process->count; i++) {
		const pid_t pid = process->tree[i];

		if (!read_stat(pid, &parent, &children) || !read_clock(pid, &cpu) || !read_rss(pid, &rss))
			continue;
		if (usage->cpu_s < 0)
			usage->cpu_s = usage->rss_bytes = 0;
		usage->cpu_s += cpu + children;
		usage->rss_bytes += rss;
		if (read_fds(pid, &fds))
			usage->fds = (usage->fds < 0 ? 0 : usage->fds) + fds;
	}
}

void process_sample(struct process *process, struct process_usage *usage)
{
	if (process->pid > 0)
		find_tree(process);
	process_sample_known(process, usage);
}

/* Inodes of sockets that listen on the port, over IPv4 and IPv6. */
static size_t listening_inodes(const char *path, uint16_t port, unsigned long *inodes, size_t count, size_t most)
{
	FILE *const file = fopen(path, "r");
	char line[512];
	unsigned local, state;
	unsigned long inode;

	while (file && count < most && fgets(line, sizeof(line), file))
		if (sscanf(line, " %*d: %*[0-9A-F]:%x %*[0-9A-F]:%*x %x %*x:%*x %*x:%*x %*x %*u %*d %lu", &local,
			   &state, &inode) == 3 &&
		    local == port && state == 0x0a)
			inodes[count++] = inode;
	if (file)
		fclose(file);
	return count;
}

static bool holds_one(pid_t pid, const unsigned long *inodes, size_t count)
{
	char path[PATH_SIZE], target[64];
	const struct dirent *entry;
	unsigned long inode;
	bool found = false;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	DIR *const folder = opendir(path);

	while (folder && !found && (entry = readdir(folder))) {
		const ssize_t size = readlinkat(dirfd(folder), entry->d_name, target, sizeof(target) - 1);

		target[size > 0 ? size : 0] = '\0';
		if (sscanf(target, "socket:[%lu]", &inode) != 1)
			continue;
		for (size_t i = 0; i < count; i++)
			found = found || inodes[i] == inode;
	}
	if (folder)
		closedir(folder);
	return found;
}

pid_t process_listening(uint16_t port)
{
	static struct all all;
	unsigned long inodes[64];
	pid_t holders[PROCESS_TREE_MAX];
	pid_t parents[PROCESS_TREE_MAX];
	size_t count = listening_inodes("/proc/net/tcp", port, inodes, 0, 64), found = 0;

	count = listening_inodes("/proc/net/tcp6", port, inodes, count, 64);
	if (count == 0)
		return 0;
	read_all(&all);
	for (size_t i = 0; i < all.count && found < PROCESS_TREE_MAX; i++)
		if (holds_one(all.pid[i], inodes, count)) {
			holders[found] = all.pid[i];
			parents[found++] = all.parent[i];
		}
	for (size_t i = 0; i < found; i++)
		if (!is_in(holders, found, parents[i]))
			return holders[i];
	return 0;
}

/* Calls for each thread of the tree, until one says that it is enough. */
static void each_thread(const struct process *process, bool (*take)(pid_t thread, void *context), void *context)
{
	const struct dirent *entry;
	char path[PATH_SIZE];
	bool more = true;

	for (size_t i = 0; i < process->count && more; i++) {
		snprintf(path, sizeof(path), "/proc/%d/task", process->tree[i]);
		DIR *const folder = opendir(path);

		while (folder && more && (entry = readdir(folder)))
			if (isdigit((unsigned char)entry->d_name[0]))
				more = take((pid_t)strtol(entry->d_name, NULL, 10), context);
		if (folder)
			closedir(folder);
	}
}

struct threads {
	struct process_thread *out;
	size_t count;
};

static bool take_thread(pid_t thread, void *context)
{
	struct threads *const threads = context;
	uint64_t wait;

	if (process_schedule(thread, &threads->out[threads->count].cpu_ns, &wait))
		threads->out[threads->count++].thread = thread;
	return threads->count < PROCESS_THREADS_MAX;
}

size_t process_threads(const struct process *process, struct process_thread out[PROCESS_THREADS_MAX])
{
	struct threads threads = { out, 0 };

	each_thread(process, take_thread, &threads);
	return threads.count;
}

uint64_t process_busiest(const struct process_thread *before, size_t before_count, const struct process_thread *after,
			 size_t after_count)
{
	uint64_t most = 0;

	for (size_t i = 0; i < after_count; i++) {
		uint64_t ran = after[i].cpu_ns;

		for (size_t j = 0; j < before_count; j++)
			if (before[j].thread == after[i].thread && before[j].cpu_ns <= ran)
				ran -= before[j].cpu_ns;
		most = ran > most ? ran : most;
	}
	return most;
}

static bool take_cpus(pid_t thread, void *context)
{
	cpu_set_t set;

	if (sched_getaffinity(thread, sizeof(set), &set) == 0)
		CPU_OR((cpu_set_t *)context, (cpu_set_t *)context, &set);
	return true;
}

void process_cpus(const struct process *process, cpu_set_t *set)
{
	CPU_ZERO(set);
	each_thread(process, take_cpus, set);
}

bool process_schedule(pid_t thread, uint64_t *cpu_ns, uint64_t *wait_ns)
{
	unsigned long long cpu, wait;
	char text[96];

	if (!proc_read(text, sizeof(text), thread, "schedstat") || sscanf(text, "%llu %llu", &cpu, &wait) != 2)
		return false;
	*cpu_ns = cpu;
	*wait_ns = wait;
	return true;
}
