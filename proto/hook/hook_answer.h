/* hook_answer.h - what the user's back end has answered: JSON text to a verdict.
 *
 *	{"allow":true,"user":"u42","rights":"read history","exp":1795229320}
 *
 * Pure. Only `allow` is required; unknown members are ignored. What is known and of a wrong form makes the whole an
 * answer that is not understood: who meant to restrict somebody must not have allowed them more by a typing error.
 */
#ifndef HOOK_ANSWER_H
#define HOOK_ANSWER_H

#include "proto/base/span.h"
#include "proto/chat/limits.h"

struct hook_answer {
	bool allow;
	bool has_rights;
	uint8_t rights; /* enum chat_right */
	uint64_t expires_s; /* of the wall clock; 0: not said */
	uint8_t user_size; /* 0: not said */
	uint8_t user[CHAT_NAME_SIZE_MAX]; /* a valid name, of no key */
};

/* Reads text[0..size), any bytes. Returns whether it is understood. */
bool hook_answer_read(struct hook_answer *answer, const uint8_t *text, size_t size);

#endif
