#include "tests/lossyfs/image.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct renaming {
	struct renaming *next;
	uint64_t order;
	char name[NAME_SIZE_MAX + 1];
	struct file *file; /* what the name stands for from now on; NULL: for nothing */
	bool more; /* goes with the next one: a rename is two */
};

void image_init(struct image *image, bool ordered, const char *scratch)
{
	*image = (struct image){ .ordered = ordered, .scratch = scratch, .ids = 1 };
	image->newest = &image->oldest;
}

static void pop(struct image *image)
{
	struct renaming *renaming = image->oldest;

	image->oldest = renaming->next;
	if (image->oldest == NULL)
		image->newest = &image->oldest;
	free(renaming);
}

void image_free(struct image *image)
{
	while (image->oldest != NULL)
		pop(image);
	while (image->files != NULL) {
		struct file *file = image->files;

		image->files = file->next;
		file_free(file);
	}
}

static struct entry *names_find(struct names *names, const char *name)
{
	for (size_t i = 0; i < names->count; i++) {
		if (strcmp(names->entries[i].name, name) == 0)
			return &names->entries[i];
	}
	return NULL;
}

static bool names_have(const struct names *names, const struct file *file)
{
	for (size_t i = 0; i < names->count; i++) {
		if (names->entries[i].file == file)
			return true;
	}
	return false;
}

static void names_set(struct names *names, const char *name, struct file *file)
{
	struct entry *entry = names_find(names, name);

	if (file == NULL) {
		if (entry != NULL)
			*entry = names->entries[--names->count];
		return;
	}
	if (entry == NULL) {
		assert(names->count < IMAGE_NAMES_MAX);
		entry = &names->entries[names->count++];
		snprintf(entry->name, sizeof(entry->name), "%s", name);
	}
	entry->file = file;
}

struct file *image_find(const struct image *image, const char *name)
{
	const struct entry *entry = names_find((struct names *)&image->now, name);

	return entry != NULL ? entry->file : NULL;
}

struct file *image_file(const struct image *image, uint64_t id)
{
	for (struct file *file = image->files; file != NULL; file = file->next) {
		if (file->id == id)
			return file;
	}
	return NULL;
}

const char *image_name(const struct image *image, const struct file *file)
{
	for (size_t i = 0; i < image->now.count; i++) {
		if (image->now.entries[i].file == file)
			return image->now.entries[i].name;
	}
	return "?";
}

static void rename_to(struct image *image, const char *name, struct file *file, bool more)
{
	struct renaming *renaming = calloc(1, sizeof(*renaming));

	assert(renaming != NULL);
	renaming->order = ++image->orders;
	renaming->file = file;
	renaming->more = more;
	snprintf(renaming->name, sizeof(renaming->name), "%s", name);
	*image->newest = renaming;
	image->newest = &renaming->next;
	names_set(&image->now, name, file);
}

bool image_is_scratch(const struct image *image, const char *name)
{
	const size_t size = strlen(name), end_size = strlen(image->scratch);

	return end_size > 0 && size >= end_size && strcmp(name + size - end_size, image->scratch) == 0;
}

/* Half of the bound, so that the names kept, which are others, have room as well. */
static bool too_many(const struct image *image)
{
	return image->now.count >= IMAGE_NAMES_MAX / 2;
}

struct file *image_create(struct image *image, const char *name, uint32_t mode)
{
	assert(image_find(image, name) == NULL);
	if (too_many(image))
		return NULL;
	struct file *file = file_new(++image->ids, mode, image_is_scratch(image, name));

	file->next = image->files;
	image->files = file;
	rename_to(image, name, file, false);
	return file;
}

int image_remove(struct image *image, const char *name)
{
	if (image_find(image, name) == NULL)
		return -ENOENT;
	rename_to(image, name, NULL, false);
	return 0;
}

int image_rename(struct image *image, const char *from, const char *to)
{
	struct file *file = image_find(image, from);

	if (file == NULL)
		return -ENOENT;
	if (strcmp(from, to) == 0)
		return 0;
	if (too_many(image))
		return -ENOSPC;
	rename_to(image, to, file, true);
	rename_to(image, from, NULL, false);
	return 0;
}

void image_write(struct image *image, struct file *file, uint64_t offset, const void *bytes, size_t size)
{
	if (!file->scratch)
		image->last_write = ++image->orders;
	file_write(file, image->orders, offset, bytes, size);
}

void image_cut(struct image *image, struct file *file, uint64_t size)
{
	if (!file->scratch)
		image->orders++;
	file_cut(file, image->orders, size);
}

void image_sync(struct image *image, struct file *file, uint64_t order)
{
	file_sync(file, order);
	if (image->ordered)
		image_sync_names(image, order);
}

void image_sync_names(struct image *image, uint64_t order)
{
	while (image->oldest != NULL && image->oldest->order <= order) {
		names_set(&image->kept, image->oldest->name, image->oldest->file);
		pop(image);
	}
}

uint64_t image_used(const struct image *image)
{
	uint64_t used = 0;

	for (size_t i = 0; i < image->now.count; i++) {
		const struct file *file = image->now.entries[i].file;

		used += file->scratch ? 0 : file->now.size;
	}
	return used;
}

/* How many of 256: of sectors, and of one name after another. */
static uint32_t share_of(enum loss loss, uint64_t *seed)
{
	static const uint32_t shares[] = { 16, 128, 240, 252 };

	switch (loss) {
	case LOSS_DROP:
		return 0;
	case LOSS_KEEP:
	case LOSS_TEAR:
		return 256;
	default:
		return shares[dice(seed) % 4];
	}
}

static struct file *copy_of(struct image *image, const struct file *file)
{
	struct file *copy = file_copy(file, ++image->ids);

	copy->next = image->files;
	image->files = copy;
	return copy;
}

enum loss image_crash(struct image *image, enum loss loss, uint64_t seed)
{
	if (loss == LOSS_ANY)
		loss = dice(&seed) % 4;
	const uint32_t share = share_of(loss, &seed);
	const uint64_t torn = loss == LOSS_TEAR ? image->last_write : 0;

	for (; image->oldest != NULL; pop(image)) {
		/* Both halves of a rename or neither. */
		if (!dice_say(&seed, share))
			break;
		names_set(&image->kept, image->oldest->name, image->oldest->file);
		if (image->oldest->more) {
			pop(image);
			names_set(&image->kept, image->oldest->name, image->oldest->file);
		}
	}
	while (image->oldest != NULL)
		pop(image);
	for (struct file *file = image->files; file != NULL; file = file->next) {
		if (!file->dead)
			file_crash(file, share, torn, &seed);
		file->dead = true;
	}
	for (size_t i = 0; i < image->kept.count; i++)
		image->kept.entries[i].file = copy_of(image, image->kept.entries[i].file);
	image->now = image->kept;
	image_reap(image);
	return loss;
}

static bool is_wanted(const struct image *image, const struct file *file)
{
	if (file->lookups > 0 || names_have(&image->now, file) || names_have(&image->kept, file))
		return true;
	for (const struct renaming *renaming = image->oldest; renaming != NULL; renaming = renaming->next) {
		if (renaming->file == file)
			return true;
	}
	return false;
}

void image_reap(struct image *image)
{
	for (struct file **link = &image->files; *link != NULL;) {
		struct file *file = *link;

		if (is_wanted(image, file)) {
			link = &file->next;
			continue;
		}
		*link = file->next;
		file_free(file);
	}
}

void image_copy(struct image *to, const struct image *from)
{
	while (to->oldest != NULL)
		pop(to);
	for (struct file *file = to->files; file != NULL; file = file->next)
		file->dead = true;
	to->kept = from->kept;
	for (size_t i = 0; i < to->kept.count; i++)
		to->kept.entries[i].file = copy_of(to, from->kept.entries[i].file);
	to->now = to->kept;
	image_reap(to);
}
