/* api_limits.h - who may use the HTTP API, from where, and how much of it; all of it can change while it runs.
 */
#ifndef API_API_LIMITS_H
#define API_API_LIMITS_H

#include "engine/auth/api_keys.h"

struct api_limits {
	const struct api_keys *keys; /* keeps; NULL: nobody may use it */
	const char *origins;         /* keeps; whose pages may use it: http_origin_is_allowed(). NULL: same */
	uint32_t per_s;              /* requests with one key; 0: no limit */
	uint32_t burst;
	uint32_t body_max;           /* bytes */
};

#endif
