#include "engine/ops/ban_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/core/log.h"
#include "engine/core/names.h"
#include "engine/core/random.h"
#include "engine/ops/options.h"
#include "proto/chat/limits.h"
#include "proto/utf8/utf8.h"

#define LINE_MAX (CHAT_NAME_SIZE_MAX + 32) /* a number of 20 digits, what is around it */
#define PATH_SIZE (OPTION_TEXT_MAX + 16)

static int say(const char *path, int error)
{
	fprintf(stderr, "uproar: %s: %s\n", path, strerror(error));
	return -error;
}

/* A line that is not whole, or none of ours, was cut by a power failure: nobody was told that it is kept. */
static void take_line(struct bans *bans, const char *line, uint64_t wall_ms)
{
	char *end;
	const uint64_t until_ms = strtoull(line, &end, 10);
	const size_t size = *end == ' ' ? strcspn(end + 1, "\n") : 0;

	if (size == 0 || end[1 + size] != '\n' || !utf8_valid((const uint8_t *)end + 1, size) ||
	    !chat_name_valid(span_of(end + 1, size)))
		return;
	if (bans_set(bans, span_of(end + 1, size), until_ms, wall_ms) != 0)
		LOG(LOG_ERROR, "ban_not_kept", LOG_SPAN("user", span_of(end + 1, size)));
}

static int load(struct bans *bans, const char *path, uint64_t wall_ms)
{
	char line[LINE_MAX];
	FILE *from = fopen(path, "re");

	if (!from)
		return errno == ENOENT ? 0 : -errno;
	while (fgets(line, sizeof(line), from))
		take_line(bans, line, wall_ms);
	const int error = ferror(from) ? -EIO : 0;

	(void)fclose(from);
	return error;
}

/* Behind a line that was cut: it is not to be taken for one of a shorter name, nor the next one for its rest. */
#define NO_LINE "\x01\n"

/* Returns 0 or -errno. A disk that fills up takes a part, and no error. */
static int put_line(struct ban_file *file, struct span user, uint64_t until_ms)
{
	char line[LINE_MAX];
	const bool behind = atomic_exchange(&file->cut, false);
	const int size = snprintf(line, sizeof(line), "%s%" PRIu64 " %.*s\n", behind ? NO_LINE : "", until_ms,
				  (int)user.size, (const char *)user.bytes);
	const ssize_t put = write(file->file, line, (size_t)size);

	if (put == size)
		return 0;
	if (put > 0 || behind)
		atomic_store(&file->cut, true);
	return put < 0 ? -errno : -ENOSPC;
}

static int put_all(struct ban_file *file)
{
	for (uint32_t at = 0; at <= file->bans.by_hash.mask; at++) {
		uint64_t until_ms;
		const struct span user = bans_at(&file->bans, at, &until_ms);
		const int error = user.size > 0 ? put_line(file, user, until_ms) : 0;

		if (error != 0)
			return error;
	}
	return fsync(file->file) == 0 ? 0 : -errno;
}

int ban_file_open(struct ban_file *file, const char *directory, uint64_t wall_ms)
{
	char path[PATH_SIZE], fresh[PATH_SIZE];
	int error = bans_open(&file->bans, random_entropy());

	file->file = -1;
	atomic_init(&file->cut, false);
	if (error != 0 || !directory)
		return error;
	snprintf(path, sizeof(path), "%s/bans", directory);
	snprintf(fresh, sizeof(fresh), "%s/bans.new", directory);
	error = load(&file->bans, path, wall_ms);
	if (error != 0)
		return say(path, -error);
	file->file = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
	error = file->file < 0 ? -errno : put_all(file);
	if (error == 0 && rename(fresh, path) != 0)
		error = -errno;
	if (error == 0)
		error = names_sync(directory);
	return error == 0 ? 0 : say(path, -error);
}

void ban_file_close(struct ban_file *file)
{
	if (file->file >= 0) {
		ban_file_sync(file);
		close(file->file);
	}
	file->file = -1;
	bans_close(&file->bans);
}

int ban_file_restore(struct ban_file *file, struct shard *shard, uint64_t wall_ms)
{
	for (uint32_t at = 0; at <= file->bans.by_hash.mask; at++) {
		uint64_t until_ms;
		const struct span user = bans_at(&file->bans, at, &until_ms);
		const int error = user.size > 0 ? shard_restore_ban(shard, user, until_ms, wall_ms) : 0;

		if (error != 0)
			return error;
	}
	return 0;
}

static void keep(void *context, struct span user, uint64_t until_ms)
{
	struct ban_file *file = context;

	if (file->file < 0)
		return;
	const int error = put_line(file, user, until_ms);

	if (error != 0)
		LOG(LOG_ERROR, "ban_not_kept", LOG_SPAN("user", user), LOG_TEXT("reason", strerror(-error)));
	atomic_store(&file->written, true);
}

struct ban_keeper ban_file_keeper(struct ban_file *file)
{
	return (struct ban_keeper){ keep, file };
}

void ban_file_sync(struct ban_file *file)
{
	if (file->file >= 0 && atomic_exchange(&file->written, false) && fdatasync(file->file) != 0)
		LOG(LOG_ERROR, "bans_not_synced", LOG_TEXT("reason", strerror(errno)));
}
