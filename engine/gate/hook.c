#include "engine/gate/hook.h"

#include <stdio.h>

#include "engine/auth/auth.h"
#include "engine/core/check.h"
#include "engine/core/slab.h"
#include "engine/gate/command.h"
#include "engine/gate/hold.h"

#define RETRY_MS_LEAST 1000
#define RETRY_MS_SPREAD 4000
#define NAME_MAX_SIZE 48

void hook_question_give(struct hook_question *question)
{
	block_give(question, sizeof(*question) + question->text_size);
}

/* Runs what is held until there is no more, or one asks in turn. */
static void run_held(struct gate *gate, struct conn *conn, const struct hook_question *question)
{
	struct hold *hold = session_hold(session_of(gate, conn));

	hold->running = true;
	hold->number = 0;
	gate->answered = question;
	while (!hold->over && hold->number == 0 && hold->first) {
		command_run(gate, conn, hold_first(hold));
		gate->answered = NULL;
		if (hold->number == 0)
			hold_drop(hold);
	}
	hold->running = false;
	if (!hold->over && hold->number != 0)
		return;
	if (!hold->over)
		session_of(gate, conn)->rare->hold = NULL;
	hold_close(hold);
}

static void answered(struct gate *gate, struct gate_call *call)
{
	struct hook_question *question = (struct hook_question *)call;
	struct conn *conn = net_conn(&gate->net, question->slot);
	const struct hold *hold = session_hold(session_of(gate, conn));

	CHECK(question->core == gate->core && gate->hooks_out > 0);
	gate->hooks_out--;
	counter_add(gate->counters, COUNTER_hooks_waiting, -1);
	histogram_add(gate->counters, HISTOGRAM_hook, (gate->now_ms - question->asked_ms) * 1000, 1);
	/* Else it has ended meanwhile. */
	if (conn->generation == question->generation && hold && hold->number == question->number)
		run_held(gate, conn, question);
	hook_question_give(question);
}

static struct hook_question *question_of(struct gate *gate, const struct conn *conn,
					 const struct hook_about *about_whom)
{
	char name[NAME_MAX_SIZE];
	const int name_size = snprintf(name, sizeof(name), "%u-%u-%u", gate->core, conn->slot, conn->generation);
	struct hook_about about = *about_whom;

	about.connection = span_of(name, (size_t)name_size);
	const size_t bound = hook_question_bound(&about);
	struct hook_question *question = block_take(sizeof(*question) + bound);

	if (!question)
		return NULL;
	*question = (struct hook_question){
		.call = { answered },
		.number = ++gate->hooks_asked,
		.asked_ms = gate->now_ms,
		.core = gate->core,
		.slot = conn->slot,
		.generation = conn->generation,
		.kind = (uint8_t)about.kind,
		.text_size = bound,
	};
	/* Blocks are given back with their size: what the bound was too large by stays in it, as blanks. */
	const size_t size = hook_question_write(question->text, &about);

	memset(question->text + size, ' ', bound - size);
	return question;
}

/* The command is the first that is held, or was held already. */
static bool hold(struct gate *gate, struct session *session, uint64_t number)
{
	struct session_rare *rare = session_rare(session);

	CHECK(gate->running.bytes);
	if (rare && !rare->hold)
		rare->hold = hold_open(gate->running, number);
	else if (rare)
		rare->hold->number = number;
	return rare && rare->hold;
}

static bool ask(struct gate *gate, const struct conn *conn, const struct hook_about *about)
{
	struct session *session = session_of(gate, conn);
	struct hook_question *question = question_of(gate, conn, about);

	if (!question)
		return false;
	CHECK(!session_hold(session) || session_hold(session)->running);
	if (!gate->hooks->ask(gate->hooks->context, question)) {
		hook_question_give(question);
		return false;
	}
	/* From here on it comes back; without the hold it will find nobody. */
	gate->hooks_out++;
	counter_add(gate->counters, COUNTER_hooks_waiting, 1);
	return hold(gate, session, gate->hooks_asked);
}

bool hook_takes_token(const struct gate *gate)
{
	return gate->hooks && gate->hooks->asks[HOOK_CONNECT] && !auth_expects_tokens(gate->auth);
}

uint32_t hook_retry_ms(struct gate *gate)
{
	return RETRY_MS_LEAST + (uint32_t)random_below(&gate->random, RETRY_MS_SPREAD);
}

static enum hook_verdict without_answer(struct gate *gate)
{
	gate_count(gate, COUNTER_hooks_failed);
	return gate->hooks->lenient ? HOOK_ALLOWS : HOOK_UNAVAILABLE;
}

enum hook_verdict hook_judge(struct gate *gate, const struct conn *conn, const struct hook_about *about,
			     const struct hook_answer **answer)
{
	const struct hook_question *question = gate->answered;

	*answer = NULL;
	if (!gate->hooks || !gate->hooks->asks[about->kind])
		return HOOK_ALLOWS;
	if (!question)
		return ask(gate, conn, about) ? HOOK_WAITS : without_answer(gate);
	CHECK(question->kind == about->kind);
	if (!question->answered)
		return without_answer(gate);
	*answer = &question->answer;
	gate_count(gate, question->answer.allow ? COUNTER_hooks_allowed : COUNTER_hooks_refused);
	return question->answer.allow ? HOOK_ALLOWS : HOOK_REFUSES;
}

void hook_end(struct session *session)
{
	struct hold *held = session_hold(session);

	if (!held)
		return;
	session->rare->hold = NULL;
	if (held->running)
		held->over = true;
	else
		hold_close(held);
}
