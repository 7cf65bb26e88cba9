/* ration.h - how much of a turn one connection may have: who has had it waits in line with what it sent.
 *
 *	bytes --> gate/inbound --its share is spent--> kept here, in line; nothing more is received of it
 *	               ^                                 |
 *	               +-------- in its turn, a share ---+   nothing left: it is received of again
 *
 * So what a turn costs is bounded whatever compressed messages unpack to, whoever sends little does not wait for those
 * who send much, and TCP tells these to wait. Nothing is lost and nothing overtakes. Cost is counted in bytes that are
 * read; a byte that is unpacked costs several. Who is refused for its rate with a costly message rests a while, for the
 * next one would be unpacked for nothing.
 */
#ifndef GATE_RATION_H
#define GATE_RATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct conn;

#define RATION_MESSAGE 256 /* what a message costs besides its bytes, */
#define RATION_UNPACKED 4 /* and a byte that it was unpacked to, */
#define RATION_ANSWER 8192 /* and a long answer, of which it is not known how long it will be */

struct ration_limits {
	uint32_t share; /* cost that a connection may have at once, and one message more. 0: no limit */
	uint32_t turn; /* of all in a turn, from which on what may be costly waits; and again of those in line */
	uint32_t light; /* bytes that come together and wait for nobody, unless what came before was costly */
	uint32_t costly; /* cost of a message which, refused for its rate, makes its sender rest */
	uint32_t rest_ms; /* 0: nobody rests */
	uint64_t bytes_max; /* kept of all who wait; who finds no room is not made to wait */
};

struct waiter {
	struct waiter *next;
	struct conn *conn; /* NULL: it is over */
	uint8_t *bytes; /* a block */
	size_t at, size, capacity;
	uint64_t until_ms; /* rests; 0: in line, or being served */
};

struct waiter_list {
	struct waiter *first, *last;
};

struct ration {
	struct ration_limits limits;
	struct waiter_list line, resting; /* the latter rest for as long each: the first is the first to have rested */
	struct waiter *served; /* of neither */
	uint32_t waiting; /* connections, of both and the one being served */
	uint64_t bytes; /* kept of these */
	uint64_t spent; /* in this turn, or since the line has its part of it */
	uint64_t own; /* of these by who is read now: */
	uint32_t own_slot; /* slot + 1 */
	uint64_t message; /* cost of the message that runs; 0: none does */
	bool tired; /* it was refused, and is to rest */
	bool behind; /* mail of turns before is still to be run */
};

void ration_open(struct ration *ration, const struct ration_limits *limits);
void ration_close(struct ration *ration); /* all are over */
uint64_t ration_bytes_max(const struct ration_limits *limits);

/* A turn begins: behind, if the one before has left mail. */
static inline void ration_turn(struct ration *ration, bool behind)
{
	ration->spent = 0;
	ration->own_slot = 0;
	ration->behind = behind;
}

/* What came of a connection is about to be read: what else came of it just before counts, too. Or a new share of it. */
static inline void ration_begin(struct ration *ration, uint32_t slot)
{
	if (ration->own_slot != slot + 1)
		ration->own = 0;
	ration->own_slot = slot + 1;
	ration->tired = false;
}

static inline void ration_begin_again(struct ration *ration)
{
	ration->own = 0;
	ration->own_slot = 0;
	ration->tired = false;
}

static inline void ration_charge(struct ration *ration, size_t cost)
{
	ration->own += cost;
	ration->spent += cost;
}

/* A message is about to run: of so many bytes, which were charged for; it was unpacked to so many. */
static inline void ration_message(struct ration *ration, size_t size)
{
	ration->message = RATION_MESSAGE + size;
	ration_charge(ration, RATION_MESSAGE);
}

static inline void ration_unpacked(struct ration *ration, size_t size)
{
	ration->message = RATION_MESSAGE + RATION_UNPACKED * (uint64_t)size;
	ration_charge(ration, ration->message);
}

/* Whether who is read now is to stop. */
static inline bool ration_is_spent(const struct ration *ration)
{
	return ration->limits.share != 0 && (ration->own >= ration->limits.share || ration->tired);
}

/* Whether what may be costly has to wait in line without being looked at. */
static inline bool ration_is_crowded(const struct ration *ration)
{
	return ration->limits.share != 0 &&
	       (ration->line.first || ration->spent >= ration->limits.turn || ration->behind);
}

/* The message that runs is refused for a rate. */
void ration_refused(struct ration *ration);

/* Keeps a copy of what it sent, and puts it at the end of the line, or to rest if it is tired. NULL: there is no
 * room. Then more of it, however much: its receive is about to end. False: there is no memory. */
struct waiter *ration_enter(struct ration *ration, struct conn *conn, const uint8_t *bytes, size_t size,
			    uint64_t now_ms);
bool ration_add(struct ration *ration, struct waiter *waiter, const uint8_t *bytes, size_t size);

/* Whether there is anybody. */
static inline bool ration_has_waiters(const struct ration *ration)
{
	return ration->line.first || ration->resting.first;
}

/* Takes the first of the line, to be served. NULL: it is empty. */
struct waiter *ration_next(struct ration *ration, uint64_t now_ms);

/* What is served goes behind the others, or to rest; or is over and done. */
void ration_again(struct ration *ration, struct waiter *waiter, uint64_t now_ms);
void ration_done(struct ration *ration, struct waiter *waiter);

/* Its connection is over, be it in line, resting or being served. */
void ration_leave(struct ration *ration, struct waiter *waiter);

/* How long until somebody is to be served: 0: now; UINT64_MAX: nobody waits. */
uint64_t ration_wait_ms(const struct ration *ration, uint64_t now_ms);

#endif
