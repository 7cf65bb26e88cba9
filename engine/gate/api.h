/* api.h - the HTTP API while a connection speaks HTTP: requests under /api/ to answers in JSON.
 *
 *	HEAD --head with a body to come--> HEAD (session.api: the body is gathered) --whole--> run
 *	  ^                                                                                     |
 *	  +--- answered at once -----------------------------------------------------------+----+
 *	  +--- answered, or not in time --- API (session.api: answers are awaited) <-------+ commands were sent
 *
 * A request that waits has nothing of the peer's memory: what it asks for is in mails, and what it needs to answer in
 * its struct api_request. What the peer sends meanwhile is kept, up to API_AHEAD_MAX, and read when it is answered.
 */
#ifndef GATE_API_H
#define GATE_API_H

#include "engine/auth/api_keys.h"
#include "engine/gate/gate.h"
#include "proto/http/http_head.h"

#define API_AHEAD_MAX (64 * 1024) /* bytes sent while an answer is awaited */
#define API_BODIES_MAX (32 * 1024 * 1024) /* bytes of bodies that are being received, a core */
#define API_WAITING_MAX 16384 /* requests that wait, a core */

static inline bool api_is_path(struct span path)
{
	const struct span mark = SPAN("/api/");

	return path.size >= mark.size && memcmp(path.bytes, mark.bytes, mark.size) == 0;
}

/* The key that the request brought, or NULL. */
const struct api_key *api_key_of(const struct gate *gate, const struct http_head *head);

/* A request for a path of the API, whose head is bytes[0..head_size) of bytes[0..size). Returns how many bytes were
 * used: head and body, or all when more is to come; then they are in session->buffer. */
size_t api_begin(struct gate *gate, struct conn *conn, const struct http_head *head, const uint8_t *bytes,
		 size_t head_size, size_t size);

/* A request whose body comes in a transfer coding, which no length stands for: it is answered, and ended. */
void api_refuse_coding(struct gate *gate, struct conn *conn);

/* More of a body (session->api is there, the phase is HEAD). Returns how many bytes were used. */
size_t api_continue(struct gate *gate, struct conn *conn, const uint8_t *bytes, size_t size);

/* Bytes that come while an answer is awaited (the phase is API). */
void api_ahead(struct gate *gate, struct conn *conn, const uint8_t *bytes, size_t size);

/* The body, or the answer, did not come in time. */
void api_timeout(struct gate *gate, struct conn *conn);

/* A room's home has answered. */
void api_reply(struct gate *gate, const struct mail_reply *mail);

/* The session is over. */
void api_forget(struct gate *gate, struct session *session);

#endif
