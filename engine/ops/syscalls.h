/* syscalls.h - the system calls that serving needs (tbl/syscalls.h); all others are refused, for all threads.
 *
 * One that is not on the list fails with EPERM, and the kernel logs it: a library that grew a call falls back or fails
 * that one thing, and nobody can make the whole server end by leading it to an unusual path. Calls that no library of
 * ours ever makes and an intruder does (another program, another's memory, another identity, an unrestricted ring) end
 * the process at once: by then somebody else runs in it.
 */
#ifndef OPS_SYSCALLS_H
#define OPS_SYSCALLS_H

#include <stdbool.h>

struct syscalls_wanted {
	bool files; /* something is opened, written and removed while it runs */
	bool database; /* connections to a database server are made */
	bool outbound; /* connections to others over HTTP are made */
	bool names; /* ... and names are looked up for them */
	bool log_only; /* the kernel logs what is not on the list, and does it */
};

/* Also sets no_new_privs. Returns 0 or -errno. */
int syscalls_limit(const struct syscalls_wanted *wanted);

#endif
