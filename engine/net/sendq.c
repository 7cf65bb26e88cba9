#include "engine/net/sendq.h"

#include <errno.h>
#include <string.h>

#include "engine/core/check.h"
#include "engine/core/mutant.h"
#include "engine/core/poison.h"

/* One flight's bytes: enough to be coalesced well, little enough to be taken in turns. */
#define FLIGHT_BYTES_MAX (256 * 1024)

#define PAGE (128 * 1024) /* the longest answer, and some */
#define PIECE (16 * 1024) /* of what is longer than a segment */

/* The more do not read, the less each of them may leave: a sixteenth of what is left for all. Where all is little that
 * would be less than a page: one goes while an eighth is left after it. A few short answers always go. So who reads
 * finds room, and rooms' frames do. */
static bool may_wait(const struct net *net, const struct conn *conn, size_t size)
{
	const uint64_t waits = conn->queued + (conn->flight ? conn->flight->own : 0) + size;
	const uint64_t left = net->segments->bytes_max - net->segments->bytes_out;

	if (conn->queued + size > net->limits.queue_bytes_max)
		return false;
	if (waits <= SENDQ_SHORT || waits <= left / 16)
		return true;
	return waits <= PAGE && left >= net->segments->bytes_max / 8 + size;
}

/* What is asked for alone, and long only because the server is large, need not share what is left with all others: it
 * goes while a quarter is left after it. */
static bool may_wait_alone(const struct net *net, const struct conn *conn, size_t size)
{
	const struct segment_pool *pool = net->segments;

	return sendq_is_empty(conn) && size <= net->limits.queue_bytes_max &&
	       pool->bytes_max - pool->bytes_out >= pool->bytes_max / 4 + size;
}

static uint8_t *reserve(struct net *net, struct conn *conn, size_t size)
{
	if (conn->last && conn->last->capacity - conn->last->used >= size)
		return conn->last->bytes + conn->last->used;

	struct segment *segment = segment_take(net->segments, size, size + conn->queued);

	if (!segment)
		return NULL;
	if (conn->last)
		conn->last->next = segment;
	else
		conn->first = segment;
	conn->last = segment;
	return segment->bytes;
}

uint8_t *sendq_reserve(struct net *net, struct conn *conn, size_t size)
{
	return size <= SEGMENT_BYTES_MAX && may_wait(net, conn, size) ? reserve(net, conn, size) : NULL;
}

void sendq_commit(struct conn *conn, size_t size)
{
	CHECK(conn->last && conn->last->used + size <= conn->last->capacity);
	conn->last->used += (uint32_t)size;
	conn->queued += (uint32_t)size;
}

int sendq_put(struct net *net, struct conn *conn, const void *bytes, size_t size)
{
	uint8_t *to = sendq_reserve(net, conn, size);

	if (!to)
		return -ENOBUFS;
	memcpy(to, bytes, size);
	sendq_commit(conn, size);
	return 0;
}

static int put_pieces(struct net *net, struct conn *conn, struct span bytes)
{
	for (size_t at = 0; at < bytes.size;) {
		const size_t room = conn->last ? conn->last->capacity - conn->last->used : 0;
		const size_t most = room > 0 ? room : PIECE, left = bytes.size - at;
		const size_t size = left < most ? left : most;
		uint8_t *to = reserve(net, conn, size);

		if (!to)
			return -ENOMEM;
		memcpy(to, bytes.bytes + at, size);
		sendq_commit(conn, size);
		at += size;
	}
	return 0;
}

int sendq_put_answer(struct net *net, struct conn *conn, struct span head, struct span body)
{
	const size_t size = head.size + body.size;

	if (!may_wait(net, conn, size) && !may_wait_alone(net, conn, size))
		return -ENOBUFS;
	return put_pieces(net, conn, head) == 0 ? put_pieces(net, conn, body) : -ENOMEM;
}

/* Behind private bytes a few shared ones are copied: one piece costs the kernel a tenth less than two. */
static bool append(struct flight *flight, const uint8_t *bytes, size_t size)
{
	if (!flight->appendable || size > FLIGHT_COPY_MAX)
		return false;

	struct segment *segment = flight->held[flight->count - 1];

	if (segment->capacity - segment->used < size)
		return false;
	memcpy(segment->bytes + segment->used, bytes, size);
	segment->used += (uint32_t)size;
	flight->pieces[flight->count - 1].iov_len += size;
	flight->bytes += (uint32_t)size;
	return true;
}

bool flight_add(struct flight *flight, struct segment *segment, const uint8_t *bytes, size_t size)
{
	CHECK(bytes >= segment->bytes && bytes + size <= segment->bytes + segment->used);
	if (append(flight, bytes, size))
		return true;
	flight->appendable = false;
	if (flight->count == RING_PIECES_MAX || (flight->bytes > 0 && flight->bytes + size > FLIGHT_BYTES_MAX))
		return false;
	if (!PLANTED(2)) /* segments are reused while the kernel reads them */
		segment_hold(segment);
	flight->held[flight->count] = segment;
	flight->pieces[flight->count++] = (struct iovec){ (void *)(uintptr_t)bytes, size };
	flight->bytes += (uint32_t)size;
	return true;
}

/* A segment leaves the chain when all of it is planned; the flight still holds it. */
static void plan_private(struct net *net, struct conn *conn, struct flight *flight)
{
	while (conn->first) {
		struct segment *segment = conn->first;
		const uint32_t size = segment->used - conn->offset;

		if (size > 0) {
			if (!flight_add(flight, segment, segment->bytes + conn->offset, size)) {
				flight->own = flight->bytes;
				return;
			}
			conn->offset += size;
			conn->queued -= size;
		}
		conn->first = segment->next;
		if (!conn->first)
			conn->last = NULL;
		conn->offset = 0;
		segment->next = NULL;
		segment_drop(net->segments, segment);
	}
	flight->own = flight->bytes;
	/* The chain has let go of the last segment: what is behind its bytes is the flight's to write to. */
	flight->appendable = flight->count > 0;
}

struct flight *sendq_plan(struct net *net, struct conn *conn)
{
	if (conn->flight || (conn->state != CONN_OPEN && conn->state != CONN_FINISHING))
		return NULL;

	struct flight *flight = slab_take_dirty(&net->flights);

	if (!flight)
		return NULL;
	flight->count = flight->at = flight->bytes = flight->own = 0;
	flight->appendable = false;
	plan_private(net, conn, flight);
	return flight;
}

static void submit(struct net *net, struct conn *conn)
{
	struct flight *flight = conn->flight;

	conn->sending = true;
	ring_send(net->ring, conn->slot, flight->pieces + flight->at, flight->count - flight->at);
	/* What nobody else holds is the kernel's alone. */
	for (uint32_t i = 0; i < flight->count; i++)
		if (flight->held[i]->holds == 1)
			POISON(flight->held[i]->bytes, flight->held[i]->capacity);
}

static void back_from_kernel(const struct flight *flight)
{
	for (uint32_t i = 0; i < flight->count; i++)
		UNPOISON(flight->held[i]->bytes, flight->held[i]->capacity);
}

void sendq_fly(struct net *net, struct conn *conn, struct flight *flight)
{
	CHECK(!conn->flight && !conn->sending);
	if (flight->count == 0) {
		slab_give(&net->flights, flight);
		return;
	}
	conn->flight = flight;
	conn->progress_ms = net->now_ms;
	submit(net, conn);
}

static void flight_end(struct net *net, struct conn *conn)
{
	struct flight *flight = conn->flight;

	for (uint32_t i = 0; i < flight->count; i++)
		if (!PLANTED(2))
			segment_drop(net->segments, flight->held[i]);
	conn->flight = NULL;
	slab_give(&net->flights, flight);
}

static bool advance(struct flight *flight, size_t taken)
{
	while (flight->at < flight->count) {
		struct iovec *piece = &flight->pieces[flight->at];

		if (taken < piece->iov_len) {
			piece->iov_base = (uint8_t *)piece->iov_base + taken;
			piece->iov_len -= taken;
			return false;
		}
		taken -= piece->iov_len;
		flight->at++;
	}
	CHECK(taken == 0);
	return true;
}

bool sendq_sent(struct net *net, struct conn *conn, int32_t result)
{
	CHECK(conn->sending && conn->flight);
	conn->sending = false;
	back_from_kernel(conn->flight);
	counter_add(net->counters, COUNTER_sends, 1);
	if (result > 0) {
		counter_add(net->counters, COUNTER_bytes_out, result);
		conn->progress_ms = net->now_ms;
	}
	const bool retry = result == -EINTR || result == -EAGAIN;
	const bool done = result >= 0 && advance(conn->flight, (size_t)result);

	if (!done && (result > 0 || retry) && (conn->state == CONN_OPEN || conn->state == CONN_FINISHING)) {
		submit(net, conn);
		return false;
	}
	flight_end(net, conn);
	return true;
}

void sendq_forget(struct net *net, struct conn *conn)
{
	while (conn->first) {
		struct segment *segment = conn->first;

		conn->first = segment->next;
		segment->next = NULL;
		segment_drop(net->segments, segment);
	}
	conn->last = NULL;
	conn->offset = 0;
	conn->queued = 0;
}
