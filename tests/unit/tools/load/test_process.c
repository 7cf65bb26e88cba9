/* Our own process, a child of it, and who listens, seen through /proc. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tools/load/machine.h"
#include "tools/load/process.h"

static struct process process;

static void burn(double seconds)
{
	struct timespec time;

	do
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	while ((double)time.tv_sec + (double)time.tv_nsec / 1e9 < seconds);
}

/* A child that works for so long, then waits for a byte, and says one when it begins to wait. */
static pid_t worker(double seconds, int *ready)
{
	int pipes[2];

	cr_assert(pipe(pipes) == 0);
	const pid_t pid = fork();

	if (pid == 0) {
		burn(seconds);
		(void)!write(pipes[1], "", 1);
		pause();
		_exit(0);
	}
	close(pipes[1]);
	*ready = pipes[0];
	return pid;
}

Test(load_process, a_child_s_work_is_counted)
{
	struct process_usage usage;
	int ready;
	char byte;

	cr_assert(process_open(&process, getpid()));
	const pid_t child = worker(0.2, &ready);

	cr_assert_eq(read(ready, &byte, 1), 1);
	process_sample(&process, &usage);
	cr_assert_eq(process.count, 2);
	cr_assert_eq(process.tree[1], child);
	cr_assert(usage.cpu_s >= 0.2 && usage.cpu_s < 5, "%g", usage.cpu_s);
	cr_assert(usage.rss_bytes > 1e6, "%g", usage.rss_bytes);
	cr_assert(usage.fds >= 3, "%g", usage.fds);
	const double before = usage.cpu_s;

	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	process_sample(&process, &usage);
	cr_assert_eq(process.count, 1);
	cr_assert(usage.cpu_s >= before - 0.03, "what it did stays, to a tick: %g after %g", usage.cpu_s, before);
	close(ready);
}

Test(load_process, descriptors)
{
	struct process_usage before, after;

	cr_assert(process_open(&process, getpid()));
	process_sample(&process, &before);
	const int more = dup(0);

	process_sample(&process, &after);
	cr_assert_eq(after.fds, before.fds + 1);
	close(more);
}

Test(load_process, nobody)
{
	struct process_usage usage;
	uint64_t cpu, wait;
	const pid_t child = fork();

	if (child == 0)
		_exit(0);
	waitpid(child, NULL, 0);
	cr_assert(!process_open(&process, child));
	cr_assert(!process_open(&process, 0));
	process_sample(&process, &usage);
	cr_assert(usage.cpu_s == -1 && usage.rss_bytes == -1 && usage.fds == -1);
	cr_assert(!process_schedule(child, &cpu, &wait));
}

static uint16_t listen_at(int family, int *out)
{
	struct sockaddr_in6 address = { .sin6_family = (sa_family_t)family };
	socklen_t size = family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);

	*out = socket(family, SOCK_STREAM, 0);
	cr_assert(*out >= 0 && bind(*out, (struct sockaddr *)&address, size) == 0 && listen(*out, 1) == 0);
	cr_assert(getsockname(*out, (struct sockaddr *)&address, &size) == 0);
	return ntohs(address.sin6_port); /* at the same place in both */
}

Test(load_process, who_listens)
{
	const int families[] = { AF_INET, AF_INET6 };

	for (size_t i = 0; i < 2; i++) {
		int fd;
		const uint16_t port = listen_at(families[i], &fd);

		cr_assert_eq(process_listening(port), getpid());
		close(fd);
		cr_assert_eq(process_listening(port), 0);
	}
}

Test(load_process, of_those_who_share_a_listener_the_first)
{
	int fd, ready;
	char byte;
	const uint16_t port = listen_at(AF_INET, &fd);
	const pid_t child = worker(0, &ready);

	cr_assert_eq(read(ready, &byte, 1), 1);
	cr_assert_eq(process_listening(port), getpid());
	close(fd);
	cr_assert_eq(process_listening(port), child);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

Test(load_process, threads_and_the_busiest)
{
	static struct process_thread threads[PROCESS_THREADS_MAX];
	const struct process_thread before[] = { { 1, 100 }, { 2, 500 } };
	const struct process_thread after[] = { { 2, 700 }, { 1, 150 }, { 3, 180 } };

	cr_assert_eq(process_busiest(before, 2, after, 3), 200);
	cr_assert_eq(process_busiest(before, 1, after, 2), 700, "one that is new counts whole");
	cr_assert_eq(process_busiest(before, 2, after, 0), 0);
	cr_assert(process_open(&process, getpid()));
	cr_assert(process_threads(&process, threads) >= 1);
}

Test(load_process, processors)
{
	cpu_set_t set, own;

	cr_assert(process_open(&process, getpid()));
	process_cpus(&process, &set);
	cr_assert(sched_getaffinity(0, sizeof(own), &own) == 0);
	cr_assert(CPU_EQUAL(&set, &own));
}

Test(load_process, the_machine)
{
	struct machine machine;

	machine_read(&machine);
	cr_assert(machine.cores >= 1 && machine.memory_bytes > 1e8 && machine.kernel[0] && machine.cpu[0]);
	cr_assert(machine_kernel_memory() > 1e6);
	cr_assert(machine_kernel_memory() < machine.memory_bytes);
}
