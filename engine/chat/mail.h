/* mail.h - what cores tell each other: commands to a room's home, and events and answers back.
 *
 * A mail is one piece of memory with pointers into itself. It is read where it was
 * written, so it is never copied on the way.
 */
#ifndef CHAT_MAIL_H
#define CHAT_MAIL_H

#include "proto/chat/event.h"

enum mail_kind {
	MAIL_BLOCK,   /* the mail is elsewhere: struct mail_block */
	MAIL_COMMAND, /* to the home core */
	MAIL_EVENT,   /* from it, to every core with members */
	MAIL_REPLY,   /* from it, to the core that asked */
	MAIL_PAGE,    /* from it, answer to a fetch */
	MAIL_COUNT,    /* of a user, to its home: gate/user_count.h */
	MAIL_STANDING, /* from it, to the cores where the user is */
	MAIL_USER,    /* about a user, to every core: gate/user_acts.h */
	MAIL_ASK,     /* what a core has, from another that lists it: api/api_list.h */
	MAIL_TOLD,    /* the answer */
};

struct mail {
	enum mail_kind kind;
};

struct mail_block {
	struct mail mail;
	struct mail *block;
	size_t size;
};

/* Who asked: a session on a core, and the cursor it concerns, with the stamp of this use of it. Of a request of the
 * HTTP API: outside, no cursor, and the request's serial as the stamp. */
struct mail_origin {
	uint32_t core;
	uint32_t slot, generation;
	uint32_t cursor, stamp;
	uint32_t heard_us; /* low bits of when it was read: gate/latency.h; 0: how long it took is not told */
	bool outside;
};

/* Asked of a room for a member that is behind; no client can ask it. */
#define MAIL_OP_FETCH CHAT_OP_COUNT

/* Asked from outside: where the room stands and how many are there (answered as presence is, without users); its users
 * from one on (command.query, or the first), command.limit of them. */
#define MAIL_OP_ABOUT (CHAT_OP_COUNT + 1)
#define MAIL_OP_MEMBERS (CHAT_OP_COUNT + 2)

/* A member may moderate from now on, or no longer: its rights say so. Nothing is answered. */
#define MAIL_OP_RIGHTS (CHAT_OP_COUNT + 3)

struct mail_command {
	struct mail mail;
	uint32_t op; /* enum chat_op, or MAIL_OP_FETCH (command.seq: the last seq the member has) */
	struct mail_origin origin;
	uint64_t room_hash;
	bool last_here;  /* leave: the core has no member of the room left */
	bool outside;    /* asked by the API, not by a member: the roster is not asked */
	uint8_t rights;  /* of who asks, in this room: enum chat_right */
	struct span user;
	struct chat_command command;
	uint8_t bytes[];
};

struct mail_event {
	struct mail mail;
	uint64_t room_hash;
	struct mail_origin author; /* of logged kinds */
	struct chat_event event;
	uint8_t bytes[];
};

struct mail_reply {
	struct mail mail;
	uint32_t op;
	struct mail_origin origin;
	uint64_t room_hash;
	struct span user;        /* of a join: the member may be gone when the answer comes */
	uint64_t after;          /* of a join that resumes: what the member has */
	struct chat_reply reply; /* page.room is always there */
	uint8_t bytes[];
};

struct mail_page {
	struct mail mail;
	struct mail_origin origin;
	uint64_t room_hash;
	uint64_t after;        /* as asked */
	struct chat_page page; /* page.more: there is more to fetch before the live events */
	uint8_t bytes[];
};

enum mail_user_act {
	MAIL_USER_END,    /* end the user's connections */
	MAIL_USER_BAN,    /* to the user's home: every core is to have this ban */
	MAIL_USER_BANNED, /* from it */
};

struct mail_user {
	struct mail mail;
	uint8_t act;       /* enum mail_user_act */
	uint8_t reason;    /* END: enum chat_close */
	uint64_t until_ms; /* BAN, BANNED: of the wall clock; 0: no longer */
	struct span user;
	uint8_t bytes[];
};

/* origin is outside, and is who waits for the list. */
struct mail_ask {
	struct mail mail;
	struct mail_origin origin;
	uint8_t what;      /* enum api_list_kind */
	uint32_t from;     /* where to go on; 0: at the beginning */
	uint32_t limit;    /* items, at most */
	struct span text;  /* rooms whose names begin so; the user */
	uint8_t bytes[];
};

struct mail_told {
	struct mail mail;
	struct mail_origin origin;
	uint32_t next;     /* where to go on; 0: that was all */
	uint32_t count;
	struct span items; /* JSON values with commas between them */
	uint8_t bytes[];
};

struct mail_count {
	struct mail mail;
	uint32_t core;
	uint32_t slot, generation; /* of one who came */
	int32_t connections, rooms; /* so many more */
	bool present;              /* the core has a connection of the user */
	uint64_t id;               /* of the hello, where it is not answered yet */
	uint64_t hash;             /* of the user's name */
};

struct mail_standing {
	struct mail mail;
	bool refused;              /* this connection is one too many */
	bool rooms_full;           /* otherwise of all: no more rooms */
	uint8_t cores;             /* on which the user is */
	uint32_t slot, generation; /* refused */
	uint64_t id, hash;
};

/* What a few bytes ask for and many answer. */
static inline bool mail_is_answered_at_length(uint32_t op)
{
	return op == CHAT_OP_join || op == CHAT_OP_history || op == CHAT_OP_presence || op == CHAT_OP_search ||
	       op == MAIL_OP_MEMBERS;
}

#endif
