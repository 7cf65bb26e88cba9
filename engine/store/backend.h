/* backend.h - what a store must be able to do: sqlite, postgres and memory each fill one of these.
 *
 * A backend is opened once; then a handle for each worker. A handle is used by one thread. What is asked and
 * answered is struct store_job; engine/chat/store_job.h says what each field means. No function keeps a job.
 */
#ifndef STORE_BACKEND_H
#define STORE_BACKEND_H

#include "engine/chat/store_job.h"

#define STORE_BEHIND 2 /* what maintain may say */

/* A load's answer. False: no memory. */
bool store_give_state(struct store_job *job, struct span state);

/* Whether events of this kind are about a message of the room. */
static inline bool store_has_target(enum chat_event_kind kind)
{
	return kind == CHAT_EV_edit || kind == CHAT_EV_del || kind == CHAT_EV_react;
}

/* Whether the job's event, which has a target, may be done to a message of this author. */
static inline bool store_may_change(const struct store_job *job, struct span author)
{
	const enum chat_event_kind kind = job->event.kind;

	return kind == CHAT_EV_react || (kind == CHAT_EV_del && job->moderator) || span_equal(author, job->event.from);
}

/* How old what a room keeps may be by now; at its last append it may have been another age. */
struct store_ages {
	/* Milliseconds, 0: any age. was_ms: what it was, which is given of a room of which nothing is known. By the
	 * writer's thread. */
	uint64_t (*of)(void *context, struct span room, uint64_t was_ms);
	void *context;
	_Atomic uint32_t version; /* another one behind every change: all rooms are gone through anew */
};

struct store_backend {
	const char *name;

	/* Gives the worker's handle, or NULL with a line for people in `why`: what is wrong and what to do.
	 * The writer is opened first and makes or migrates the schema. */
	void *(*open)(void *context, enum store_worker worker, char *why, size_t size);
	void (*close)(void *handle);

	/* Keeps the events of a batch, in order, in one transaction. All or nothing, but for a backend that takes a
	 * batch apart, where those of its end may not be kept:
	 *   0        committed and on stable storage; each job has its status (OK, DUPLICATE, GONE, FORBIDDEN,
	 *            CORRUPT; FULL or UNAVAILABLE: of those that are not kept)
	 *   -ENOSPC  nothing was kept: there is no room
	 *   -EAGAIN  nothing was kept, or it is not known: the backend is away
	 *   -EIO     a write or a sync failed: nothing may be acknowledged any more, and the process must end */
	int (*append)(void *handle, struct store_job **jobs, size_t count);

	/* LOAD, PAGE, SEARCH: answers one job, of committed events only. Sets status in any case. */
	void (*read)(void *handle, struct store_job *job);

	/* A slice of the writer's housekeeping, of some milliseconds: dropping what is past its retention, checkpoints,
	 * the index of words. Returns STORE_BEHIND: there is so much more that appends should wait for it, a batch for
	 * a slice, 1: there is more, 0: nothing for now, or as append does. */
	int (*maintain)(void *handle, uint64_t wall_ms);

	/* From now on the writer's housekeeping goes by these, and keeps them; until then, by what each room had at its
	 * last append. */
	void (*go_by)(void *handle, const struct store_ages *ages);

	void *context; /* for open */
};

#endif
