/* memory.h - how near this process is to the memory it may use: its own to --memory, its cgroup to the limit of that.
 *
 * What the page cache holds of files counts for neither: the kernel takes it
 * back by itself. The cgroup's sum also has what sockets hold, which is not the process's own.
 */
#ifndef OPS_MEMORY_H
#define OPS_MEMORY_H

#include <stdint.h>

struct memory {
	uint64_t budget;  /* of the process; 0: none */
	uint64_t limit;   /* of its cgroup; 0: none, or it cannot be read */
	int own;          /* /proc/self/statm */
	int group, stat;  /* of the cgroup: bytes in use, and of what they are */
};

/* Opens what is to be read again and again. cgroups, self: where those of the system are, "/sys/fs/cgroup" and
 * "/proc/self/cgroup". What is not there counts as no limit. */
void memory_open(struct memory *memory, uint64_t budget, const char *cgroups, const char *self);
void memory_close(struct memory *memory);

/* Of the nearer of the two bounds so many thousandths are in use; 0 when there is none. */
uint32_t memory_permille(const struct memory *memory);

#endif
