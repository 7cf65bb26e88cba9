/* sendq.h - what goes out on a connection: a private chain of segments, and one flight at a time.
 *
 * Bytes for one connection alone are written into its chain; bytes shared by
 * many stay in their own segments. A flight gathers both, private ones first, and holds
 * every segment it reads until the kernel has taken all of it.
 */
#ifndef NET_SENDQ_H
#define NET_SENDQ_H

#include "engine/net/conn.h"
#include "proto/base/span.h"

/* Gives `size` contiguous bytes at the end of the chain to be written to, or NULL
 * when the connection's queue or the pool is full, or size > SEGMENT_BYTES_MAX. */
uint8_t *sendq_reserve(struct net *net, struct conn *conn, size_t size);

/* The first `size` bytes of the reservation are to be sent. */
void sendq_commit(struct conn *conn, size_t size);

/* Copies. Returns 0, or -ENOBUFS. */
int sendq_put(struct net *net, struct conn *conn, const void *bytes, size_t size);

/* Nothing waits for this connection alone. */
static inline bool sendq_is_empty(const struct conn *conn)
{
	return conn->queued == 0 && !conn->flight;
}

/* More waits for this connection alone than a few short answers: it takes less than it asks for. */
#define SENDQ_SHORT (8 * 1024)
static inline bool sendq_is_long(const struct conn *conn)
{
	return conn->queued + (conn->flight ? conn->flight->own : 0) > SENDQ_SHORT;
}

/* Copies a whole answer of any size, of which more may wait than of others where nothing does yet. Returns 0; -ENOBUFS:
 * it may not wait, and nothing was put; -ENOMEM: the pool ended on the way. */
int sendq_put_answer(struct net *net, struct conn *conn, struct span head, struct span body);

/* Starts planning: takes a flight with the private bytes in it. NULL when one is under
 * way, the conn is past sending, or none is to be had. */
struct flight *sendq_plan(struct net *net, struct conn *conn);

/* Adds bytes of a segment, holding it; up to FLIGHT_COPY_MAX right behind private ones are copied to them, where there
 * is room. Returns false when the flight is full. */
#define FLIGHT_COPY_MAX 1024
bool flight_add(struct flight *flight, struct segment *segment, const uint8_t *bytes, size_t size);

/* Ends planning: submits, or gives the flight back when nothing was planned. */
void sendq_fly(struct net *net, struct conn *conn, struct flight *flight);

/* The kernel took result bytes, or failed. Returns true when the flight is over. */
bool sendq_sent(struct net *net, struct conn *conn, int32_t result);

/* Lets go of everything that is queued and not in flight. */
void sendq_forget(struct net *net, struct conn *conn);

#endif
