/* event.h - what the engine tells a client: events of rooms, and answers to commands.
 *
 * A dialect encodes these. An event never depends on who receives it, so one
 * encoding serves every member. All spans borrow.
 */
#ifndef CHAT_EVENT_H
#define CHAT_EVENT_H

#include "proto/chat/command.h"

enum chat_event_kind {
#define CHAT_EVENT(name, logged) CHAT_EV_##name,
#include "proto/chat/tbl/events.h"
#undef CHAT_EVENT
	CHAT_EVENT_COUNT,
};

struct chat_event {
	enum chat_event_kind kind;
	struct span room;
	struct span from;     /* the author; in/out: the user concerned */
	uint64_t seq;         /* logged kinds: the event's own; read: the mark */
	uint64_t ts_ms;       /* logged kinds: milliseconds since 1970 */
	struct span producer; /* logged kinds; absent without cid */
	uint64_t number;
	struct span data;     /* msg edit: a JSON value, spliced as it is; mod: an object, its members are ours */
	bool deleted;         /* msg: its data was dropped by a later del */
	uint64_t target;      /* edit del react */
	uint32_t rev;         /* edit; msg in the answer to a search: the edit its data is of, 0 for none */
	struct span key;      /* react; mod: the act's name, which is in data too */
	bool on;              /* react */
	uint32_t count;       /* in out count: connections in the room now */
	uint32_t ttl_ms;      /* typing */
};

struct chat_user {
	struct span id;
	uint32_t connections;
};

/* What an acknowledgement means: kept in memory, or on stable storage. */
enum chat_class { CHAT_CLASS_MEMORY, CHAT_CLASS_DISK };

/* Part of a room's log, with where the room stands. */
struct chat_page {
	struct span room;
	struct span epoch;
	uint64_t first; /* the oldest seq kept; last + 1 when none is */
	uint64_t last;  /* the newest seq given by the room */
	bool more;
	const struct chat_event *events; /* ascending by seq */
	uint32_t event_count;
	enum chat_class class;
};

enum chat_resume { CHAT_RESUME_NOT_ASKED, CHAT_RESUME_OK, CHAT_RESUME_EPOCH, CHAT_RESUME_GAP };

enum chat_reply_kind {
	CHAT_REPLY_EMPTY,    /* ok {} */
	CHAT_REPLY_ERROR,
	CHAT_REPLY_HELLO,
	CHAT_REPLY_JOIN,
	CHAT_REPLY_ACK,      /* of send edit del react mod */
	CHAT_REPLY_HISTORY,
	CHAT_REPLY_SEARCH,
	CHAT_REPLY_PRESENCE,
	CHAT_REPLY_TIME,     /* of ping */
};

struct chat_hello {
	struct span conn;
	struct span user;
	struct span server;    /* version */
	uint32_t ping_s;
	uint32_t frame_size_max, data_size_max, rooms_max, page_max, sends_per_s;
};

struct chat_reply {
	enum chat_reply_kind kind;
	uint64_t re;           /* the command's id; 0 when it had none */
	uint64_t time_ms;      /* hello, time; ack: the event's ts */
	enum chat_error error; /* error */
	uint32_t retry_ms;     /* error: 0 when a retry is of no use */
	struct chat_hello hello;
	struct chat_page page; /* join, history; search: room epoch events more; ack: class room epoch last;
				* presence: room */
	bool duplicate;        /* ack: seq and ts are those of the first send */
	enum chat_resume resume;  /* join */
	uint64_t read;         /* join: the user's mark, 0 for none */
	uint8_t rights;        /* join: of the member, enum chat_right */
	uint32_t every_s;      /* join: of a slow room; 0: it is not slow */
	bool locked;           /* join: the room is read-only */
	uint32_t count;        /* join presence: connections in the room */
	bool with_users;       /* join: list the users */
	bool users_more;
	const struct chat_user *users; /* join presence */
	uint32_t user_count;
};

enum chat_notice_kind {
	CHAT_NOTICE_RECONNECT,
	CHAT_NOTICE_LAGGED,
	CHAT_NOTICE_SLOW,
	CHAT_NOTICE_REMOVED, /* the connection is not in the room any more */
	CHAT_NOTICE_EXPIRING, /* what the token says ends soon */
	CHAT_NOTICE_PING,
};

struct chat_notice {
	enum chat_notice_kind kind;
	struct span room;       /* lagged slow removed */
	struct span data;       /* removed: a JSON object, whose members are the notice's */
	uint32_t after_ms;      /* reconnect expiring */
	uint64_t after, next;   /* lagged: the last seq given, and the next that will be */
};

/* The event's wire name, and whether it takes a seq. Static. */
const char *chat_event_name(enum chat_event_kind kind);
bool chat_event_logged(enum chat_event_kind kind);

#endif
