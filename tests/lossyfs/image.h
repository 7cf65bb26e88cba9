/* image.h - a directory of files, as it is seen now and as a power cut may leave it.
 *
 * A file's name is durable when the directory was synced after it was given, renamed or taken away; where the image is
 * `ordered`, as ext4 with data=ordered, also when any file was synced after that. Of names that were not synced a
 * power cut lets a first part survive (LOSS_SCATTER), all (LOSS_KEEP, LOSS_TEAR) or none (LOSS_DROP).
 */
#ifndef LOSSYFS_IMAGE_H
#define LOSSYFS_IMAGE_H

#include "tests/lossyfs/file.h"

enum { NAME_SIZE_MAX = 255, IMAGE_NAMES_MAX = 64 };

/* What a name stands for. */
struct entry {
	char name[NAME_SIZE_MAX + 1];
	struct file *file;
};

struct names {
	size_t count;
	struct entry entries[IMAGE_NAMES_MAX];
};

struct renaming; /* a change of a name */

struct image {
	bool ordered;
	const char *scratch; /* how the names of files end that live in memory alone */
	struct file *files; /* all that have a name in either state, or that the kernel knows */
	struct names now;
	struct names kept;
	struct renaming *oldest, **newest;
	uint64_t ids;
	uint64_t orders; /* of the last change */
	uint64_t last_write; /* its order */
};

void image_init(struct image *image, bool ordered, const char *scratch);
void image_free(struct image *image);

/* NULL: there is none. */
struct file *image_find(const struct image *image, const char *name);
struct file *image_file(const struct image *image, uint64_t id);
const char *image_name(const struct image *image, const struct file *file); /* "?" when it has none */

/* Whether a file of that name is scratch. */
bool image_is_scratch(const struct image *image, const char *name);

/* Gives NULL where there are too many. The name must be free. */
struct file *image_create(struct image *image, const char *name, uint32_t mode);
/* Returns 0, -ENOENT, or -ENOSPC for too many names. */
int image_remove(struct image *image, const char *name);
int image_rename(struct image *image, const char *from, const char *to);

void image_write(struct image *image, struct file *file, uint64_t offset, const void *bytes, size_t size);
void image_cut(struct image *image, struct file *file, uint64_t size);

/* Of changes up to `order`, which is image->orders when the sync began. */
void image_sync(struct image *image, struct file *file, uint64_t order);
void image_sync_names(struct image *image, uint64_t order);

/* Bytes that files take that are no scratch. */
uint64_t image_used(const struct image *image);

/* The cut. Every file that was is dead; the files that survived are others, under the same names. Gives what became of
 * LOSS_ANY. */
enum loss image_crash(struct image *image, enum loss loss, uint64_t seed);

/* Frees files that nobody names and the kernel has forgotten. */
void image_reap(struct image *image);

/* `to` has what `from` has kept; all that it had is dead. */
void image_copy(struct image *to, const struct image *from);

#endif
