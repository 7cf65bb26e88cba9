/* client.h - one connection of the generator, and what the files of a worker share.
 *
 *	FREE --client_connect()--> CONNECTING --> UPGRADING --> HELLO --> JOINING --> LIVE
 *	 ^                             |  connect   |  101       |  READY   |  all joins |
 *	 |                             |            |            |          |  answered  |
 *	 +-- ENDING <------ CLOSING <--+------------+------------+----------+------------+
 *	                       cancelled, and closed once the kernel holds nothing of it
 *
 * A client's number in its worker is its slot in the ring.
 *
 *	worker.c         the turn, phases, figures
 *	client.c         the machine above
 *	intake.c         bytes received: upgrade, frames, messages
 *	unpack.c         messages that come compressed
 *	outbox.c         bytes to be sent: one send a turn, one in flight
 *	rooms.c          joins, deliveries, the audit's tracks
 *	traffic.c        publishers and when they publish: traffic_closed.c, traffic_open.c
 *	resume.c         who comes back is given what it missed
 *	unrest.c         heartbeats, churn, the storm
 *	crowd.c          who is who
 */
#ifndef LOAD_CLIENT_H
#define LOAD_CLIENT_H

#include "engine/core/random.h"
#include "engine/core/ring.h"
#include "proto/ws/ws_assembly.h"
#include "tools/load/crowd.h"
#include "tools/load/frames.h"
#include "tools/load/unpack.h"
#include "tools/load/worker.h"

#define NOBODY UINT32_MAX

enum client_phase {
	CLIENT_FREE,
	CLIENT_CONNECTING,
	CLIENT_UPGRADING,
	CLIENT_HELLO,
	CLIENT_JOINING,
	CLIENT_LIVE,
	CLIENT_CLOSING, /* waits for what the kernel holds */
	CLIENT_ENDING,  /* the close itself is under way */
};

#define CLIENT_RECEIVING 0x01
#define CLIENT_DIRTY     0x02
#define CLIENT_COMES_BACK 0x04 /* after it is closed */
#define CLIENT_LEAVING   0x08 /* closes once all is sent */
#define CLIENT_PENDING   0x10 /* in the list of those who wait for an answer */
#define CLIENT_PUBLISHES 0x20
#define CLIENT_RETURNS   0x40 /* it stood before: the storm's or churn's */
#define CLIENT_CONNECTS  0x80 /* the kernel is at it */

struct bytes {
	uint8_t *bytes;
	uint32_t size, capacity;
};

struct client {
	struct dialect_state state;
	struct ws_assembly assembly;
	struct ws_buffer partial; /* of a message or an answer, while it is in pieces */
	struct bytes rest;        /* what a stream has not brought whole */
	struct bytes out, flying;
	uint32_t flown;
	uint32_t messages;        /* open loop: put into `out` this turn, */
	uint64_t intended_ns;     /* and when the first of them should have gone */
	uint64_t since_ns;        /* when what is awaited was begun */
	uint32_t before, after;   /* in the list of those who wait, or one of the queues */
	uint32_t first_room;
	uint32_t producer;        /* one that publishes: its number, the last of them if it has several */
	uint16_t joins_asked, joins_answered;
	uint16_t frame;           /* slot of the last one that came */
	uint8_t phase;            /* enum client_phase */
	uint8_t flags;
	bool deflate;             /* agreed: what comes may be compressed */
};

struct queue {
	uint32_t first, last;
};

struct producer {
	uint32_t client;    /* NOBODY: not here */
	uint32_t number;    /* last sent */
	uint32_t first;     /* of the batch under way */
	uint32_t awaiting;  /* closed: deliveries of it; echo, ack: messages */
	uint32_t due;       /* echo, ack: to be sent */
	bool ready;
	uint64_t stirred_ns;
};

struct worker {
	struct run_stats *run;
	struct worker_stats *mine;
	const struct scenario *scenario;
	const struct target *target;
	uint32_t index;
	struct crowd crowd;
	struct ring *ring;
	struct random random;
	uint64_t nonce_key;

	struct client *clients;
	uint32_t count;          /* members and outsiders */
	uint32_t begun;          /* members that were connected at least once */
	uint32_t outsiders_begun;
	uint32_t connecting;     /* up to HELLO */
	uint32_t live;
	uint32_t busy;           /* have bytes to be sent */
	struct queue pending;    /* wait for an answer, longest first */
	struct queue joining;    /* have joins to ask for */
	struct queue returning;  /* are to be connected again */
	uint32_t joins_open;
	uint64_t connect_failures; /* before those now coming back */
	uint64_t bytes_received, received; /* of this turn */
	bool spread;             /* connections over several source addresses */
	uint32_t *dirty, dirty_count;

	struct audit *audit;
	uint64_t *in_room;       /* a bit for each membership */
	uint32_t *present;       /* members in each room */
	uint32_t *gaps;          /* by membership: so many are left out, the server said, and not yet found missing */
	uint64_t gap_count;      /* memberships that have such */
	uint64_t corrupted, foreign;
	struct resume *resume;   /* or NULL */
	bool goes_on;            /* the join at hand takes up its tracks again */
	bool catching_up;        /* what is delivered now was missed: its latency says nothing */
	struct frames frames;
	bool keep_frames;
	struct unpack unpack;
	uint64_t compressed, compressed_bytes, inflated_bytes; /* of this turn: messages, as they came, as they are */
	uint64_t same_intended;  /* deliveries of one intended time, not yet in the histogram */
	uint32_t same_count;
	uint64_t last_delivery_ns; /* or an answer to what was published */

	struct producer *producers; /* by room * publishers_per_room + p */
	uint32_t *own, own_count;   /* those of this worker */
	uint32_t *ready, ready_count;
	uint64_t quota;             /* of messages; 0: none */
	uint8_t *payload, *wire;    /* one message under way to an outbox */
	size_t wire_size;

	enum phase phase;
	uint64_t now;
	uint64_t traffic_start, hold_start, hold_end;
	uint64_t open_sent;         /* open loop: how many of the schedule have been sent */
	uint32_t open_next;         /* in own[] */
	bool nobody;                /* ... was there to send what is due */
	uint64_t heartbeats_sent, churned;
	uint32_t churn_next;
	uint64_t storm_ns;
	uint32_t storm_live;
	uint64_t sampled_ns, looked_ns;
	int schedstat;
};

#define COUNT(worker, field, more) stat_set((worker)->mine->field, (worker)->mine->field + (uint64_t)(more))

static inline const struct dialect *client_dialect(const struct worker *worker, uint32_t index)
{
	const struct target *const target = worker->target;

	return index >= worker->crowd.members && target->publisher ? target->publisher : target->dialect;
}

/* client.c */
void client_connect(struct worker *worker, uint32_t index);
void client_event(struct worker *worker, const struct ring_event *event);
void client_ready(struct worker *worker, uint32_t index);
void client_settled(struct worker *worker, uint32_t index); /* all its joins are answered */
void client_cut(struct worker *worker, uint32_t index);     /* by ourselves */
void client_lost(struct worker *worker, uint32_t index, const char *format, ...) __attribute__((format(printf, 3, 4)));
void client_timeouts(struct worker *worker);
void client_upgraded(struct worker *worker, uint32_t index);
void client_returns(struct worker *worker);
void client_complain(struct worker *worker, const char *format, ...) __attribute__((format(printf, 2, 3)));
void client_wait(struct worker *worker, uint32_t index); /* from now on it waits for an answer */
void queue_push(struct worker *worker, struct queue *queue, uint32_t index);
uint32_t queue_take(struct worker *worker, struct queue *queue);
void queue_remove(struct worker *worker, struct queue *queue, uint32_t index);

/* intake.c */
void intake(struct worker *worker, uint32_t index, uint8_t *bytes, size_t size);
void intake_message(struct worker *worker, uint32_t index, const uint8_t *bytes, size_t size); /* one, whole */
void intake_free(struct client *client);
void intake_request(struct worker *worker, uint32_t index); /* asks for the upgrade */

/* outbox.c */
struct dialect_out outbox_begin(struct worker *worker);
void outbox_end(struct worker *worker, uint32_t index, const struct dialect_out *out);
void outbox_frame(struct worker *worker, uint32_t index, enum ws_opcode opcode, const void *bytes, size_t size);
void outbox_raw(struct worker *worker, uint32_t index, const void *bytes, size_t size);
void outbox_flush(struct worker *worker);
void outbox_sent(struct worker *worker, uint32_t index, int32_t result);
void outbox_free(struct worker *worker, struct client *client);

/* rooms.c */
bool rooms_open(struct worker *worker);
void rooms_ask(struct worker *worker);                 /* for as many joins as may be under way */
void rooms_enter(struct worker *worker, uint32_t index); /* at once: where nothing is asked */
void rooms_ask_outsider(struct worker *worker, uint32_t index);
void rooms_joined(struct worker *worker, uint32_t index, uint32_t room);
void rooms_refused(struct worker *worker, uint32_t index, uint32_t count); /* so many joins, at most those open */
void rooms_left(struct worker *worker, uint32_t index); /* the connection is gone */
void rooms_deliver(struct worker *worker, uint32_t index, const struct payload *payload, uint64_t position);
void rooms_gave_up(struct worker *worker, uint32_t index, uint32_t room); /* it comes back without what it missed */
void rooms_gap(struct worker *worker, uint32_t index, uint32_t room, uint32_t left_out);
void rooms_flush(struct worker *worker);                /* into the histogram */
bool rooms_all_came(const struct worker *worker);       /* what was sent and still can */
void rooms_settle(struct worker *worker);               /* at the end */
uint64_t rooms_membership(const struct worker *worker, uint32_t index, uint32_t room); /* UINT64_MAX: none */

/* traffic.c */
bool traffic_open(struct worker *worker);
void traffic_turn(struct worker *worker);
uint64_t traffic_wait(const struct worker *worker, uint64_t wait_ns);
bool traffic_publish(struct worker *worker, uint32_t id, uint64_t intended_ns);
void traffic_delivered(struct worker *worker, uint32_t index, const struct payload *payload);
/* So many messages are not awaited any more of those under way; gives how many were. */
uint32_t traffic_forgone(struct worker *worker, uint32_t id, uint32_t count);
void traffic_answered(struct worker *worker, uint32_t index); /* a message of this client's, whatever was said to it */
void traffic_watch(struct worker *worker); /* what waits in vain */
bool traffic_over(const struct worker *worker);
void traffic_closed_turn(struct worker *worker);
void traffic_open_turn(struct worker *worker);
void traffic_open_missed(struct worker *worker); /* as late as the hold's end: what was due in it and never sent */

/* unrest.c */
void unrest_turn(struct worker *worker);

#endif
