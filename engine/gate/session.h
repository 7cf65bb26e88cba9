/* session.h - who is on a connection, and what is being spoken with them.
 *
 *	HEAD --upgraded--> HELLO --hello--> LIVE
 *	  |  plain HTTP stays in HEAD   |      |       (in a test mode HEAD --upgraded--> ECHO instead)
 *	  |  HEAD <--> API while an answer of the HTTP API is awaited: gate/api_ops.h
 *	  +------------> OVER <---------+------+   our last words are said; what comes is ignored but for a Close
 *
 * A session is at the index of its connection, and as long-lived.
 */
#ifndef GATE_SESSION_H
#define GATE_SESSION_H

#include "engine/auth/identity.h"
#include "engine/chat/quota.h"
#include "engine/chat/room_class.h"
#include "engine/gate/codec.h"
#include "proto/chat/command.h"
#include "proto/ws/ws_assembly.h"

struct gate;
struct conn;
struct hold;
struct waiter;

struct session_limits {
	uint32_t handshake_ms;   /* for a whole request head */
	uint32_t hello_ms;
	uint32_t message_ms;     /* for a whole message from its first byte; 0: no limit */
	uint32_t ping_ms;        /* silence after which we ask */
	uint32_t pong_ms;        /* silence after that which ends it */
	uint32_t slow_ms;        /* no byte taken by the peer */
	uint32_t drain_ms;       /* over which reconnections are spread at a restart */
	uint32_t rooms_max;      /* a connection */
	uint32_t sends_per_s;    /* send edit del react; 0: no limit */
	uint32_t send_burst;
	uint32_t bytes_per_s;    /* of what is sent; 0, or no rate of sends: no limit */
	uint32_t byte_burst;
	uint32_t user_times;     /* so many times a connection's rates has a user; 0: no limit */
	uint32_t network_times;  /* and a network */
	uint32_t commands_per_s; /* all others; 0: no limit */
	uint32_t command_burst;
	uint32_t rooms_per_s;    /* joined that this core does not know yet; 0: no limit */
	uint32_t room_burst;
	uint32_t pings_per_s;    /* of WebSocket; 0: no limit */
	uint32_t ping_burst;
	uint32_t fragments_per_s; /* and control frames; 0: no limit */
	uint32_t fragment_burst;
	uint32_t data_size_max;  /* at most CHAT_DATA_SIZE_MAX */
	uint32_t frame_size_max; /* a whole message from a client; at most CHAT_FRAME_SIZE_MAX, but for echo */
	const char *token_cookie; /* keeps; the cookie that may have a token; NULL or empty: none */
	bool token_in_url;       /* ?token= is looked at */
	const char *origins;     /* keeps; whose pages may connect: http_origin_is_allowed(). NULL: same */
	bool echo;               /* a test mode: gate/echo.h */
	const struct api_keys *metrics_keys; /* keeps; /metrics is for who has one of scope metrics. NULL: for all */
	uint32_t answer_ms;      /* for an answer of the HTTP API */
	const struct room_classes *classes; /* keeps; NULL: all rooms are as by default */
};

/* Why a request is refused: rows of tbl/refusals.h. */
enum refusal {
	REFUSED_NOT = 0,
#define REFUSAL(name, status, counter, fields, text) REFUSED_##name,
#include "engine/gate/tbl/refusals.h"
#undef REFUSAL
	REFUSAL_COUNT,
};

enum session_phase {
	SESSION_NONE,
	SESSION_HEAD,
	SESSION_API,
	SESSION_HELLO,
	SESSION_LIVE,
	SESSION_ECHO,
	SESSION_OVER,
};

/* What few connections ever need. */
struct session_rare {
	struct quota pings, fragments;
	struct waiter *waiter;   /* it waits for its turn, with bytes that were not read: gate/ration.h */
	bool costly;             /* what came last had to wait */
	struct hold *hold;       /* commands that wait for somebody outside: gate/hook.h */
	uint64_t vouched_ms;     /* wall clock: until when they have said who this is; 0: no such word */
	bool owes_pong;          /* the newest ping is not answered yet, because a send was under way */
	uint8_t pong_size;
	uint8_t pong[125];
};

struct session {
	uint8_t phase;           /* enum session_phase */
	uint8_t user_size;
	uint8_t reason;          /* enum chat_close, once over */
	uint8_t refusal;         /* enum refusal: what the first request is answered with, whatever it is */
	bool websocket : 1;      /* upgraded */
	bool answered : 1;       /* a request before this one */
	bool pinged : 1;         /* we asked, and nothing was heard since */
	bool leaving : 1;        /* told to reconnect; its timer closes it */
	bool expiry_told : 1;    /* that its token ends soon */
	bool fetching : 1;       /* a page is on its way */
	bool shared : 1;         /* gate/rates.h: what its user has used is looked at */
	bool rooms_full : 1;     /* its user is in as many rooms as may be */
	uint8_t user_cores;      /* on how many cores its user is */
	uint8_t offence_first, offence_last; /* rule + 1: to be told when the peer's address is known */
	uint16_t refusals;       /* commands over the rate, decaying; too many end it */
	struct codec_terms terms; /* of compression */
	uint32_t bytes_spent;    /* as struct quota has it, since sends.stamp_ms */
	uint32_t heard_ms;       /* low bits of when bytes last came */
	uint32_t begun_ms;       /* ... of when the message that is not whole began; 0: there is none */
	uint8_t *user;           /* block of user_size */
	struct identity *identity; /* block, of a token; NULL: a guest, or nobody yet */
	uint32_t user_next, user_prev; /* gate/users.h: session + 1 */
	struct quota sends, commands, openings;
	struct session_rare *rare; /* block, from its first use */
	union {
		struct api_request *api; /* not upgraded: while a body or an answer is awaited (gate/api_ops.h) */
		struct ws_assembly *assembly; /* upgraded: block, while a message or control frame is not whole */
	};
	struct ws_buffer buffer; /* a head or message that is not whole yet; a block of its capacity */
};

/* The connection is new. */
void session_open(struct gate *gate, struct conn *conn);

/* Says a Close with this reason (WebSocket), leaves all rooms, and lets the connection finish. */
void session_close(struct gate *gate, struct conn *conn, enum chat_close reason);

/* The peer closed with this code, WS_CLOSE_NONE for none: it gets the same back (RFC 6455, 5.5.1). */
void session_close_back(struct gate *gate, struct conn *conn, uint16_t code);

/* conn_ops: bytes for whichever phase it is in; and the end. */
void session_bytes(struct gate *gate, struct conn *conn, uint8_t *bytes, size_t size);
void session_closed(struct gate *gate, struct conn *conn);

/* What few connections need, from its first use; NULL: the machine has no memory, and what is kept there has no
 * limit. */
struct session_rare *session_rare(struct session *session);

static inline struct hold *session_hold(const struct session *session)
{
	return session->rare ? session->rare->hold : NULL;
}

/* Whether bytes of it wait to be read: then it is not the peer that is silent. */
static inline bool session_waits(const struct session *session)
{
	return session->rare && session->rare->waiter;
}

/* The connection's own memory of what is not whole. Returns 0, or -ENOMEM. */
int session_keep(struct session *session, size_t capacity);
void session_unkeep(struct session *session);

#endif
