/* identify.h - who is on a connection: judged when it says hello, by its token or as a guest.
 */
#ifndef GATE_IDENTIFY_H
#define GATE_IDENTIFY_H

#include "engine/auth/auth.h"
#include "engine/gate/gate.h"
#include "proto/http/http_head.h"

/* Judges a hello. On true the session has its user, and its identity if a token said so; otherwise the connection was
 * told why not, and is being ended. A hello that is run again, having waited, was judged already. */
bool identify(struct gate *gate, struct conn *conn, const struct chat_command *hello);

/* Whether the token of a hello that had to wait still holds: otherwise as identify(). */
bool identify_holds(struct gate *gate, struct conn *conn, const struct chat_command *hello);

/* Each judgement of who somebody is, for uproar_auth_total. by_token: AUTH_OK is not a guest's. */
void identify_count(struct gate *gate, enum auth_refusal why, bool by_token);

/* Judges the token that a request to upgrade came with, if any, before hello is said. REFUSED_NOT: it may go on. */
enum refusal identify_request(struct gate *gate, struct conn *conn, const struct http_head *request);

/* Another token of the same user takes the place of the one that the session has: what may be done in rooms is worked
 * out anew. Otherwise all is as before. */
void identify_refresh(struct gate *gate, struct conn *conn, const struct chat_command *refresh);

/* The user, who may be that already, is to be known by this name. False: the connection is being ended. */
bool identify_rename(struct gate *gate, struct conn *conn, struct span name);

#endif
