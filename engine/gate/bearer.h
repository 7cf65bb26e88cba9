/* bearer.h - the token that comes with a request to upgrade: in a header, a subprotocol, the URL or a cookie.
 */
#ifndef GATE_BEARER_H
#define GATE_BEARER_H

#include "engine/gate/gate.h"
#include "proto/http/http_head.h"

/* The subprotocol `uproar.token.` and a token, beside the one that is spoken. A browser can send nothing else. */
#define BEARER_SUBPROTOCOL "uproar.token."

enum bearer {
	BEARER_NONE, /* no token, or none that this server would look at */
	BEARER_TOKEN,
	BEARER_AMBIGUOUS, /* two of one kind */
	BEARER_ORIGIN, /* a cookie, but not from a page that is known */
};

/* The first of: `Authorization: Bearer`, the subprotocol, ?token= if the options allow it, the cookie they name. */
enum bearer bearer_find(const struct gate *gate, const struct http_head *request, struct span *token);

#endif
