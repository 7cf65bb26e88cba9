/* command.h - what a client may ask of the engine, whatever dialect it speaks.
 *
 * A dialect decodes into a chat_command; nothing behind it knows the wire
 * form. All spans borrow from the decoded text or the decoder's scratch.
 */
#ifndef CHAT_COMMAND_H
#define CHAT_COMMAND_H

#include "proto/base/span.h"
#include "proto/chat/mod.h"

enum chat_op {
#define CHAT_OP(name) CHAT_OP_##name,
#include "proto/chat/tbl/ops.h"
#undef CHAT_OP
	CHAT_OP_COUNT,
};

enum chat_error {
	CHAT_OK = 0,
#define CHAT_ERROR(name, message) CHAT_ERR_##name,
#include "proto/chat/tbl/errors.h"
#undef CHAT_ERROR
	CHAT_ERROR_COUNT,
};

enum chat_close {
#define CHAT_CLOSE(name, code, text) CHAT_CLOSE_##name,
#include "proto/chat/tbl/closes.h"
#undef CHAT_CLOSE
	CHAT_CLOSE_COUNT,
};

enum chat_page_from { CHAT_PAGE_LATEST, CHAT_PAGE_BEFORE, CHAT_PAGE_AFTER, CHAT_PAGE_AROUND };

struct chat_command {
	enum chat_op op;
	uint64_t id;           /* 0: the client wants no answer. */
	struct span room;      /* join leave send edit del react mod history search presence typing read */
	struct span name;      /* hello; unescaped UTF-8; absent without one */
	struct span token;     /* hello, absent without one; refresh; unescaped */
	struct span producer;  /* send edit del react: the cid's first part, absent without cid */
	uint64_t number;       /* the cid's second part, 1.. */
	struct span data;      /* send edit: the JSON value's bytes as they stood */
	struct span key;       /* react; unescaped */
	bool on;               /* react */
	uint64_t target;       /* edit del react */
	enum chat_mod act;     /* mod */
	struct span whom;      /* mod, where the act concerns a user; unescaped */
	struct span reason;    /* mod; unescaped, absent for none */
	uint32_t for_s;        /* mod, where the act may end; 0: it does not */
	uint32_t every_s;      /* mod slow: between two messages of a user; 0: not slow */
	bool has_since;        /* join */
	uint64_t since_seq;    /* join */
	struct span epoch;     /* join: of since; edit del react: of the target, absent for whichever the room has */
	struct span query;     /* search; unescaped, not empty */
	uint32_t limit;        /* join history: clamped to CHAT_PAGE_MAX; search: to CHAT_FOUND_MAX */
	bool presence;         /* join; default false */
	bool no_echo;          /* join: "echo":false */
	enum chat_page_from from; /* history */
	uint64_t seq;          /* history: before/after/around; search: before, 0 for none; read: the mark */
};

/* The name, message, close code or close reason of a value; static strings. */
const char *chat_error_name(enum chat_error error);
const char *chat_error_message(enum chat_error error);
uint16_t chat_close_code(enum chat_close reason);
const char *chat_close_text(enum chat_close reason);

#endif
