#include "engine/ops/data.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/chat/record.h"
#include "engine/core/log.h"
#include "engine/core/names.h"
#include "engine/ops/boot.h"

static int refuse(const char *path, const char *why)
{
	fprintf(stderr, "uproar: data directory '%s': %s\n", path, why);
	return EXIT_DATA;
}

/* A name that a power cut may take back would take all with it that is synced in there. */
static int sync_parent(const char *path)
{
	char parent[OPTION_TEXT_MAX];
	size_t size = strlen(path);

	while (size > 0 && path[size - 1] == '/')
		size--;
	while (size > 0 && path[size - 1] != '/')
		size--;
	snprintf(parent, sizeof(parent), "%.*s", (int)size, path);
	return names_sync(size > 0 ? parent : ".");
}

static int make(const char *path)
{
	if (mkdir(path, 0700) != 0)
		return errno == EEXIST ? 0 : refuse(path, strerror(errno));
	const int error = sync_parent(path);

	if (error == 0)
		return 0;
	rmdir(path); /* so that the next start does not take it for synced */
	fprintf(stderr, "uproar: data directory '%s': its name cannot be synced (%s); make it before the start\n", path,
		strerror(-error));
	return EXIT_DATA;
}

static int hold(struct data *data)
{
	char lock[OPTION_TEXT_MAX + 8];
	struct stat status;

	if (make(data->path) != 0)
		return EXIT_DATA;
	if (stat(data->path, &status) != 0)
		return refuse(data->path, strerror(errno));
	if (!S_ISDIR(status.st_mode))
		return refuse(data->path, strerror(ENOTDIR));
	if (access(data->path, R_OK | W_OK | X_OK) != 0)
		return refuse(data->path, strerror(errno));
	snprintf(lock, sizeof(lock), "%s/lock", data->path);
	data->lock = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (data->lock < 0)
		return refuse(data->path, strerror(errno));
	if (flock(data->lock, LOCK_EX | LOCK_NB) != 0)
		return refuse(data->path, errno == EWOULDBLOCK ? "another process uses it" : strerror(errno));
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

/* The events of one core's rooms, one after the other. */
struct restoring {
	const struct snapshot *snapshot;
	struct directory names;
	uint32_t core;
	size_t at;
	struct span room, epoch;
	struct chat_event event;
};

static bool next_own(struct restoring *own)
{
	while (snapshot_next(own->snapshot, &own->at, &own->room, &own->epoch, &own->event))
		if (directory_home(&own->names, directory_hash(&own->names, own->room)) == own->core)
			return true;
	return false;
}

static uint64_t bytes_kept(const struct chat_event *event)
{
	return sizeof(struct record) + event_bytes(event);
}

/* How many bytes more there are than the core may keep. They are the first in the snapshot, which has the rooms longest
 * silent first, as they are the first to go in a running server. */
static uint64_t bytes_too_many(struct restoring own, uint64_t bytes_max)
{
	uint64_t sum = 0;

	while (next_own(&own))
		sum += bytes_kept(&own.event);
	return sum > bytes_max ? sum - bytes_max : 0;
}

/* How old an event of the room is when it is no longer kept. */
static uint64_t age_of(const struct home_limits *limits, struct span room)
{
	const uint64_t of_class = room_class_of(limits->classes, room)->kept.age_ms;

	return of_class != 0 ? of_class : limits->history_age_ms;
}

static int unrestored(const struct data *data, struct span room, int error)
{
	fprintf(stderr, "uproar: data directory '%s': room '%.*s' cannot be taken back whole: %s\n", data->path,
		(int)room.size, (const char *)room.bytes, strerror(-error));
	return error;
}

/* What the rooms have besides their logs. */
static int restore_states(const struct restoring *own, const struct data *data, struct home *home, uint64_t wall_ms)
{
	struct span room, state;
	uint64_t restored = 0;
	size_t at = 0;

	while (snapshot_next_state(own->snapshot, &at, &room, &state)) {
		if (directory_home(&own->names, directory_hash(&own->names, room)) != own->core)
			continue;
		const int error = home_restore_state(home, room, state, wall_ms);

		/* The room's class is another one now, or there may be fewer rooms: so with its log. */
		if (error == -ENOTSUP || error == -ENOMEM)
			LOG(LOG_WARN, "state_left_out", LOG_SPAN("room", room), LOG_TEXT("reason", strerror(-error)));
		else if (error != 0)
			return unrestored(data, room, error); /* who was banned is not let in because it is damaged */
		restored += error == 0;
	}
	if (restored > 0)
		LOG(LOG_INFO, "restored_states", LOG_U64("rooms", restored));
	return 0;
}

int data_restore(const struct data *data, struct home *home, const struct data_core *core,
		 const struct home_limits *limits, uint64_t now_ms, uint64_t wall_ms)
{
	struct restoring own = {
		.snapshot = &data->loaded,
		.names = { .hash_key = core->hash_key, .cores = core->count },
		.core = core->index,
	};
	struct span begun = SPAN_NONE; /* the room that has events already: it must get all that follow */
	uint64_t restored = 0, left_out = 0;

	if (!data->loaded.bytes)
		return 0;
	uint64_t too_many = bytes_too_many(own, limits->history_bytes_all);

	while (next_own(&own)) {
		const uint64_t age_ms = wall_ms > own.event.ts_ms ? wall_ms - own.event.ts_ms : 0;
		const uint64_t bytes = bytes_kept(&own.event);
		const bool goes_on = begun.bytes && span_equal(begun, own.room);

		if (!goes_on && (too_many > 0 || age_ms >= age_of(limits, own.room))) {
			too_many -= bytes < too_many ? bytes : too_many;
			left_out++;
			continue;
		}
		const int error = home_restore(home, own.room, own.epoch, &own.event, now_ms - age_ms);

		if (error != 0 && goes_on)
			return unrestored(data, own.room, error);
		if (error == 0)
			begun = own.room;
		restored += error == 0;
		left_out += error != 0;
	}
	LOG(LOG_INFO, "restored", LOG_U64("events", restored), LOG_U64("left_out", left_out));
	return restore_states(&own, data, home, wall_ms);
}

int data_forget(struct data *data)
{
	if (!data->loaded.bytes)
		return 0;
	snapshot_free(&data->loaded);
	/* A crash from here on must not bring these positions back as if nothing had been said after them. */
	const int error = snapshot_remove(data->path);

	return error == 0 ? 0 : refuse(data->path, strerror(-error));
}

static int save_one(void *context, struct span room, struct span epoch, const struct chat_event *event)
{
	struct data *data = context;

	data->saved++;
	return snapshot_write(data->writer, room, epoch, event);
}

static int save_state(void *context, struct span room, struct span state)
{
	struct data *data = context;

	return snapshot_write_state(data->writer, room, state);
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
	if (data->error == 0)
		data->error = home_save_states(home, save_state, data);
	pthread_mutex_unlock(&data->mutex);
}

int data_finish(struct data *data)
{
	if (!data->path || (!data->writer && data->error == 0))
		return 0;
	/* What was not saved for want of memory the writer does not know of. */
	if (data->writer)
		snapshot_fail(data->writer, data->error);
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
