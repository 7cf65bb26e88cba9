/* ring.h - everything outside the thread: sockets, time to sleep, other cores' bells.
 *
 * The seam of the engine: ring_uring.c does it with io_uring, tests/sim/ring_fake.c
 * with a seeded fake. One thread uses a ring and it must be opened by that thread.
 * Nothing here calls back: operations are prepared, ring_collect() submits them all
 * and gives what has completed.
 *
 * A socket is a slot, 0 .. slots_max - 1: an index into the direct descriptor
 * tables of one or several io_uring instances (lanes), because a table may not exceed
 * RLIMIT_NOFILE. A slot is the caller's from RING_ACCEPTED or ring_connect() until RING_CLOSED.
 */
#ifndef CORE_RING_H
#define CORE_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

struct ring;

/* What a ring is for; all else it refuses, where the kernel has restrictions (ring_features). */
enum ring_use {
	RING_SERVES,   /* accepts connections and talks to them */
	RING_CONNECTS, /* the other way round: ring_connect() */
	RING_WAKES,    /* has no socket: it rings bells and is rung */
};

struct ring_limits {
	enum ring_use use;
	uint32_t slots_max;         /* sockets at once; rounded up to whole lanes */
	uint32_t accept_burst;      /* slots a lane keeps free: the listener's backlog */
	uint32_t recv_buffers;      /* a lane at most, a power of two; touched once they are needed */
	uint32_t recv_buffer_size;  /* bytes */
	uint32_t send_zero_copy_min; /* bytes from which SEND_ZC is used; 0: never */
};

/* What the kernel can do, as probed by ring_probe(). */
struct ring_features {
	bool usable;          /* io_uring at all, with what the floor (Linux 6.1) has */
	bool incremental;     /* IOU_PBUF_RING_INC, 6.12 */
	bool peer_address;    /* SOCKET_URING_OP_GETSOCKOPT, 6.7 */
	bool receive_share;   /* a multishot receive can be told after how many bytes it is over */
	bool send_zero_copy;
	bool restrictions;    /* a ring can be held to what it is for; set to false: it is not */
	int error;            /* why not usable: errno */
	char reason[160];     /* one line for people, with what to do */
};

void ring_probe(struct ring_features *features);

enum ring_event_kind {
	RING_ACCEPTED,      /* slot is a new connection */
	RING_ACCEPT_FAILED, /* result: -errno; accepting has stopped until ring_accept() */
	RING_PEER,          /* answer to ring_peer(): result 0 and address, or -errno (-EOPNOTSUPP: never) */
	RING_RECEIVED,      /* result: bytes > 0, 0: the peer has ended, -errno. last: the receive is over */
	RING_SENT,          /* result: bytes taken by the kernel, or -errno. The memory is free again */
	RING_CONNECTED,     /* answer to ring_connect(): result 0 or -errno; the slot is open either way */
	RING_CLOSED,        /* the slot is free; it may be accepted into again at once */
	RING_WOKEN,         /* another core rang, or ring_post(): word */
};

struct ring_address {
	uint8_t bytes[16];    /* IPv6, or IPv4 mapped into it (::ffff:a.b.c.d) */
	uint16_t port;
};

struct ring_event {
	enum ring_event_kind kind;
	uint32_t slot;
	int32_t result;
	bool last;            /* RECEIVED: no more will come; ring_recv() again if wanted (-ENOBUFS, say) */
	union {
		uint8_t *bytes;   /* RECEIVED with result > 0: may be written to; ours again at the next collect */
		uint64_t word;    /* WOKEN */
		struct ring_address address; /* PEER */
	};
};

/* Gives an open ring, or NULL with *error = -errno. */
struct ring *ring_open(const struct ring_limits *limits, const struct ring_features *features, int *error);
void ring_close_all(struct ring *ring); /* frees it and every socket in it */

/* Bytes of memory this takes at the most, for the sum at boot. */
uint64_t ring_bytes_max(const struct ring_limits *limits);
uint32_t ring_slots_max(const struct ring *ring);

/* Accepts from a listening descriptor until stopped or failed, on one lane at a time,
 * and moves on by itself as lanes fill. When none has more than accept_burst slots free, it
 * has failed with -ENFILE. ring_accept_stop() is complete when no further
 * RING_ACCEPTED can come, which is after the next two ring_collect() calls. */
void ring_accept(struct ring *ring, int listener);
void ring_accept_stop(struct ring *ring);

/* The other way round: of a ring that connects (checked; its accept_burst is 0) the caller gives out the free slots
 * itself. Takes fd, an unconnected socket of the address's family (AF_INET when it is a mapped one), which
 * may be bound; from here it is in the slot and is closed as one, also when RING_CONNECTED says that it failed. */
void ring_connect(struct ring *ring, uint32_t slot, int fd, const struct ring_address *to);

/* RING_PEER follows. At most one question is in flight on a slot (checked). */
void ring_peer(struct ring *ring, uint32_t slot);
void ring_recv(struct ring *ring, uint32_t slot); /* multishot */

/* Sees to it that the receive is over soon, if one is in flight, by -ECANCELED or by what it brings; until then it goes
 * on. After the next ring_recv() that -ECANCELED may still come: it is no error of the socket's. */
void ring_recv_stop(struct ring *ring, uint32_t slot);

/* At most one send is in flight on a slot (checked). The bytes are held until RING_SENT;
 * pieces[] itself is copied. Short results happen. */
#define RING_PIECES_MAX 16
void ring_send(struct ring *ring, uint32_t slot, const struct iovec *pieces, uint32_t count);

/* Ends the receive, the send, the connect in flight: each still completes, with -ECANCELED or its own result.
 * A zero-copy send in flight ends the connection too (its bytes are held until then). */
void ring_cancel(struct ring *ring, uint32_t slot);

/* Closes the socket. Only when no receive, send, connect or question is in flight (checked). RING_CLOSED follows. */
void ring_close(struct ring *ring, uint32_t slot);

/* Where others ring us, and how we ring them: RING_WOKEN arrives there. */
int ring_bell(const struct ring *ring);
void ring_wake(struct ring *ring, int other_bell, uint64_t word);

/* From a thread without a ring (signals): delivers word as RING_WOKEN. Returns 0 or -errno: it is not delivered, nor
 * will be. What it needs is opened by ring_post_open(), before the process may no longer open rings, or else when
 * first used. */
int ring_post_open(void);
int ring_post(int bell, uint64_t word);

/* Submits all that was prepared, waits until something completes or wait_ns is over
 * (0: does not wait; UINT64_MAX: no limit), and gives up to max events. Receive buffers
 * given by the call before go back to the kernel first. */
size_t ring_collect(struct ring *ring, struct ring_event *events, size_t max, uint64_t wait_ns);

/* For tests and metrics. */
struct ring_stats {
	uint64_t submitted, completed, enters, no_buffers, overflows;
	uint32_t lanes, slots_used;
};
void ring_stats(const struct ring *ring, struct ring_stats *stats);

#endif
