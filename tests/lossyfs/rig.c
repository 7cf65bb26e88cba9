#include "tests/lossyfs/rig.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

const char *const op_names[OPS] = { "read",   "write",  "fsync",    "truncate", "create",
				    "remove", "rename", "fsyncdir", "open" };

void rig_init(struct rig *rig, bool ordered, const char *scratch)
{
	*rig = (struct rig){ .space = UINT64_MAX };
	image_init(&rig->image, ordered, scratch);
	for (size_t i = 0; i < SLOTS_MAX; i++)
		image_init(&rig->slots[i], ordered, scratch);
}

void rig_free(struct rig *rig)
{
	image_free(&rig->image);
	for (size_t i = 0; i < SLOTS_MAX; i++)
		image_free(&rig->slots[i]);
}

static bool is_meant(const struct fault *fault, enum op op, const char *name, uint64_t offset, uint64_t size)
{
	const size_t end_size = strlen(fault->name), name_size = strlen(name);

	if (fault->op != op && !(fault->op == OPS && op != OP_READ && op != OP_OPEN && op != OP_FSYNCDIR))
		return false;
	if (end_size > name_size || strcmp(name + name_size - end_size, fault->name) != 0)
		return false;
	return fault->size == 0 || (offset < fault->offset + fault->size && fault->offset < offset + size);
}

int rig_fault(struct rig *rig, enum op op, const char *name, uint64_t offset, uint64_t size)
{
	if (rig->down)
		return -EIO;
	if (rig->read_only && op != OP_READ && op != OP_OPEN && op != OP_FSYNC)
		return -EROFS;
	if (image_is_scratch(&rig->image, name))
		return 0;
	for (size_t i = 0; i < rig->faults_count; i++) {
		struct fault *fault = &rig->faults[i];
		const int error = fault->error;

		if (!is_meant(fault, op, name, offset, size))
			continue;
		if (fault->after > 0) {
			fault->after--;
			continue;
		}
		if (!fault->on)
			*fault = rig->faults[--rig->faults_count];
		rig->faults_struck++;
		return error;
	}
	return 0;
}

size_t rig_room(const struct rig *rig, const struct file *file, uint64_t offset, size_t size)
{
	const uint64_t used = image_used(&rig->image);
	const uint64_t left = used < rig->space ? rig->space - used : 0;

	if (file->scratch || offset + size <= file->now.size || offset + size - file->now.size <= left)
		return size;
	const uint64_t end = file->now.size + left;
	return end > offset ? end - offset : 0;
}

bool rig_border(struct rig *rig, enum op op, const char *name, uint64_t offset, uint64_t size)
{
	if (image_is_scratch(&rig->image, name))
		return false;
	rig->borders++;
	if (rig->trace != NULL)
		fprintf(rig->trace, "%" PRIu64 " %s %s %" PRIu64 " %" PRIu64 "\n", rig->borders, op_names[op], name,
			offset, size);
	if (rig->borders != rig->cut_at)
		return false;
	rig_cut(rig, rig->cut_loss, rig->cut_seed);
	return true;
}

void rig_cut(struct rig *rig, enum loss loss, uint64_t seed)
{
	rig->last_loss = image_crash(&rig->image, loss, seed);
	rig->down = true;
	rig->cut_at = 0;
	rig->cuts++;
	if (rig->trace != NULL) {
		fprintf(rig->trace, "cut after %" PRIu64 " borders\n", rig->borders);
		fflush(rig->trace);
	}
}
