#include "engine/store/snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "engine/core/check.h"
#include "engine/core/names.h"

#define MAGIC "UPROAR3\n"
#define MAGIC_BEFORE "UPROAR2\n" /* its records are events alone */
#define MAGIC_SIZE 8
#define HEAD_SIZE 8 /* of a record */
#define RECORD_MAX (1 << 20)
#define PATH_MAX_SIZE 4096
#define STATE 0xff /* where an event has its kind */

struct snapshot_writer {
	FILE *file;
	int error; /* the first; from then on nothing is written and nothing gets the name */
	char directory[PATH_MAX_SIZE - 64];
	uint8_t record[RECORD_MAX];
};

static void path_in(char out[PATH_MAX_SIZE], const char *directory, const char *name)
{
	snprintf(out, PATH_MAX_SIZE, "%s/%s", directory, name);
}

static uint8_t *put(uint8_t *at, uint64_t value, int bytes)
{
	for (int i = 0; i < bytes; i++)
		*at++ = (uint8_t)(value >> (8 * i));
	return at;
}

static uint64_t get(const uint8_t *at, int bytes)
{
	uint64_t value = 0;

	for (int i = 0; i < bytes; i++)
		value |= (uint64_t)at[i] << (8 * i);
	return value;
}

/* Of a record's size too, so that not even zeros at the end of a file are a record. */
static uint32_t sum_of(const uint8_t *record, size_t size)
{
	uint8_t head[4];

	put(head, size, 4);
	return (uint32_t)crc32(crc32(0, head, sizeof(head)), record, (uInt)size);
}

/* Standard streams do not always say why. */
static int last_error(void)
{
	return errno != 0 ? -errno : -EIO;
}

static uint8_t *put_span(uint8_t *at, struct span span)
{
	at = put(at, span.bytes ? span.size + 1 : 0, 4);
	if (span.bytes)
		memcpy(at, span.bytes, span.size);
	return at + span.size;
}

static const uint8_t *get_span(const uint8_t *at, const uint8_t *end, struct span *span)
{
	if (!at || end - at < 4)
		return NULL;
	const uint64_t size = get(at, 4);

	at += 4;
	*span = SPAN_NONE;
	if (size == 0)
		return at;
	if (size - 1 > (uint64_t)(end - at))
		return NULL;
	*span = span_of(at, size - 1);
	return at + size - 1;
}

struct snapshot_writer *snapshot_create(const char *directory)
{
	struct snapshot_writer *writer = malloc(sizeof(*writer));
	char path[PATH_MAX_SIZE];

	if (!writer)
		return NULL;
	writer->error = 0;
	snprintf(writer->directory, sizeof(writer->directory), "%s", directory);
	path_in(path, directory, "rooms.snapshot.new");
	const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	writer->file = fd < 0 ? NULL : fdopen(fd, "w");
	if (!writer->file) {
		const int error = errno;

		if (fd >= 0)
			close(fd);
		free(writer);
		errno = error;
		return NULL;
	}
	if (fwrite(MAGIC, 1, MAGIC_SIZE, writer->file) != MAGIC_SIZE)
		writer->error = last_error();
	return writer;
}

static int write_record(struct snapshot_writer *writer, size_t size)
{
	uint8_t head[HEAD_SIZE];

	errno = 0;
	put(put(head, size, 4), sum_of(writer->record, size), 4);
	if (fwrite(head, 1, sizeof(head), writer->file) != sizeof(head) ||
	    fwrite(writer->record, 1, size, writer->file) != size)
		writer->error = last_error();
	return writer->error;
}

#define FIXED_SIZE (1 + 1 + 1 + 8 * 4 + 4)

int snapshot_write(struct snapshot_writer *writer, struct span room, struct span epoch, const struct chat_event *event)
{
	const size_t spans =
		room.size + epoch.size + event->from.size + event->producer.size + event->data.size + event->key.size;
	uint8_t *at = writer->record;

	if (writer->error == 0 && FIXED_SIZE + 6 * 4 + spans > RECORD_MAX)
		writer->error = -EMSGSIZE;
	if (writer->error != 0)
		return writer->error;
	at = put(at, (uint64_t)event->kind, 1);
	at = put(at, event->deleted, 1);
	at = put(at, event->on, 1);
	at = put(at, event->seq, 8);
	at = put(at, event->ts_ms, 8);
	at = put(at, event->number, 8);
	at = put(at, event->target, 8);
	at = put(at, event->rev, 4);
	at = put_span(at, room);
	at = put_span(at, epoch);
	at = put_span(at, event->from);
	at = put_span(at, event->producer);
	at = put_span(at, event->data);
	at = put_span(at, event->key);
	return write_record(writer, (size_t)(at - writer->record));
}

int snapshot_write_state(struct snapshot_writer *writer, struct span room, struct span state)
{
	uint8_t *at = writer->record;

	if (writer->error == 0 && 1 + 2 * 4 + room.size + state.size > RECORD_MAX)
		writer->error = -EMSGSIZE;
	if (writer->error != 0)
		return writer->error;
	at = put(at, STATE, 1);
	at = put_span(at, room);
	at = put_span(at, state);
	return write_record(writer, (size_t)(at - writer->record));
}

void snapshot_fail(struct snapshot_writer *writer, int error)
{
	if (writer->error == 0)
		writer->error = error;
}

int snapshot_finish(struct snapshot_writer *writer)
{
	char from[PATH_MAX_SIZE], to[PATH_MAX_SIZE];
	int error = write_record(writer, 0);

	path_in(from, writer->directory, "rooms.snapshot.new");
	path_in(to, writer->directory, "rooms.snapshot");
	errno = 0;
	if (error == 0 && (fflush(writer->file) != 0 || fsync(fileno(writer->file)) != 0))
		error = last_error();
	fclose(writer->file);
	if (error == 0 && rename(from, to) != 0)
		error = -errno;
	if (error == 0)
		error = names_sync(writer->directory);
	else
		(void)unlink(from); /* it is of no use, and may have filled the disk */
	free(writer);
	return error;
}

static int read_all(struct snapshot *snapshot, const char *path)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat status;
	int error = 0;
	size_t at = 0;

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	if (fstat(fd, &status) != 0)
		error = -errno;
	snapshot->size = error == 0 ? (size_t)status.st_size : 0;
	snapshot->bytes = malloc(snapshot->size > 0 ? snapshot->size : 1);
	if (!snapshot->bytes)
		error = -ENOMEM;
	while (error == 0 && at < snapshot->size) {
		const ssize_t got = read(fd, snapshot->bytes + at, snapshot->size - at);

		if (got <= 0)
			error = got < 0 ? -errno : -EIO;
		else
			at += (size_t)got;
	}
	close(fd);
	return error != 0 ? error : 1;
}

/* The record at `at`: its end, or 0 when it is not whole and right. */
static size_t record_end(const struct snapshot *snapshot, size_t at)
{
	if (snapshot->size - at < HEAD_SIZE)
		return 0;
	const size_t size = get(snapshot->bytes + at, 4);

	if (size > RECORD_MAX || size > snapshot->size - at - HEAD_SIZE ||
	    sum_of(snapshot->bytes + at + HEAD_SIZE, size) != get(snapshot->bytes + at + 4, 4))
		return 0;
	return at + HEAD_SIZE + size;
}

static const uint8_t *parse(const uint8_t *at, const uint8_t *end, struct span *room, struct span *epoch,
			    struct chat_event *event)
{
	if (end - at < FIXED_SIZE || at[0] >= CHAT_EVENT_COUNT || !chat_event_logged((enum chat_event_kind)at[0]))
		return NULL;
	*event = (struct chat_event){
		.kind = (enum chat_event_kind)at[0],
		.deleted = at[1],
		.on = at[2],
		.seq = get(at + 3, 8),
		.ts_ms = get(at + 11, 8),
		.number = get(at + 19, 8),
		.target = get(at + 27, 8),
		.rev = (uint32_t)get(at + 35, 4),
	};
	at = get_span(at + FIXED_SIZE, end, room);
	at = get_span(at, end, epoch);
	at = get_span(at, end, &event->from);
	at = get_span(at, end, &event->producer);
	at = get_span(at, end, &event->data);
	return get_span(at, end, &event->key);
}

static bool is_state(const struct snapshot *snapshot, size_t record)
{
	return snapshot->bytes[record + HEAD_SIZE] == STATE;
}

static const uint8_t *parse_state(const uint8_t *at, const uint8_t *end, struct span *room, struct span *state)
{
	at = get_span(at + 1, end, room);
	return get_span(at, end, state);
}

/* Whether the record from `from` to `end`, which has at least a byte, is an event or a state. */
static bool is_right(const struct snapshot *snapshot, size_t from, size_t end)
{
	const uint8_t *at = snapshot->bytes + from + HEAD_SIZE, *right = snapshot->bytes + end;
	struct span room, epoch, state;
	struct chat_event event;

	if (!is_state(snapshot, from))
		return parse(at, right, &room, &epoch, &event) == right;
	return memcmp(snapshot->bytes, MAGIC, MAGIC_SIZE) == 0 && parse_state(at, right, &room, &state) == right;
}

static bool whole(const struct snapshot *snapshot)
{
	size_t at = MAGIC_SIZE;

	if (snapshot->size < MAGIC_SIZE ||
	    (memcmp(snapshot->bytes, MAGIC, MAGIC_SIZE) != 0 && memcmp(snapshot->bytes, MAGIC_BEFORE, MAGIC_SIZE) != 0))
		return false;
	for (;;) {
		const size_t end = record_end(snapshot, at);

		if (end == 0)
			return false;
		if (end == at + HEAD_SIZE)
			return end == snapshot->size;
		if (!is_right(snapshot, at, end))
			return false;
		at = end;
	}
}

int snapshot_load(struct snapshot *snapshot, const char *directory)
{
	char path[PATH_MAX_SIZE], aside[PATH_MAX_SIZE];

	*snapshot = (struct snapshot){ 0 };
	path_in(path, directory, "rooms.snapshot");
	const int result = read_all(snapshot, path);

	if (result > 0 && whole(snapshot))
		return 1;
	snapshot_free(snapshot);
	if (result <= 0)
		return result;
	path_in(aside, directory, "rooms.snapshot.damaged");
	rename(path, aside);
	return -EBADMSG;
}

void snapshot_free(struct snapshot *snapshot)
{
	free(snapshot->bytes);
	*snapshot = (struct snapshot){ 0 };
}

int snapshot_remove(const char *directory)
{
	char path[PATH_MAX_SIZE];

	path_in(path, directory, "rooms.snapshot");
	if (unlink(path) != 0)
		return -errno;
	return names_sync(directory);
}

/* The next record that is a state, or that is none, from *at on, which moves behind it: its begin, or 0 at the end. */
static size_t next_record(const struct snapshot *snapshot, size_t *at, bool state)
{
	if (*at == 0)
		*at = MAGIC_SIZE;
	for (;;) {
		const size_t begin = *at, end = record_end(snapshot, begin);

		CHECK(end != 0);
		if (end == begin + HEAD_SIZE)
			return 0;
		*at = end;
		if (is_state(snapshot, begin) == state)
			return begin;
	}
}

int snapshot_next(const struct snapshot *snapshot, size_t *at, struct span *room, struct span *epoch,
		  struct chat_event *event)
{
	const size_t begin = next_record(snapshot, at, false);

	if (begin != 0)
		parse(snapshot->bytes + begin + HEAD_SIZE, snapshot->bytes + *at, room, epoch, event);
	return begin != 0;
}

int snapshot_next_state(const struct snapshot *snapshot, size_t *at, struct span *room, struct span *state)
{
	const size_t begin = next_record(snapshot, at, true);

	if (begin != 0)
		parse_state(snapshot->bytes + begin + HEAD_SIZE, snapshot->bytes + *at, room, state);
	return begin != 0;
}
