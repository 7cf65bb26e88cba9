/* session.h - the conversation with a server, over as many connections as it takes.
 *
 *   WAITING --try_ns--> connect, hello, joins --> GREETING --hello's answer--> UP
 *      ^                                              |                         |
 *      +---------------- lost, or closed -------------+-------------------------+
 *                                        | closed for good, or too long without one
 *                                        v
 *                                      OVER
 *
 * It comes back by itself, resumes each room where it was, says again what was
 * not acknowledged. session.c is its life, intake.c what comes in, flow.c what goes out.
 * The owner is told through session_ops; spans borrow until the call returns.
 */
#ifndef CLI_SESSION_H
#define CLI_SESSION_H

#include "proto/json/json_scan.h"
#include "tools/cli/link.h"
#include "tools/cli/room.h"

#ifndef SESSION_ROOMS_MAX /* few for a fuzzer, so that it reaches the limits */
#define SESSION_ROOMS_MAX 128
#define SESSION_ASKS_MAX 256 /* answers awaited, but for those of an outbox */
#endif

enum ask_kind {
	ASK_NONE = 0,
	ASK_HELLO,
	ASK_JOIN,
	ASK_SEND, /* and edit, del, react */
	ASK_HISTORY,
	ASK_PRESENCE,
	ASK_SEARCH,
	ASK_MOD,
};

struct ask {
	enum ask_kind kind;
	uint64_t id;
	struct room *room;
	uint64_t since_ns;
};

/* One of two: ok is the object, or code is there. */
struct answer {
	struct span ok;
	struct span code; /* unescaped, but of the server's making */
	struct span message;
	uint64_t retry_ns; /* a refusal of now: the same may be asked again after so long; 0: no */
};

struct session_ops {
	/* An event of the room, or a notice about it, as the server sent it. room may be NULL. */
	void (*on_event)(void *owner, struct room *room, struct span event);
	/* The room's copy so far is of no worth: reason is the protocol's, "epoch" or "gap". */
	void (*on_gap)(void *owner, struct room *room, struct span reason);
	/* Only answers that decide something: after a refused join the room is free. */
	void (*on_answer)(void *owner, enum ask_kind kind, struct room *room, const struct answer *answer);
	/* A question, or an act that may be done or not, was under way when the connection was lost, or we gave up. */
	void (*on_unanswered)(void *owner, enum ask_kind kind, struct room *room);
	/* We are in the room no more, which an event has told, and all asked there is answered; then it is free. */
	void (*on_removed)(void *owner, struct room *room);
	/* The connection came or went, for people. */
	void (*on_status)(void *owner, const char *line);
};

enum session_phase {
	SESSION_WAITING = 0,
	SESSION_GREETING,
	SESSION_UP,
	SESSION_OVER,
};

struct session {
	const struct session_ops *ops;
	void *owner;
	const struct url *url;
	const char *name;
	const char *token;        /* shown instead; NULL: none */
	uint64_t timeout_ns;      /* without a connection, or what we wait for on one; 0: for ever */
	bool whole;               /* what a room had when we joined is waited for, all of it */
	bool patient;             /* once there was a connection, wait for the next one, and answers, for ever */
	bool leaving;             /* nothing more is asked: not even who is patient waits for answers for ever */
	char producer[23];
	enum session_phase phase;
	char why[320];            /* it is over */
	struct link link;
	uint64_t next_id;
	uint32_t attempts;        /* in a row */
	uint64_t try_ns;
	uint64_t lost_ns;         /* since when there is no connection */
	uint64_t up_ns;           /* when hello was answered; 0: never yet */
	uint64_t leave_ns;        /* a notice says to come back then; 0: no */
	uint64_t pinged_ns;       /* our ping is under way since; 0: none is */
	uint64_t progress_ns;     /* the last acknowledgement */
	uint64_t answered_ns;     /* the last answer of any kind */
	uint64_t ping_s;          /* as hello's answer says, these four */
	uint64_t data_size_max;
	uint64_t rooms_max;
	uint64_t sends;
	bool unread;              /* a message was that, which is said once */
	double tokens;            /* sends that may go now */
	uint64_t tokens_ns;
	uint32_t window;          /* sends that may be under way, since one was refused for now; 0: all */
	uint32_t taken;           /* at this window */
	char refused[64];         /* why a send was, for now, since one was taken; for people */
	uint64_t paused_ns;       /* the server asked to wait until then */
	struct room rooms[SESSION_ROOMS_MAX];
	struct ask asks[SESSION_ASKS_MAX];
};

void session_init(struct session *session, const struct session_ops *ops, void *owner, const struct url *url,
		  const char *name);
void session_free(struct session *session);

/* Wants to be in the room from now on. The name is valid and not there yet.
 * Returns it, NULL when there are too many. */
struct room *session_join(struct session *session, const char *name, uint32_t limit, bool quiet);

/* Out of the room at once; what its outbox holds is forgotten. The second: the server knows already. */
void session_leave(struct session *session, struct room *room);
void session_forget(struct session *session, struct room *room);

/* NULL when there is none of that name. */
struct room *session_room(struct session *session, struct span name);

/* Says something; not when the room's outbox is full. See outbox_put. */
void session_say(struct session *session, struct room *room, const char *op, struct span members, size_t data_size);

/* Asks something else now: members begin with a comma. Returns false when there is no connection, or so much is
 * awaited already. */
bool session_ask(struct session *session, enum ask_kind kind, const char *op, struct room *room, const char *members);

/* Nanoseconds until one who asks without looking may ask again: all is answered, and an act is within the pace.
 * UINT64_MAX: not by waiting. */
uint64_t session_hold_ns(const struct session *session);

/* What is due: connects (and blocks for it), pings, gives up. */
void session_turn(struct session *session, uint64_t now);

/* What the socket has brought, when poll says so. */
void session_receive(struct session *session, uint64_t now);

/* Milliseconds until session_turn has something to do, at most a minute. */
int session_wait_ms(const struct session *session, uint64_t now);

/* How many entries of outboxes are not acknowledged. */
size_t session_unacknowledged(const struct session *session);

/* Ends it: says goodbye to the server. */
void session_end(struct session *session);

/* Between the files of the session; flow_pump also for a turn that says more than once. */

/* Sends a command whose answer is of that kind; room may be NULL. False: so many answers are awaited. */
bool flow_command(struct session *session, enum ask_kind kind, const char *op, struct room *room, struct span members);
void flow_hello(struct session *session, uint64_t now);

/* Sends the joins and sends that may go. */
void flow_pump(struct session *session, uint64_t now);

/* A send was refused for now: from here on one at a time. One was taken: after some of these, one more at a time. */
void flow_refused(struct session *session);
void flow_taken(struct session *session);

/* Nanoseconds until flow_pump can send more of what waits; UINT64_MAX: not by waiting. */
uint64_t flow_wait_ns(const struct session *session, uint64_t now);

/* One message of the server's. */
void intake_message(struct session *session, struct span text, uint64_t now);

/* The connection is no more, for the code's reason. */
void session_lost(struct session *session, int code, uint64_t now);

/* What is asked and not answered yet never will be. */
void session_unanswered(struct session *session);

/* Nothing is open any more in a room that we were put out of. */
void session_removed(struct session *session, struct room *room);

/* Gives up: why is for people. */
void session_give_up(struct session *session, const char *why);

#endif
