/* api.h - the HTTP API while a connection speaks HTTP: requests under /api/ to answers in JSON.
 *
 * gate/api_ops.h has the picture of a request's states. One that waits has nothing of the peer's memory: what it asks
 * for is in mails, and what it needs to answer in its struct api_request.
 */
#ifndef API_API_H
#define API_API_H

#include "engine/api/api_limits.h"
#include "engine/gate/api_ops.h"
#include "engine/gate/gate.h"

#define API_BODIES_MAX (32 * 1024 * 1024) /* bytes of bodies that are being received, a core */
#define API_WAITING_MAX 16384 /* requests that wait, a core */

struct errand_port;

/* The API on one core. */
struct api {
	struct api_limits limits;
	struct quota quotas[API_KEYS_MAX]; /* by the place of the key */
	uint64_t bodies_bytes; /* of requests that are not whole */
	uint32_t waiting;      /* requests that wait for an answer */
	uint32_t serial;       /* of the newest */
	const struct errand_port *errands; /* the main thread; NULL: nobody does them */
};

extern const struct api_ops api_ops;

#endif
