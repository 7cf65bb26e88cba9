/* policy.h - what a policy is made of, for the files of auth/ alone.
 */
#ifndef AUTH_POLICY_H
#define AUTH_POLICY_H

#include <stdatomic.h>

#include "engine/auth/keys.h"
#include "engine/auth/rules.h"

#define AUTH_WORD_MAX 255 /* bytes of an issuer or an audience */

struct auth_list {
	struct span words[AUTH_LIST_MAX];
	uint32_t count;
};

struct auth {
	_Atomic uint32_t holders;
	enum auth_guests guests;
	bool tokens; /* are expected */
	uint64_t leeway_ms;
	struct rules rules;
	struct auth_list issuers, audiences;
	struct keys keys;
	size_t text_size;
	uint8_t text[]; /* of the lists, and the issuers of keys */
};

#endif
