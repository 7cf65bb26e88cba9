/* rig.h - what a test has ordered of the disk: the moment of the power cut, and which calls fail or take long.
 *
 * A border is a call that changes what is on disk or makes it durable; they are counted from 1. A cut planned
 * at border k comes while that call is under way: it is answered EIO, and whether it was done is for the loss to say.
 * Calls of scratch files are no borders and do not fail. After a cut the disk is down, every call fails with EIO,
 * until it is told to come up again: so a process that was not killed at once cannot write to what survived.
 */
#ifndef LOSSYFS_RIG_H
#define LOSSYFS_RIG_H

#include <stdio.h>

#include "tests/lossyfs/image.h"

enum op { OP_READ, OP_WRITE, OP_FSYNC, OP_TRUNCATE, OP_CREATE, OP_REMOVE, OP_RENAME, OP_FSYNCDIR, OP_OPEN, OPS };

extern const char *const op_names[OPS];

enum { FAULTS_MAX = 16, SLOTS_MAX = 8 };

/* The n-th such call fails, and with `on` all after it. */
struct fault {
	enum op op; /* OPS: any border but a sync of the directory */
	int error; /* negative */
	uint64_t after; /* so many calls pass first */
	bool on;
	char name[NAME_SIZE_MAX + 1]; /* how the file's name ends; empty: any file */
	uint64_t offset, size; /* read and write: calls that touch these bytes; size 0: any */
};

struct rig {
	struct image image;
	struct image slots[SLOTS_MAX];
	bool down;
	uint64_t cuts;
	uint64_t borders;
	uint64_t cut_at; /* border; 0: none planned */
	enum loss cut_loss;
	uint64_t cut_seed;
	enum loss last_loss;
	struct fault faults[FAULTS_MAX];
	size_t faults_count;
	uint64_t faults_struck;
	uint64_t fsync_ms; /* how long one takes */
	bool read_only;
	uint64_t space; /* bytes that files may take, scratch aside */
	FILE *trace;
};

void rig_init(struct rig *rig, bool ordered, const char *scratch);
void rig_free(struct rig *rig);

/* Returns 0, or the error the call must have instead of being done. */
int rig_fault(struct rig *rig, enum op op, const char *name, uint64_t offset, uint64_t size);

/* How many of `size` bytes at `offset` there is room for. */
size_t rig_room(const struct rig *rig, const struct file *file, uint64_t offset, size_t size);

/* Counts one; true: this is the border of the cut, which has been done. */
bool rig_border(struct rig *rig, enum op op, const char *name, uint64_t offset, uint64_t size);

void rig_cut(struct rig *rig, enum loss loss, uint64_t seed);

#endif
