/* hook_question.h - what the user's back end is asked: whether a connection, or a join, may go on; as JSON text.
 *
 * Pure. docs/operate/hooks.md is the contract with who answers.
 */
#ifndef HOOK_QUESTION_H
#define HOOK_QUESTION_H

#include "proto/base/span.h"

enum hook_kind { HOOK_CONNECT, HOOK_JOIN, HOOK_KINDS };

struct hook_about {
	enum hook_kind kind;
	struct span connection; /* its name, as hello is answered with */
	struct span user; /* who it is, or says to be */
	bool verified; /* by a token */
	struct span room; /* join */
	struct span token; /* connect: as the client gave it, where nobody here judges it; else absent */
};

/* Static. */
const char *hook_kind_name(enum hook_kind kind);

/* Writes the JSON text to out, which has room for hook_question_bound(), and returns its size. */
size_t hook_question_write(uint8_t *out, const struct hook_about *about);
size_t hook_question_bound(const struct hook_about *about);

#endif
