/* snapshot.h - the rooms' logs in one file, written at the end of a good stop and read back once.
 *
 * Little-endian: "UPROAR3\n" (3 is the version), then records { u32 size, u32 crc32 of size and bytes, size bytes },
 * the last one of size 0. A record is one event: room, epoch, and the event's fields; or what a room has besides its
 * log (chat/store_job.h: state). Version 2, which had events alone, is read too. What is damaged,
 * or of another version, is refused whole.
 */
#ifndef STORE_SNAPSHOT_H
#define STORE_SNAPSHOT_H

#include "proto/chat/event.h"

struct snapshot_writer;

/* Gives a writer to DIR/rooms.snapshot.new, or NULL with errno. */
struct snapshot_writer *snapshot_create(const char *directory);

/* Returns 0 or -errno, and after the first error always that one. */
int snapshot_write(struct snapshot_writer *writer, struct span room, struct span epoch, const struct chat_event *event);

/* Likewise what a room has besides its log: at most STORE_STATE_SIZE_MAX bytes. */
int snapshot_write_state(struct snapshot_writer *writer, struct span room, struct span state);

/* Not all that belongs into it could be had: snapshot_finish() gives this error (0: none) if it has no
 * earlier one. */
void snapshot_fail(struct snapshot_writer *writer, int error);

/* Makes it durable and gives it its name, unless anything has failed: half a snapshot would give positions out a second
 * time. Frees the writer in any case. Returns 0 or -errno. */
int snapshot_finish(struct snapshot_writer *writer);

/* One snapshot in memory. */
struct snapshot {
	uint8_t *bytes;
	size_t size;
};

/* Reads DIR/rooms.snapshot and checks all of it. Returns 1, 0: there is none, -EBADMSG: it is damaged and was
 * renamed to rooms.snapshot.damaged, or -errno. */
int snapshot_load(struct snapshot *snapshot, const char *directory);
void snapshot_free(struct snapshot *snapshot);

/* Removes the file: from now on it must not be read again. Returns 0 or -errno. */
int snapshot_remove(const char *directory);

/* The next event from *at on (0 to begin), which moves on. Returns 1, 0 at the end. Spans borrow from the snapshot. */
int snapshot_next(const struct snapshot *snapshot, size_t *at, struct span *room, struct span *epoch,
		  struct chat_event *event);

/* Likewise the next state. */
int snapshot_next_state(const struct snapshot *snapshot, size_t *at, struct span *room, struct span *state);

#endif
