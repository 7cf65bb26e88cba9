#include "tests/lossyfs/file.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

uint64_t dice(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

bool dice_say(uint64_t *state, uint32_t share)
{
	return (dice(state) >> 32) % 256 < share;
}

/* What comes in between is zeros, as of a hole. */
static void bytes_resize(struct bytes *bytes, size_t size)
{
	if (size > bytes->room) {
		const size_t room = size + size / 2 + 4096;

		bytes->at = realloc(bytes->at, room);
		assert(bytes->at != NULL);
		bytes->room = room;
	}
	if (size > bytes->size)
		memset(bytes->at + bytes->size, 0, size - bytes->size);
	bytes->size = size;
}

static void bytes_put(struct bytes *bytes, uint64_t offset, const void *from, size_t size)
{
	if (size == 0)
		return;
	if (offset + size > bytes->size)
		bytes_resize(bytes, offset + size);
	memcpy(bytes->at + offset, from, size);
}

static void bytes_copy(struct bytes *to, const struct bytes *from)
{
	bytes_resize(to, from->size);
	if (from->size > 0)
		memcpy(to->at, from->at, from->size);
}

struct file *file_new(uint64_t id, uint32_t mode, bool scratch)
{
	struct file *file = calloc(1, sizeof(*file));

	assert(file != NULL);
	file->id = id;
	file->mode = mode;
	file->scratch = scratch;
	file->newest = &file->oldest;
	return file;
}

static void pop(struct file *file)
{
	struct change *change = file->oldest;

	file->oldest = change->next;
	if (file->oldest == NULL)
		file->newest = &file->oldest;
	file->pending -= change->size;
	free(change);
}

void file_free(struct file *file)
{
	while (file->oldest != NULL)
		pop(file);
	free(file->now.at);
	free(file->kept.at);
	free(file);
}

static void keep(struct bytes *kept, const struct change *change)
{
	if (change->cut)
		bytes_resize(kept, change->offset);
	else
		bytes_put(kept, change->offset, change->bytes, change->size);
}

static void push(struct file *file, uint64_t order, bool cut, uint64_t offset, const void *bytes, size_t size)
{
	struct change *change = malloc(sizeof(*change) + size);

	assert(change != NULL);
	*change = (struct change){ .order = order, .cut = cut, .offset = offset, .size = size };
	if (size > 0)
		memcpy(change->bytes, bytes, size);
	*file->newest = change;
	file->newest = &change->next;
	file->pending += size;
	while (file->pending > FILE_PENDING_MAX) {
		keep(&file->kept, file->oldest);
		pop(file);
	}
}

void file_write(struct file *file, uint64_t order, uint64_t offset, const void *bytes, size_t size)
{
	bytes_put(&file->now, offset, bytes, size);
	if (!file->scratch)
		push(file, order, false, offset, bytes, size);
}

void file_cut(struct file *file, uint64_t order, uint64_t size)
{
	bytes_resize(&file->now, size);
	if (!file->scratch)
		push(file, order, true, size, NULL, 0);
}

void file_sync(struct file *file, uint64_t order)
{
	while (file->oldest != NULL && file->oldest->order <= order) {
		keep(&file->kept, file->oldest);
		pop(file);
	}
}

void file_forget(struct file *file, uint64_t order)
{
	while (file->oldest != NULL && file->oldest->order <= order)
		pop(file);
}

/* One write, sector by sector: `stopped` says of which sectors an earlier change was lost. */
static void scatter(struct bytes *kept, const struct change *change, uint8_t *stopped, uint32_t share, uint64_t *seed)
{
	const uint64_t end = change->offset + change->size;
	uint64_t at = change->offset;

	while (at < end) {
		const uint64_t sector = at / SECTOR_SIZE;
		const uint64_t border = (sector + 1) * SECTOR_SIZE;
		const uint64_t next = border < end ? border : end;

		if (!stopped[sector] && !dice_say(seed, share))
			stopped[sector] = 1;
		if (!stopped[sector])
			bytes_put(kept, at, change->bytes + (at - change->offset), next - at);
		at = next;
	}
}

static size_t sectors_touched(const struct file *file)
{
	uint64_t end = 0;

	for (const struct change *change = file->oldest; change != NULL; change = change->next) {
		if (change->offset + change->size > end)
			end = change->offset + change->size;
	}
	return end / SECTOR_SIZE + 1;
}

void file_crash(struct file *file, uint32_t share, uint64_t torn, uint64_t *seed)
{
	const size_t sectors = sectors_touched(file);
	uint8_t *stopped = calloc(sectors, 1);

	assert(stopped != NULL);
	for (; file->oldest != NULL; pop(file)) {
		const struct change *change = file->oldest;

		if (!change->cut) {
			scatter(&file->kept, change, stopped, change->order == torn ? 128 : share, seed);
			continue;
		}
		if (!dice_say(seed, share))
			break;
		bytes_resize(&file->kept, change->offset);
		const size_t from = (change->offset + SECTOR_SIZE - 1) / SECTOR_SIZE;
		if (from < sectors)
			memset(stopped + from, 0, sectors - from);
	}
	free(stopped);
	while (file->oldest != NULL)
		pop(file);
	/* Of a file that lives in memory a cut leaves nothing one could rely on: some old state of it. */
	if (file->scratch && dice_say(seed, 128))
		bytes_copy(&file->kept, &file->now);
	bytes_copy(&file->now, &file->kept);
}

struct file *file_copy(const struct file *file, uint64_t id)
{
	struct file *copy = file_new(id, file->mode, file->scratch);

	bytes_copy(&copy->now, &file->kept);
	bytes_copy(&copy->kept, &file->kept);
	return copy;
}
