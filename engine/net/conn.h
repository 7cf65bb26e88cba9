/* conn.h - a connection: a socket that receives, sends and ends, whatever is spoken on it.
 *
 *	            conn_finish()                drained and (EOF, quiet or linger_ms)
 *	  OPEN ------------------> FINISHING ---------------------------+
 *	   |  conn_abort(), error      | conn_abort(), error            v
 *	   +---------------------------+-----------------------> CANCELLING
 *	                                                                | receive over, send over
 *	                     FREE <------------ CLOSING <---------------+
 *	                          RING_CLOSED
 *
 * Closing is a join: the memory that the kernel reads or writes is given back
 * only when it has said so. Where addresses are counted nothing is received before the
 * address is known and judged. A conn is at the index of its ring slot and never moves.
 * What it tells upward are the three calls of conn_ops; none of them may be answered by
 * freeing anything: conn_abort() and conn_finish() only mark.
 */
#ifndef NET_CONN_H
#define NET_CONN_H

#include "engine/core/ahead.h"
#include "engine/core/counters.h"
#include "engine/core/segment.h"
#include "engine/core/timers.h"
#include "engine/net/address.h"

struct conn;
struct net;

struct conn_ops {
	/* Bytes came; they may be written to and are gone on return. Still called while finishing. */
	void (*on_bytes)(void *context, struct conn *conn, uint8_t *bytes, size_t size);
	/* The kernel took all that was in flight: the next flight may be planned. Called while open or finishing. */
	void (*on_drained)(void *context, struct conn *conn);
	/* The connection is over for its owner: last call, exactly once. The kernel may still hold it for a while. */
	void (*on_closed)(void *context, struct conn *conn);
};

struct net_limits {
	uint32_t connections_max;   /* this core */
	struct address_limits address;
	uint64_t queue_bytes_max;   /* private bytes a connection may have waiting */
	uint32_t linger_ms;         /* how long a finishing connection waits for the peer to end */
	bool peer_address;          /* the ring can tell addresses */
};

/* What a finishing connection waits for once all is sent; each waits less than the one before. A socket that is closed
 * with bytes to be read is reset, and with it go our last words: QUIET discards what a peer sends that does not know.
 */
enum conn_end { CONN_END_PEER, CONN_END_QUIET, CONN_END_SENT };

enum conn_state { CONN_FREE, CONN_OPEN, CONN_FINISHING, CONN_CANCELLING, CONN_CLOSING };

/* One send in flight: pieces of segments, each held. */
struct flight {
	struct iovec pieces[RING_PIECES_MAX];
	struct segment *held[RING_PIECES_MAX];
	uint32_t count, at;
	uint32_t bytes; /* planned in all */
	uint32_t own;   /* of these, this connection's alone */
	bool appendable; /* the last piece ends a segment that nobody else writes to or sends */
};

struct conn {
	uint8_t state;
	bool receiving : 1, sending : 1, asking : 1; /* what the kernel still owes an answer to */
	uint8_t end;            /* enum conn_end, once FINISHING */
	uint8_t verdict;        /* enum address_verdict: whether its address has too many */
	bool held : 1;          /* its address is being judged: nothing is received yet */
	bool settled : 1;       /* conn_settle() */
	bool paused : 1;        /* conn_pause() */
	bool ended : 1;         /* the peer has, meanwhile */
	bool exempt : 1;        /* of the limits on addresses */
	bool fed : 1;           /* bytes of it came: net->fed has it */
	uint32_t slot;
	uint32_t generation;    /* tells this use of the slot from an earlier one */
	uint32_t address;       /* entry of net->addresses, 0: not counted */
	uint32_t finish_ms;     /* low bits of when FINISHING began */
	uint64_t network;       /* address_network(), 0 while unknown */
	struct segment *first, *last; /* what waits for this member alone */
	uint32_t offset;        /* bytes of first already planned */
	uint32_t queued;        /* bytes in the chain not yet planned */
	uint64_t progress_ms;   /* when the kernel last took bytes, or a flight began */
	struct flight *flight;
	struct timer timer;     /* the owner's while open, ours while finishing */
};

struct net {
	struct ring *ring;
	struct conn *conns;     /* by slot */
	uint32_t conns_max;
	uint32_t *fed;          /* slots */
	uint32_t fed_count;
	uint32_t open;          /* not FREE */
	struct slab flights;
	struct segment_pool *segments;
	struct timers *timers;
	struct counters *counters;
	struct addresses addresses;
	struct net_limits limits;
	const struct conn_ops *ops;
	void *context;
	uint64_t now_ms;        /* of this turn */
};

/* Keeps ring, segments, timers, counters, ops. Returns 0 or -ENOMEM. */
int net_open(struct net *net, const struct net_limits *limits, struct ring *ring, struct segment_pool *segments,
	     struct timers *timers, struct counters *counters, uint64_t hash_key);
void net_close(struct net *net);

/* Other limits from now on: of addresses, of what waits for a connection, of how long it may take to end. */
void net_adopt(struct net *net, const struct net_limits *limits);

/* Runs one completion. Gives the new conn when it was a RING_ACCEPTED, otherwise NULL. */
struct conn *net_event(struct net *net, const struct ring_event *event);

/* All completions of a turn are run: who was given bytes is received of again, behind those who found no buffer for
 * theirs. To be called in every turn. */
void net_events_over(struct net *net);

/* Some are left for the next turn, which is not to wait. */
static inline bool net_has_fed(const struct net *net)
{
	return net->fed_count > 0;
}

static inline struct conn *net_conn(struct net *net, uint32_t slot)
{
	return &net->conns[slot];
}

/* Asks for its memory, which is needed soon: what the kernel did since has taken its place in the caches. */
AHEAD_INLINE void net_ahead(struct net *net, uint32_t slot)
{
	const struct conn *conn = net_conn(net, slot);

	ahead(conn);
	ahead(&conn->flight);
}

static inline bool conn_is_open(const struct conn *conn)
{
	return conn->state == CONN_OPEN;
}

/* Whether what it sends is of any use. */
static inline bool conn_is_read(const struct conn *conn)
{
	return conn->state == CONN_OPEN || conn->state == CONN_FINISHING;
}

/* Asks for the peer's address, if that is possible and not known: RING_PEER follows, also if it is closed meanwhile. */
void conn_ask(struct net *net, struct conn *conn);

/* Its owner has seen it say something whole: it is half open no longer. */
void conn_settle(struct net *net, struct conn *conn);

/* Soon nothing more is received, so that TCP tells the peer to wait; until then bytes come as ever. An end of the peer
 * is acted on when it is resumed, for what came before it may not have been read. */
void conn_pause(struct net *net, struct conn *conn);
void conn_resume(struct net *net, struct conn *conn);

/* Sends what is queued, then closes: PEER when the peer ends, QUIET when nothing came from it for a while, SENT as soon
 * as all is sent; the first two after linger_ms at the latest. May be called again to wait less. */
void conn_finish(struct net *net, struct conn *conn, enum conn_end end);

/* Closes without sending anything more. */
void conn_abort(struct net *net, struct conn *conn);

/* The timer of a conn that is not open went off. */
void conn_linger_over(struct net *net, struct conn *conn);

#endif
