/* machine.h - the machine that the generator runs on.
 */
#ifndef LOAD_MACHINE_H
#define LOAD_MACHINE_H

struct machine {
	char cpu[96];
	char kernel[96];
	unsigned cores;
	double memory_bytes;
};

void machine_read(struct machine *machine);

/* The kernel's own: slabs, and pages of sockets' buffers. All programs together; -1 when it cannot be had. */
double machine_kernel_memory(void);

#endif
