/* What becomes of one who takes nothing while memory is short, over a real ring; and of one who does take. */
#include "engine/gate/shed.h"

#include "engine/gate/deliver.h"
#include "engine/gate/membership.h"
#include "tests/unit/engine/net/net_fixture.h"

#define FLOWN 250000 /* more than the kernel takes for one who does not read */
#define BEHIND 100000
#define CLOSE_MOST 64

static struct gate gate;
static int client;
static uint8_t bytes[FLOWN];

/* The fixture's net is the gate's for as long as `call` takes. */
#define WITH_GATE(call)                                                                                                \
	do {                                                                                                           \
		gate.net = net;                                                                                        \
		call;                                                                                                  \
		net = gate.net;                                                                                        \
	} while (0)

static void setup(void)
{
	static const struct hall_limits limits = { .hot_logs_max = 1, .cursors_max = 1 };

	net_setup();
	net.limits.linger_ms = 600000;
	gate.counters = &counters;
	gate.sessions = calloc(net.conns_max, sizeof(*gate.sessions));
	cr_assert_eq(directory_open(&gate.directory, 16, 1, 1), 0);
	cr_assert_eq(hall_open(&gate.hall, &limits, &segments, &gate.directory, &counters, net.conns_max), 0);
}

TestSuite(shed, .init = setup, .timeout = 60);

/* Somebody in `phase` for whom a send is under way that it does not take, and more behind it. */
static struct conn *deaf(enum session_phase phase)
{
	struct conn *conn = meet(&client);

	gate.sessions[conn->slot] = (struct session){ .phase = (uint8_t)phase, .websocket = true };
	gate.touched = conn->slot + 1;
	for (size_t at = 0; at < FLOWN; at += FLOWN / 10)
		cr_assert_eq(sendq_put(&net, conn, bytes, FLOWN / 10), 0);
	fly(conn);
	for (int i = 0; i < 10; i++)
		net_turn();
	cr_assert_not_null(conn->flight);
	cr_assert_eq(sendq_put(&net, conn, bytes, BEHIND), 0);
	return conn;
}

static void tick(const struct conn *conn, uint32_t permille, uint64_t stuck_ms)
{
	gate.memory_permille = permille;
	gate.now_ms = conn->progress_ms + stuck_ms;
	WITH_GATE(shed_tick(&gate));
}

static void end(struct conn *conn)
{
	if (conn_is_read(conn))
		conn_abort(&net, conn);
	close(client);
	free(gate.sessions);
	hall_close(&gate.hall);
	directory_close(&gate.directory);
	net_teardown();
}

static uint64_t shed(void)
{
	return counter_read(&counters, COUNTER_shed);
}

Test(shed, from_90_percent_on_who_has_taken_nothing_for_a_second)
{
	struct conn *conn = deaf(SESSION_HELLO);

	tick(conn, 899, 1000);
	tick(conn, 900, 999);
	cr_assert(conn_is_open(conn) && shed() == 0);
	tick(conn, 900, 1000);
	cr_assert(!conn_is_open(conn) && shed() == 1);
	end(conn);
}

Test(shed, what_waits_is_free_at_once_and_the_close_comes_behind_the_send_under_way)
{
	struct conn *conn = deaf(SESSION_HELLO);
	uint8_t got[4096];
	size_t heard = 0;

	tick(conn, 900, 1000);
	cr_assert_eq(conn->state, CONN_FINISHING);
	cr_assert_leq(conn->queued, CLOSE_MOST, "%u wait", conn->queued);
	memset(got, 0, sizeof(got));
	while (heard < FLOWN) {
		const ssize_t part = hear(client, got, FLOWN - heard < sizeof(got) ? FLOWN - heard : sizeof(got));

		cr_assert_gt(part, 0);
		heard += (size_t)part;
	}
	NET_UNTIL(!conn->flight);
	fly(conn);
	cr_assert_gt(hear(client, got, sizeof(got)), 4);
	cr_assert(got[0] == 0x88 && (got[2] << 8 | got[3]) == 4508, "%02x, %d", got[0], got[2] << 8 | got[3]);
	end(conn);
}

Test(shed, who_was_told_and_takes_nothing_is_gone_with_the_next_look)
{
	struct conn *conn = deaf(SESSION_HELLO);

	tick(conn, 900, 1000);
	tick(conn, 900, 999); /* it has taken something since */
	cr_assert_eq(told[conn->slot].closed, 0);
	tick(conn, 900, 1500);
	cr_assert_eq(told[conn->slot].closed, 1);
	NET_UNTIL(conn->state == CONN_FREE);
	cr_assert_eq(segments.bytes_out, 0, "and all that it held");
	cr_assert_eq(shed(), 1, "once");
	end(conn);
}

/* A send of it may end in the middle of a frame, where no Close can follow. */
Test(shed, what_waits_for_an_echo_stays_whole)
{
	struct conn *conn = deaf(SESSION_ECHO);

	tick(conn, 900, 1000);
	cr_assert_eq(conn->state, CONN_FINISHING);
	cr_assert_gt(conn->queued, BEHIND);
	end(conn);
}

static uint64_t errors(enum chat_error error)
{
	return cell_read(&counters.command_errors[error - 1]);
}

/* Nobody is in a room: a question that is not put off is answered so. */
static void expect_command(struct conn *conn, enum chat_op op, uint32_t permille, enum chat_error error)
{
	const struct chat_command command = { .op = op, .id = 1, .room = SPAN("r") };
	const uint64_t before = errors(error);

	gate.memory_permille = permille;
	WITH_GATE(membership_command(&gate, conn, &command));
	cr_assert_eq(errors(error), before + 1);
}

Test(shed, nothing_long_is_asked_for_whom_an_answer_waits)
{
	struct conn *conn = deaf(SESSION_LIVE);

	expect_command(conn, CHAT_OP_history, 899, CHAT_ERR_not_joined);
	expect_command(conn, CHAT_OP_history, 900, CHAT_ERR_unavailable);
	expect_command(conn, CHAT_OP_join, 900, CHAT_ERR_unavailable);
	expect_command(conn, CHAT_OP_send, 900, CHAT_ERR_not_joined);
	sendq_forget(&net, conn);
	close(client);
	conn_abort(&net, conn);
	NET_UNTIL(conn->state == CONN_FREE);
	conn = meet(&client);
	gate.sessions[conn->slot] = (struct session){ .phase = SESSION_LIVE, .websocket = true };
	cr_assert_eq(sendq_put(&net, conn, bytes, SENDQ_SHORT), 0);
	expect_command(conn, CHAT_OP_history, 900, CHAT_ERR_not_joined);
	expect_command(conn, CHAT_OP_history, 900, CHAT_ERR_unavailable);
	end(conn);
}

static void answer(struct conn *conn, enum chat_op op, enum chat_reply_kind kind)
{
	const struct mail_reply mail = {
		.op = op,
		.origin = { .slot = conn->slot, .generation = conn->generation },
		.reply = { .kind = kind, .re = 1, .page.room = SPAN("r") },
	};

	WITH_GATE(deliver_reply(&gate, &mail));
}

Test(shed, what_was_asked_for_in_one_flight_is_put_off_behind_the_first)
{
	struct conn *conn = meet(&client);

	gate.sessions[conn->slot] = (struct session){ .phase = SESSION_LIVE, .websocket = true };
	gate.memory_permille = 900;
	answer(conn, CHAT_OP_history, CHAT_REPLY_HISTORY);
	cr_assert_eq(errors(CHAT_ERR_unavailable), 0, "nothing waited");
	cr_assert_eq(sendq_put(&net, conn, bytes, SENDQ_SHORT), 0);
	answer(conn, CHAT_OP_history, CHAT_REPLY_HISTORY);
	cr_assert_eq(errors(CHAT_ERR_unavailable), 1);
	answer(conn, CHAT_OP_send, CHAT_REPLY_ACK);
	cr_assert_eq(errors(CHAT_ERR_unavailable), 1, "a short one never");
	gate.memory_permille = 899;
	answer(conn, CHAT_OP_search, CHAT_REPLY_SEARCH);
	cr_assert_eq(errors(CHAT_ERR_unavailable), 1);
	end(conn);
}

Test(shed, what_is_answered_at_length_costs_a_turn_more_than_its_bytes)
{
	struct conn *conn = meet(&client);

	gate.sessions[conn->slot] = (struct session){ .phase = SESSION_LIVE, .websocket = true };
	expect_command(conn, CHAT_OP_send, 0, CHAT_ERR_not_joined);
	cr_assert_eq(gate.ration.spent, 0);
	expect_command(conn, CHAT_OP_history, 0, CHAT_ERR_not_joined);
	cr_assert_eq(gate.ration.spent, RATION_ANSWER);
	expect_command(conn, CHAT_OP_presence, 0, CHAT_ERR_not_joined);
	cr_assert_eq(gate.ration.spent, 2 * RATION_ANSWER);
	end(conn);
}
