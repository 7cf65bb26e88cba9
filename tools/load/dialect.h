/* dialect.h - how a foreign server wants to be spoken to: thin, pure, one struct a dialect.
 *
 * A dialect turns wishes into wire bytes and wire messages into a few events. Below it lies either WebSocket
 * (the client has done the upgrade, frames and masks; a dialect sees whole messages) or plain TCP (a dialect
 * cuts messages out of the stream itself). No I/O, no clock, no allocation; per-connection state is dialect_state.
 */
#ifndef LOAD_DIALECT_H
#define LOAD_DIALECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/span.h"

/* What a connection remembers: all zero when it begins, but for `connection`. The rest is opaque to others: packet
 * ids, ids of replies awaited, a session's name. */
struct dialect_state {
	uint32_t connection; /* which one of the whole run: set by the client before hello, for a name of its own */
	uint32_t next_id;
	uint32_t phase;
	uint32_t word[8];
};

struct dialect_out {
	uint8_t *bytes;  /* room for `capacity`: DIALECT_OVERHEAD_MAX more than the data, or than a token, is always
			  * enough (checked) */
	size_t capacity;
	size_t size;     /* written: a dialect appends */
	bool binary;     /* as a binary WebSocket frame */
};

enum dialect_event_kind {
	DIALECT_NOTHING, /* to be ignored */
	DIALECT_READY,   /* the session stands: rooms can be joined */
	DIALECT_JOINED,  /* room (a room's number) */
	DIALECT_MESSAGE, /* data; room as the server named it, or DIALECT_ROOM_UNKNOWN */
	DIALECT_ACK,     /* a publish was accepted; id as publish() was given, where the server tells */
	DIALECT_REPLY,   /* reply[0..reply_size) is to be sent back (a PONG, say) */
	DIALECT_GAP,     /* the server says that it leaves out left_out messages in room */
	DIALECT_FAILED,  /* refused; text says why, for people. Of a join: room. Of a publish: id, where the server
			  * tells. Of neither (room unknown, id 0): the session, or nothing says what it was */
};

#define DIALECT_ROOM_UNKNOWN UINT32_MAX
#define DIALECT_ROOM_MAX ((1u << 30) - 1)
#define DIALECT_ID_MAX ((1u << 30) - 1) /* of publish(): some protocols have 32 bits, and joins need ids too */
#define DIALECT_OVERHEAD_MAX 512
#define DIALECT_PREFIX_MAX 48

struct dialect_event {
	enum dialect_event_kind kind;
	uint32_t room;
	uint64_t id;
	uint32_t left_out; /* UINT32_MAX: it does not say how many */
	struct span data; /* borrows the message; unescaped, or as sent: our payloads need no escapes */
	struct span text;
	uint8_t reply[64];
	size_t reply_size;
	bool reply_binary;
};

struct dialect {
	const char *name;
	const char *summary;     /* for `uproar-load list` */
	const char *path;        /* where the server usually listens: /ws */
	const char *subprotocol; /* or NULL */
	bool stream;             /* plain TCP instead of WebSocket (tcp:// in the URL); decode cuts */
	bool has_rooms;          /* false: everyone gets everything (raw), or the room is in the URL (path_room) */
	bool spans;              /* what belongs together may span WebSocket messages: after a 0 from decode what is
				  * left is put before the next one. Elsewhere a 0 comes of a stream alone */
	bool path_room;          /* the room's name is appended to the path: one room a connection */
	bool has_ack;            /* a publish is answered */
	bool echoes_sender;      /* the publisher gets its own message too */
	bool keeps_only;         /* nobody is given anything: what is published is kept and acknowledged */

	/* First bytes after the connection stands (may write nothing). READY comes at once if it is NULL. */
	void (*hello)(struct dialect_state *state, struct dialect_out *out);
	/* JOINED is taken as given at once where this is NULL. */
	void (*join)(struct dialect_state *state, struct dialect_out *out, uint32_t room);
	/* id: 1 to DIALECT_ID_MAX, or 0: no answer is wanted (an error may come all the same). data: payload.h's. */
	void (*publish)(struct dialect_state *state, struct dialect_out *out, uint32_t room, struct span data,
			uint64_t id);
	/* A heartbeat from the client, or NULL: then a WebSocket ping is sent. */
	void (*heartbeat)(struct dialect_state *state, struct dialect_out *out);
	/* One event out of bytes[0..size): returns how many bytes it took (all of a WebSocket message may take several
	 * calls: each starts where the last stopped), 0 when a stream needs more, -1 when this is not the dialect.
	 * Every event has kind, room, id, left_out, data, text and reply_size set; where it has none: ROOM_UNKNOWN, 0,
	 * absent. */
	ptrdiff_t (*decode)(struct dialect_state *state, struct dialect_event *event, const uint8_t *bytes,
			    size_t size);
};

const struct dialect *dialect_find(const char *name); /* NULL: none */
const struct dialect *dialect_at(size_t index);       /* NULL past the last */

/* A room's name: "r" and its number in decimal, after the prefix set for the whole run ("" at first).
 * False, and nothing is changed, when it is not up to DIALECT_PREFIX_MAX of [A-Za-z0-9_-]: what every server takes; or
 * ':', which ours needs for its classes of rooms (mem:) and others mostly take. */
bool dialect_set_room_prefix(const char *prefix);
size_t dialect_room_name(char out[64], uint32_t room); /* with a zero behind it; returns the size without */
uint32_t dialect_room_number(struct span name); /* DIALECT_ROOM_UNKNOWN when it is no room of ours */

#endif
