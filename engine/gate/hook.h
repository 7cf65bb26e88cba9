/* hook.h - somebody outside decides whether a connection or a join goes on; what its client says meanwhile is held.
 *
 *	a command asks --> it is held, and all that follow --> answered: it is run again, with the answer, then those
 *
 * A core knows of outside no more than struct hook_port: it gives a question away and gets it back answered, in a turn
 * of its own. It comes back whatever happens, within the time that the options give.
 */
#ifndef GATE_HOOK_H
#define GATE_HOOK_H

#include "engine/gate/call.h"
#include "engine/gate/gate.h"
#include "proto/hook/hook_answer.h"
#include "proto/hook/hook_question.h"

/* One block, of the core that asks. In between it is the port's. */
struct hook_question {
	struct gate_call call; /* its way back */
	struct hook_question *next; /* the port's */
	uint64_t number; /* of this core's questions, from 1 */
	uint64_t asked_ms; /* gate->now_ms of then */
	uint32_t core, slot, generation;
	uint8_t kind; /* enum hook_kind */
	bool answered; /* the answer was understood; false: nobody was to be asked, or what came is no answer */
	struct hook_answer answer;
	size_t text_size;
	uint8_t text[]; /* JSON */
};

void hook_question_give(struct hook_question *question);

struct hook_port {
	void *context;
	bool asks[HOOK_KINDS];
	bool lenient; /* where nobody answers, it is as if they had allowed it */
	/* From a core's thread. Takes the question, and has question->call run by that core in the end. False: too many
	 * wait, it stays the caller's. */
	bool (*ask)(void *context, struct hook_question *question);
};

enum hook_verdict {
	HOOK_ALLOWS,
	HOOK_REFUSES,
	HOOK_WAITS, /* the command will be run again */
	HOOK_UNAVAILABLE, /* nobody has answered */
};

/* Asks, or has the answer. *answer, borrowed while the command runs: what was said besides yes; NULL where nobody was
 * asked or has answered. To be called where all that speaks against the command without asking has been looked at, and
 * what it costs has not been charged. */
enum hook_verdict hook_judge(struct gate *gate, const struct conn *conn, const struct hook_about *about,
			     const struct hook_answer **answer);

/* Whether a token is passed on to who decides about connections, because there are no keys here to judge it by. */
bool hook_takes_token(const struct gate *gate);

/* When to come back where nobody has answered: spread, so that those turned away together do not return together. */
uint32_t hook_retry_ms(struct gate *gate);

/* The session is over: so is what it holds. */
void hook_end(struct session *session);

#endif
