/* file.h - a file in two states: as it is read now, and as it lies on stable storage.
 *
 * Between the two are the changes that were not synced.
 * A change is a write or a cut (truncation, either way). What a power cut leaves is decided for each sector
 * of 512 bytes: it holds what it held after some number of the changes that touched it, from none of them to all. So
 * sectors survive in any order, but no sector holds the bytes of a change without those of the changes before it:
 * a page cache writes sectors as they are at that moment. After a cut that did not survive nothing of that file does,
 * as in a journaling file system.
 */
#ifndef LOSSYFS_FILE_H
#define LOSSYFS_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SECTOR_SIZE = 512 };

/* A file whose unsynced changes are more than this has its oldest ones written out, as a kernel does by itself. */
#define FILE_PENDING_MAX (256u << 20)

struct bytes {
	uint8_t *at;
	size_t size;
	size_t room;
};

struct change {
	struct change *next;
	uint64_t order; /* over all files */
	bool cut; /* to `offset` bytes */
	uint64_t offset;
	size_t size;
	uint8_t bytes[];
};

struct file {
	struct file *next;
	uint64_t id; /* never given twice */
	uint64_t lookups; /* how often the kernel knows it */
	bool dead; /* a power cut came since it was opened: good for EIO alone */
	bool scratch; /* mapped into memory, never synced, worth nothing after a cut: SQLite's -shm */
	uint32_t mode;
	struct bytes now;
	struct bytes kept;
	struct change *oldest, **newest;
	size_t pending; /* bytes in changes */
};

/* How a power cut treats what was not synced. */
enum loss {
	LOSS_DROP, /* all of it is lost */
	LOSS_KEEP, /* none: only the process died */
	LOSS_TEAR, /* none but of the last write, of which some sectors survive */
	LOSS_SCATTER, /* some sectors survive, some do not */
	LOSS_ANY, /* one of the above, by the seed */
};

/* splitmix64: the whole of what is random here comes from one seed. */
uint64_t dice(uint64_t *state);
/* True `share` times of 256. */
bool dice_say(uint64_t *state, uint32_t share);

/* Gives a file without bytes. */
struct file *file_new(uint64_t id, uint32_t mode, bool scratch);
void file_free(struct file *file);

void file_write(struct file *file, uint64_t order, uint64_t offset, const void *bytes, size_t size);
void file_cut(struct file *file, uint64_t order, uint64_t size);

/* Keeps every change up to `order`. */
void file_sync(struct file *file, uint64_t order);
/* What a failed fsync does: the changes up to `order` count as written, and are not. */
void file_forget(struct file *file, uint64_t order);

/* Each sector survives `share` of 256 changes (256: all); the change `torn` (0: none) has its sectors survive by a
 * coin. Both states are then what survived. */
void file_crash(struct file *file, uint32_t share, uint64_t torn, uint64_t *seed);

/* Gives a copy of what is kept, under another id. */
struct file *file_copy(const struct file *file, uint64_t id);

#endif
