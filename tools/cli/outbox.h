/* outbox.h - what has been said in one room and is not acknowledged yet, in order of its cids.
 *
 * A cid is producer:n, n from 1 in each room. At most OUTBOX_MAX lie between the
 * oldest and the newest, which is how far the server promises to know them again.
 */
#ifndef CLI_OUTBOX_H
#define CLI_OUTBOX_H

#include "tools/cli/text.h"

#define OUTBOX_MAX 64

struct outbox_entry {
	uint64_t id;     /* of the command that carried it on this connection; 0: still to be sent */
	bool done;       /* answered, but an older one is not */
	size_t data_size;
	struct text command; /* from the comma behind the id to the closing brace */
};

struct outbox {
	uint64_t first;  /* n of the oldest entry; entries[n % OUTBOX_MAX] */
	uint64_t next;   /* n of the next one that is put in */
	struct outbox_entry entries[OUTBOX_MAX];
};

/* Empty; the first n is 1 or above. */
void outbox_init(struct outbox *outbox, uint64_t first);
void outbox_free(struct outbox *outbox);

static inline bool outbox_is_full(const struct outbox *outbox)
{
	return outbox->next - outbox->first == OUTBOX_MAX;
}

static inline bool outbox_is_empty(const struct outbox *outbox)
{
	return outbox->next == outbox->first;
}

/* Puts a command in, not when full. op is its name; members are those behind
 * room and cid, from the comma on: ,"data":{...}. data_size is that of data, 0 without. */
void outbox_put(struct outbox *outbox, const char *op, const char *room, const char *producer, struct span members,
		size_t data_size);

/* The oldest entry that is still to be sent, NULL when there is none. */
struct outbox_entry *outbox_unsent(struct outbox *outbox);

/* The entry that was sent with this id, NULL when there is none. */
struct outbox_entry *outbox_sent(struct outbox *outbox, uint64_t id);

/* It is answered for good. */
void outbox_done(struct outbox *outbox, struct outbox_entry *entry);

/* The connection is lost: all are to be sent anew. */
void outbox_rewind(struct outbox *outbox);

#endif
