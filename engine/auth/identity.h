/* identity.h - who somebody is, and what a token says they may do: one block that a session keeps.
 *
 * A guest has none: a name is all that is known, and the policy's rules for everybody say the rest.
 */
#ifndef AUTH_IDENTITY_H
#define AUTH_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>

#include "proto/base/span.h"

/* A room's name with `*` for any number of letters in it, and what is allowed in rooms that fit. */
struct identity_rule {
	struct span pattern;
	uint8_t rights; /* enum chat_right */
};

struct identity {
	size_t size; /* of this block, for block_give() */
	struct span user; /* a valid name (chat_name_valid()) */
	uint64_t expires_ms; /* wall clock */
	uint64_t roles; /* bit i: role i of the policy that judged the token (auth_role()) */
	bool own_rules; /* the token names rooms: its rules stand in the place of those for everybody */
	uint32_t rule_count;
	struct identity_rule rules[];
};

#endif
