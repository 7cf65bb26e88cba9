#include "engine/ops/data.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/core/clock.h"
#include "engine/core/log.h"
#include "engine/ops/boot.h"

static int refuse(const char *path, const char *why)
{
	fprintf(stderr, "uproar: data directory '%s': %s\n", path, why);
	return EXIT_DATA;
}

static int hold(struct data *data)
{
	char lock[4096];

	if (mkdir(data->path, 0700) != 0 && errno != EEXIST)
		return refuse(data->path, strerror(errno));
	if (access(data->path, R_OK | W_OK | X_OK) != 0)
		return refuse(data->path, strerror(errno));
	snprintf(lock, sizeof(lock), "%s/lock", data->path);
	data->lock = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (data->lock < 0)
		return refuse(data->path, strerror(errno));
	if (flock(data->lock, LOCK_EX | LOCK_NB) != 0)
		return refuse(data->path, "another process uses it");
	return 0;
}

int data_open(struct data *data, const char *path)
{
	*data = (struct data){ .lock = -1, .path = *path ? path : NULL };
	pthread_mutex_init(&data->mutex, NULL);
	if (!data->path)
		return 0;
	const int status = hold(data);

	if (status != 0)
		return status;
	const int result = snapshot_load(&data->loaded, path);

	if (result == -EBADMSG)
		LOG(LOG_ERROR, "snapshot_damaged", LOG_TEXT("directory", path),
		    LOG_TEXT("kept_as", "rooms.snapshot.damaged"), LOG_TEXT("rooms", "start empty"));
	else if (result < 0)
		return refuse(path, strerror(-result));
	return 0;
}

void data_restore(struct data *data, struct home *home, uint32_t core, uint32_t cores, uint64_t hash_key)
{
	const struct directory names = { .hash_key = hash_key, .cores = cores };
	const uint64_t now_ms = clock_mono_ns() / 1000000;
	struct span room, epoch;
	struct chat_event event;
	uint64_t restored = 0;
	size_t at = 0;

	while (data->loaded.bytes && snapshot_next(&data->loaded, &at, &room, &epoch, &event)) {
		if (directory_home(&names, directory_hash(&names, room)) != core)
			continue;
		restored += home_restore(home, room, epoch, &event, now_ms) == 0;
	}
	if (restored > 0)
		LOG(LOG_INFO, "restored", LOG_U64("events", restored));
}

void data_forget(struct data *data)
{
	if (!data->loaded.bytes)
		return;
	snapshot_free(&data->loaded);
	/* A crash from here on must not bring these positions back as if nothing had been said after them. */
	const int error = snapshot_remove(data->path);

	if (error != 0)
		LOG(LOG_ERROR, "snapshot_not_removed", LOG_TEXT("error", strerror(-error)));
}

static int save_one(void *context, struct span room, struct span epoch, const struct chat_event *event)
{
	struct data *data = context;

	data->saved++;
	return snapshot_write(data->writer, room, epoch, event);
}

void data_save(struct data *data, struct home *home)
{
	if (!data->path)
		return;
	pthread_mutex_lock(&data->mutex);
	if (!data->writer && data->error == 0) {
		data->writer = snapshot_create(data->path);
		if (!data->writer)
			data->error = -errno;
	}
	if (data->error == 0)
		data->error = home_save(home, save_one, data);
	pthread_mutex_unlock(&data->mutex);
}

int data_finish(struct data *data)
{
	if (!data->path || (!data->writer && data->error == 0))
		return 0;
	const int finished = data->writer ? snapshot_finish(data->writer) : 0;

	data->writer = NULL;
	if (data->error == 0)
		data->error = finished;
	if (data->error == 0) {
		LOG(LOG_INFO, "saved", LOG_U64("events", data->saved));
		return 0;
	}
	refuse(data->path, strerror(-data->error));
	return -1;
}

void data_close(struct data *data)
{
	if (data->lock >= 0)
		close(data->lock);
}
