/* process.h - what another process of this machine uses: a server with all its children, or a worker.
 */
#ifndef LOAD_PROCESS_H
#define LOAD_PROCESS_H

#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define PROCESS_TREE_MAX 256
#define PROCESS_THREADS_MAX 1024

struct process {
	pid_t pid;
	char name[32];
	pid_t tree[PROCESS_TREE_MAX]; /* it, and what descends from it, as of the last sample */
	size_t count;
};

/* Figures that could not be had are -1. */
struct process_usage {
	double cpu_s; /* all threads, all of the tree, children that ended too */
	double rss_bytes;
	double fds;
};

struct process_thread {
	pid_t thread;
	uint64_t cpu_ns;
};

/* False when there is no such process. */
bool process_open(struct process *process, pid_t pid);
void process_sample(struct process *process, struct process_usage *usage);

/* The same without looking for children that are new. */
void process_sample_known(const struct process *process, struct process_usage *usage);

/* Who listens on the TCP port: the process from which others that do descend. 0: nobody that we may look at. */
pid_t process_listening(uint16_t port);

/* Threads of the tree and what each has run; at most PROCESS_THREADS_MAX. */
size_t process_threads(const struct process *process, struct process_thread out[PROCESS_THREADS_MAX]);

/* What the busiest thread ran between two states, in nanoseconds. One that is new counts from 0. */
uint64_t process_busiest(const struct process_thread *before, size_t before_count, const struct process_thread *after,
			 size_t after_count);

/* On which processors any thread of the tree may run. */
void process_cpus(const struct process *process, cpu_set_t *set);

/* Of one thread: how long it ran, and was ready to but did not. False when that cannot be had. */
bool process_schedule(pid_t thread, uint64_t *cpu_ns, uint64_t *wait_ns);

#endif
