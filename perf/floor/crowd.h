/* crowd.h - the connections of a floor: their upgrade, who is in which room, and who is owed which bytes.
 *
 * The program does the I/O and calls in; a turn is: all that has arrived, then crowd_flush(). Frames are unmasked
 * and get a server's header, nothing else is looked at: fragments are refused with 1003, a ping is answered.
 * A room is a path; in broadcast all are in one, in echo each has its own.
 */
#ifndef FLOOR_CROWD_H
#define FLOOR_CROWD_H

#include "perf/floor/arena.h"
#include "perf/floor/floor.h"

enum conn_state {
	CONN_FREE,
	CONN_HEAD,      /* accepted; its request is awaited */
	CONN_OPEN,
	CONN_FINISHING, /* what it is owed is still sent; then it ends */
	CONN_ENDING,    /* until the turn is over */
	CONN_CLOSING,   /* end() was called; crowd_gone() when the kernel holds nothing more */
};

struct crowd_conn {
	uint8_t state;
	bool receiving;          /* the program's: the kernel has a receive of it */
	bool watched;            /* the program's: waits until it can be written to */
	uint32_t generation;     /* of its slot */
	uint32_t room, place;    /* among the room's members; ROOM_NONE */
	uint32_t published;      /* the last turn in which it did */
	uint32_t flying;         /* bytes of `first` that the kernel is just taking */
	uint32_t owed;           /* bytes, flying ones included */
	uint32_t more_count, more_size;
	struct arena_run first;  /* what is next to be sent */
	struct arena_run *more;  /* and behind it; only the slow have any */
	uint8_t *held;           /* what has come of a head or a frame */
	uint32_t held_used, held_size;
};

#define ROOM_NONE UINT32_MAX

struct crowd_room {
	uint32_t *members, count, size;
	struct arena_run run;             /* this turn's messages */
	uint32_t *senders, frames, frames_size; /* of each of them, where senders are left out */
	bool dirty;                       /* on the list */
	uint32_t path_size;
	uint8_t *path;
};

struct crowd_stats {
	uint64_t accepted, upgraded, messages, deliveries, sends, dropped;
};

struct crowd {
	struct floor_options options;
	struct arena arena;
	struct crowd_conn *conns; /* by slot */
	uint32_t slots, turn;
	struct crowd_room *rooms;
	uint32_t *table, table_mask; /* of paths: room, 0: none */
	uint32_t room_count;
	uint32_t *dirty, dirty_count; /* rooms with messages */
	uint32_t *ending, ending_count;
	struct crowd_stats stats;
	void *program;
	/* Starts to send first.bytes[0..first.size) and sets flying. At once or later the program says crowd_sent(). */
	void (*send)(struct crowd *crowd, uint32_t slot);
	void (*end)(struct crowd *crowd, uint32_t slot);
};

void crowd_open(struct crowd *crowd, const struct floor_options *options, uint32_t slots);

void crowd_accepted(struct crowd *crowd, uint32_t slot);

/* bytes may be written to. */
void crowd_bytes(struct crowd *crowd, uint32_t slot, uint8_t *bytes, uint32_t size);

/* So many of the flying bytes were taken (0: none, try again later). Sends what is left unless the program will. */
void crowd_sent(struct crowd *crowd, uint32_t slot, uint32_t taken, bool send_rest);

/* The peer has ended or failed, or shall: end() follows at the turn's end. */
void crowd_end(struct crowd *crowd, uint32_t slot);
void crowd_gone(struct crowd *crowd, uint32_t slot);

/* A turn's end: every room's messages to its members, and those who shall end do. */
void crowd_flush(struct crowd *crowd);

/* What was done and the CPU time of this process, one line for people and scripts. */
void crowd_report(const struct crowd *crowd);

#endif
