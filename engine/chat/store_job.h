/* store_job.h - what a room's home asks of the log on disk, and what it is answered.
 *
 * One block goes there and back. The home makes a job, gives it to a worker of the store by its port
 * (chat/store_port.h) and has it back with the answer filled in. Whoever holds the pointer owns the job; spans
 * point into the job's block or, in an answer's page, into the page's block. All jobs of one core to one worker
 * are done and come back in order.
 *
 * For a room of class `disk` the store decides: it gives the seq, finds the author's earlier event of a
 * cid, and judges what an edit, a deletion or a reaction is about, all inside the transaction that keeps the event.
 */
#ifndef CHAT_STORE_JOB_H
#define CHAT_STORE_JOB_H

#include "proto/chat/event.h"
#include "proto/chat/limits.h"

/* A thread of the store each: the writer commits, one reader gives pages, one searches. */
enum store_worker { STORE_WRITER, STORE_READER, STORE_SEARCHER, STORE_WORKERS };

enum store_op {
	STORE_APPEND, /* the writer: keep `event` */
	STORE_LOAD,   /* the reader: where the room stands, with its newest `limit` events */
	STORE_PAGE,   /* the reader: the events that `from`, `seq` and `limit` name, as in a history command */
	STORE_SEARCH, /* the searcher: the newest `limit` messages before `seq` (0: of all) that `query` finds */
};

enum store_status {
	STORE_OK,
	STORE_DUPLICATE,   /* append: the cid is kept already; seq and ts_ms are the first one's */
	STORE_GONE,        /* append: the target is not kept, deleted or no message; page: begins before `first` */
	STORE_FORBIDDEN,   /* append: the target is not the author's to change */
	STORE_FULL,        /* append: there is no room on the disk; nothing was done */
	STORE_UNAVAILABLE, /* nothing is known to have been done; the same may succeed later */
	STORE_CORRUPT,     /* what is kept of this room is damaged */
	STORE_BAD_QUERY,   /* search */
	STORE_ABSENT,      /* append, look: no event with this cid is kept */
};

/* How much of a room is kept; 0: no bound. */
struct store_retention {
	uint64_t messages; /* events */
	uint64_t bytes;    /* of their spans: from, producer, data, key */
	uint64_t age_ms;
};

/* What a room's home knows of its moderation (chat/moderation.h): bytes that mean nothing to the store, so many at
 * most. They belong to the room, not to its log, and retention does not touch them. */
#define STORE_STATE_SIZE_MAX (128u << 10)

/* One block (engine/core/slab.h) of `size` bytes. */
struct store_state {
	size_t size;
	uint32_t count; /* of bytes, at least one */
	uint8_t bytes[];
};

/* Events ascending by seq; room and epoch of each are absent. One block (engine/core/slab.h) of `size` bytes. */
struct store_page {
	size_t size;
	bool more; /* events are kept further in the direction asked */
	uint32_t count;
	struct chat_event events[];
};

struct store_job {
	enum store_op op;
	enum store_status status;
	uint32_t core;          /* whose job it is */
	size_t size;            /* of this block, for block_give() */
	struct store_job *next; /* for a list of whoever holds it */

	/* Asked. */
	struct span room;                 /* name */
	struct span epoch;                /* append: of the room if the store does not know it yet */
	struct store_retention retention; /* of the room's class */
	uint64_t now_ms;                  /* wall clock: what is older than now_ms - retention.age_ms is not kept */
	struct chat_event event;          /* append: all but seq and rev. Of kind mod: kept as any other (key: the act,
					   * data: a JSON object), and not found by search */
	bool moderator;                   /* append of a deletion: the target may be another's */
	bool look;                        /* append with a cid: keep nothing, only say whether it is kept: DUPLICATE or
					   * ABSENT, behind what was given before */
	struct span state;                /* append: the room's state from now on, kept in the same transaction; empty
					   * but there: it has none from now on; absent: unchanged */
	enum chat_page_from from;
	uint64_t seq_asked;              /* load page search: as command.seq in a history command */
	uint32_t limit;
	size_t page_bytes;                /* data in a page at most, but at least one event */
	struct span query;

	/* Answered. */
	bool known;             /* load: the store has this room; otherwise first 1, last 0, no epoch, no page */
	uint64_t seq;           /* append: the event's, or that of the first with its cid */
	uint64_t ts_ms;         /* append: likewise */
	uint32_t rev;           /* append of an edit */
	uint64_t first;         /* all but search: the oldest seq kept; last + 1 when none is */
	uint64_t last;          /* load page: the newest seq committed */
	char room_epoch[CHAT_EPOCH_SIZE_MAX + 1]; /* load page: text, ends with NUL */
	struct store_state *kept_state; /* load: the room's state, or NULL for none; the holder gives it back */
	struct store_page *page; /* load page search: or NULL for no events; the holder gives it back */
};

#endif
