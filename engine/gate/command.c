#include "engine/gate/command.h"

#include <stdio.h>

#include "engine/core/check.h"
#include "engine/core/log.h"
#include "engine/gate/frame.h"
#include "engine/gate/hold.h"
#include "engine/gate/hook.h"
#include "engine/gate/identify.h"
#include "engine/gate/keepalive.h"
#include "engine/gate/membership.h"
#include "engine/gate/offence.h"
#include "engine/gate/rates.h"
#include "engine/gate/vouch.h"
#include "proto/chat/limits.h"
#include "proto/dialect/native.h"

#define SEARCH_COST 5 /* commands: an index is read, not a window */
#define REFUSALS_MAX 200 /* commands refused for their rate, less those that were not, before it is a flood */

static void reply_hello(struct gate *gate, struct conn *conn, uint64_t id)
{
	const struct session_limits *limits = &gate->limits;
	char name[48];
	const int size = snprintf(name, sizeof(name), "%u-%u-%u", gate->core, conn->slot, conn->generation);
	const struct chat_reply reply = {
		.kind = CHAT_REPLY_HELLO,
		.re = id,
		.time_ms = gate->wall_ms,
		.hello = {
			.conn = span_of(name, (size_t)size),
			.user = session_user(session_of(gate, conn)),
			.server = SPAN(UPROAR_VERSION),
			.ping_s = limits->ping_ms / 1000,
			.frame_size_max = limits->frame_size_max,
			.data_size_max = limits->data_size_max,
			.rooms_max = limits->rooms_max,
			.page_max = CHAT_PAGE_MAX,
			.sends_per_s = limits->sends_per_s,
		},
	};

	frame_reply(gate, conn, &reply);
}

/* Whether whoever is asked outside lets the user in. Else it was said, or is not known yet. */
static bool let_in(struct gate *gate, struct conn *conn, const struct chat_command *hello)
{
	const struct hook_about about = {
		.kind = HOOK_CONNECT,
		.user = session_user(session_of(gate, conn)),
		.verified = session_of(gate, conn)->identity != NULL,
		.token = hook_takes_token(gate) ? hello->token : SPAN_NONE,
	};
	const struct hook_answer *answer;

	switch (hook_judge(gate, conn, &about, &answer)) {
	case HOOK_ALLOWS:
		return !answer || vouch(gate, conn, answer);
	case HOOK_WAITS:
		return false;
	case HOOK_REFUSES:
		frame_error(gate, conn, hello->id, CHAT_ERR_forbidden, 0);
		session_close(gate, conn, CHAT_CLOSE_forbidden);
		return false;
	case HOOK_UNAVAILABLE:
		frame_error(gate, conn, hello->id, CHAT_ERR_unavailable, hook_retry_ms(gate));
		session_close(gate, conn, CHAT_CLOSE_full);
		return false;
	}
	CHECK(!"a verdict without a name");
	return false;
}

static void run_hello(struct gate *gate, struct conn *conn, const struct chat_command *command)
{
	struct session *session = session_of(gate, conn);

	if (!identify(gate, conn, command) || !let_in(gate, conn, command) || !identify_holds(gate, conn, command))
		return;
	if (user_banned_until(gate, session_user(session)) != 0) {
		frame_error(gate, conn, command->id, CHAT_ERR_forbidden, user_banned_ms(gate, session_user(session)));
		session_close(gate, conn, CHAT_CLOSE_banned);
		return;
	}
	enum offence_rule rule;
	const uint32_t retry_ms = rates_enter(gate, conn, &rule);

	if (retry_ms != 0) {
		command_limit(gate, conn, command->id, rule, retry_ms);
		session_close(gate, conn, CHAT_CLOSE_full);
		return;
	}
	session->phase = SESSION_LIVE;
	counter_add(gate->counters, COUNTER_sessions, 1);
	keepalive_start(gate, conn);
	if (!user_count_enter(gate, conn, command->id))
		return;
	LOG(LOG_DEBUG, "hello", LOG_U64("connection", conn->slot), LOG_SPAN("user", session_user(session)));
	if (command->id != 0)
		reply_hello(gate, conn, command->id);
}

static bool takes_seq(enum chat_op op)
{
	return op == CHAT_OP_send || op == CHAT_OP_edit || op == CHAT_OP_del || op == CHAT_OP_react ||
	       op == CHAT_OP_mod;
}

void command_refuse(struct gate *gate, struct conn *conn, uint64_t id, enum chat_error error, uint32_t retry_ms)
{
	frame_error(gate, conn, id, error, retry_ms);
	if (++session_of(gate, conn)->refusals <= REFUSALS_MAX)
		return;
	offence(gate, conn, OFFENCE_flood);
	session_close(gate, conn, CHAT_CLOSE_flood);
}

void command_limit(struct gate *gate, struct conn *conn, uint64_t id, enum offence_rule rule, uint32_t retry_ms)
{
	offence(gate, conn, rule);
	if (rule != OFFENCE_rate_limited)
		gate_count(gate, COUNTER_rate_limited);
	ration_refused(&gate->ration);
	command_refuse(gate, conn, id, CHAT_ERR_rate_limited, retry_ms);
}

/* A page costs a command for each of so many events that it may hold. */
#define PAGE_COST_EVENTS 50

static uint32_t cost_of(const struct chat_command *command)
{
	if (command->op == CHAT_OP_search)
		return SEARCH_COST;
	if (command->op != CHAT_OP_history && command->op != CHAT_OP_join)
		return 1;
	return command->limit > PAGE_COST_EVENTS ? (command->limit + PAGE_COST_EVENTS - 1) / PAGE_COST_EVENTS : 1;
}

/* Refuses what comes too fast. Returns whether the command may run. */
static bool within_rate(struct gate *gate, struct conn *conn, const struct chat_command *command)
{
	enum offence_rule rule;

	if (gate->answered)
		return true; /* it was charged when it asked */
	const uint32_t retry_ms = takes_seq(command->op) ? rates_send(gate, conn, command->data.size, &rule)
							 : rates_command(gate, conn, cost_of(command), &rule);

	if (retry_ms == 0) {
		if (command->op != CHAT_OP_join) /* which is judged further: membership.c says when it has passed */
			command_pass(session_of(gate, conn));
		return true;
	}
	command_limit(gate, conn, command->id, rule, retry_ms);
	return false;
}

static void run_live(struct gate *gate, struct conn *conn, const struct chat_command *command)
{
	const struct chat_reply time = { .kind = CHAT_REPLY_TIME, .re = command->id, .time_ms = gate->wall_ms };

	switch (command->op) {
	case CHAT_OP_hello:
		frame_error(gate, conn, command->id, CHAT_ERR_bad_request, 0);
		return;
	case CHAT_OP_refresh:
		identify_refresh(gate, conn, command);
		return;
	case CHAT_OP_pong:
		return;
	case CHAT_OP_ping:
		if (command->id != 0)
			frame_reply(gate, conn, &time);
		return;
	default:
		membership_command(gate, conn, command);
		return;
	}
}

/* What is not well formed costs what a command costs, and is not answered without end. */
static void misused(struct gate *gate, struct conn *conn, const struct chat_command *command, enum chat_error error)
{
	enum offence_rule rule;
	const uint32_t retry_ms = rates_command(gate, conn, 1, &rule);

	if (retry_ms != 0)
		command_limit(gate, conn, command->id, rule, retry_ms);
	else
		command_refuse(gate, conn, command->id, error, 0);
}

/* Something before it waits for an answer from outside. */
static void hold_text(struct gate *gate, struct conn *conn, struct span text)
{
	struct native_scratch scratch = { .used = 0 };
	struct chat_command command = { .id = 0 };
	enum chat_error error;

	if (hold_put(session_hold(session_of(gate, conn)), text))
		return;
	if (native_decode(&command, &error, &scratch, text.bytes, text.size) >= 0)
		command_refuse(gate, conn, command.id, CHAT_ERR_unavailable, hook_retry_ms(gate));
	else
		session_close(gate, conn, CHAT_CLOSE_bad_frame);
}

void command_text(struct gate *gate, struct conn *conn, const uint8_t *text, size_t size)
{
	if (session_hold(session_of(gate, conn)))
		hold_text(gate, conn, span_of(text, size));
	else
		command_run(gate, conn, span_of(text, size));
}

void command_run(struct gate *gate, struct conn *conn, struct span text)
{
	struct session *session = session_of(gate, conn);
	struct native_scratch scratch;
	struct chat_command command;
	enum chat_error error;

	scratch.used = 0;
	if (!gate->answered)
		gate_count(gate, COUNTER_commands);
	gate->running = text;
	const int result = native_decode(&command, &error, &scratch, text.bytes, text.size);

	if (result < 0) {
		offence(gate, conn, OFFENCE_protocol_error);
		session_close(gate, conn, (enum chat_close) - result);
		return;
	}
	if (session->phase == SESSION_HELLO && (result == 0 || command.op != CHAT_OP_hello)) {
		frame_error(gate, conn, command.id, result == 0 ? error : CHAT_ERR_unauthorized, 0);
		session_close(gate, conn, CHAT_CLOSE_unauthorized);
		return;
	}
	if (session->phase == SESSION_HELLO) {
		run_hello(gate, conn, &command);
		return;
	}
	if (!conn_is_open(conn) || session->phase != SESSION_LIVE)
		return;
	if (result == 0)
		misused(gate, conn, &command, error);
	else if (within_rate(gate, conn, &command))
		run_live(gate, conn, &command);
}
