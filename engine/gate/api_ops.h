/* api_ops.h - the seam to the HTTP API, which sees gate, and of which gate sees no more than this.
 *
 *	HEAD --on_request, a body to come--> HEAD (session.api: the body is gathered) --on_body, whole--+
 *	  ^                                                                                             | it runs
 *	  +--- answered at once ----------------------------------------------------------------------+-+
 *	  +--- answered by on_reply, or not in time: on_late --- API (an answer is awaited) <----------+
 *
 * session.api is the API's own; gate only looks whether it is there.
 */
#ifndef GATE_API_OPS_H
#define GATE_API_OPS_H

#include "engine/chat/mail.h"
#include "proto/http/http_head.h"

struct gate;
struct conn;
struct session;

struct api_ops {
	/* A request for a path under /api/, whose head is bytes[0..head_size) of bytes[0..size). Returns how many bytes
	 * were used: head and body, or all when more is to come. head_size 0: the body's transfer coding is one that no
	 * length stands for; it is answered and ended. */
	size_t (*on_request)(struct gate *gate, struct conn *conn, const struct http_head *head, const uint8_t *bytes,
			     size_t head_size, size_t size);

	/* More of a body (session.api is there, the phase is HEAD). Returns how many bytes were used. */
	size_t (*on_body)(struct gate *gate, struct conn *conn, const uint8_t *bytes, size_t size);

	/* A room's home has answered one that came from outside. */
	void (*on_reply)(struct gate *gate, const struct mail_reply *mail);

	/* The body, or the answer, did not come in time. */
	void (*on_late)(struct gate *gate, struct conn *conn);

	/* The session is over, with what the API had of it. */
	void (*on_closed)(struct gate *gate, struct session *session);
};

#endif
