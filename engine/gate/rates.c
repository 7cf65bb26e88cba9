#include "engine/gate/rates.h"

#include "engine/core/check.h"
#include "engine/core/hash.h"

#define HELLO_COST 5 /* commands: coming and going is work, too */
#define UNIT 64 /* bytes that are a token */
#define TOKENS_MOST 4000000

struct pace_of {
	uint32_t per_s, burst;
};

static struct pace_of own_pace(const struct session_limits *limits, enum rate rate)
{
	switch (rate) {
	case RATE_SENDS:
		return (struct pace_of){ limits->sends_per_s, limits->send_burst };
	case RATE_BYTES:
		/* Rounded up, for 0 is no limit. */
		return (struct pace_of){ limits->sends_per_s != 0 ? (limits->bytes_per_s + UNIT - 1) / UNIT : 0,
					 limits->byte_burst / UNIT };
	case RATE_COMMANDS:
		return (struct pace_of){ limits->commands_per_s, limits->command_burst };
	case RATE_ROOMS:
		return (struct pace_of){ limits->rooms_per_s, limits->room_burst };
	case RATE_COUNT:
		break;
	}
	CHECK(!"a rate of nothing");
	return (struct pace_of){ 0, 0 };
}

/* A part of so many times as much, and never less than one connection may. */
static struct pace_of times(struct pace_of own, uint32_t times, uint32_t part)
{
	const uint64_t per_s = (uint64_t)own.per_s * times / part, burst = (uint64_t)own.burst * times / part;
	struct pace_of all = own;

	if (own.per_s == 0)
		return own;
	if (per_s > own.per_s)
		all.per_s = per_s < TOKENS_MOST ? (uint32_t)per_s : TOKENS_MOST;
	if (burst > own.burst)
		all.burst = burst < TOKENS_MOST ? (uint32_t)burst : TOKENS_MOST;
	return all;
}

static struct pace_of user_pace(const struct gate *gate, const struct session *session, enum rate rate)
{
	const struct session_limits *limits = &gate->limits;

	return times(own_pace(limits, rate), limits->user_times, session->user_cores > 0 ? session->user_cores : 1);
}

static uint32_t of_user(struct gate *gate, struct conn *conn, enum rate rate, uint32_t tokens)
{
	const struct session *session = session_of(gate, conn);

	if (!session->shared || gate->limits.user_times == 0)
		return 0;
	const struct pace_of pace = user_pace(gate, session, rate);

	if (pace.per_s == 0)
		return 0;
	struct allowance *user = allowance_of(&gate->of_users, user_hash(gate, session_user(session)), gate->now_ms);

	return quota_take_many(&user->quotas[rate], tokens, pace.per_s, pace.burst, gate->now_ms);
}

/* The kernel spreads what comes from a network over the cores. */
static uint32_t of_network(struct gate *gate, struct conn *conn, enum rate rate, uint32_t tokens)
{
	const struct session_limits *limits = &gate->limits;

	if (limits->network_times == 0 || conn->network == 0 || conn->exempt)
		return 0;
	const struct pace_of pace = times(own_pace(limits, rate), limits->network_times, gate->post.cores);

	if (pace.per_s == 0)
		return 0;
	const uint64_t who = hash_bytes(&conn->network, sizeof(conn->network), gate->users.hash_key);
	struct allowance *network = allowance_of(&gate->of_networks, who, gate->now_ms);

	return quota_take_many(&network->quotas[rate], tokens, pace.per_s, pace.burst, gate->now_ms);
}

/* What the connection itself may have, it may have of its user's and its network's. */
static uint32_t of_others(struct gate *gate, struct conn *conn, enum rate rate, uint32_t tokens,
			  enum offence_rule *rule)
{
	uint32_t retry_ms = of_user(gate, conn, rate, tokens);

	*rule = OFFENCE_user_rate;
	if (retry_ms != 0)
		return retry_ms;
	*rule = OFFENCE_network_rate;
	return of_network(gate, conn, rate, tokens);
}

/* Bytes have no stamp of their own: they are looked at whenever a send is. */
static uint32_t own_send(struct gate *gate, struct session *session, uint32_t units)
{
	const struct pace_of sends = own_pace(&gate->limits, RATE_SENDS), bytes = own_pace(&gate->limits, RATE_BYTES);
	struct quota left = { session->bytes_spent, session->sends.stamp_ms };
	uint32_t retry_ms;

	(void)quota_take_many(&left, 0, bytes.per_s, bytes.burst, gate->now_ms);
	retry_ms = quota_take(&session->sends, sends.per_s, sends.burst, gate->now_ms);
	if (retry_ms == 0)
		retry_ms = quota_take_many(&left, units, bytes.per_s, bytes.burst, gate->now_ms);
	session->bytes_spent = left.spent_milli;
	return retry_ms;
}

uint32_t rates_send(struct gate *gate, struct conn *conn, size_t size, enum offence_rule *rule)
{
	const uint32_t units = 1 + (uint32_t)(size / UNIT);
	uint32_t retry_ms = own_send(gate, session_of(gate, conn), units);

	*rule = OFFENCE_rate_limited;
	if (retry_ms == 0)
		retry_ms = of_others(gate, conn, RATE_SENDS, 1, rule);
	if (retry_ms == 0)
		retry_ms = of_others(gate, conn, RATE_BYTES, units, rule);
	return retry_ms;
}

uint32_t rates_command(struct gate *gate, struct conn *conn, uint32_t cost, enum offence_rule *rule)
{
	const struct pace_of own = own_pace(&gate->limits, RATE_COMMANDS);
	struct session *session = session_of(gate, conn);
	uint32_t retry_ms = quota_take(&session->commands, own.per_s, own.burst, gate->now_ms);

	*rule = OFFENCE_rate_limited;
	if (retry_ms != 0)
		return retry_ms;
	if (own.per_s != 0)
		quota_charge(&session->commands, cost - 1);
	return of_others(gate, conn, RATE_COMMANDS, cost, rule);
}

uint32_t rates_room(struct gate *gate, struct conn *conn, enum offence_rule *rule)
{
	const struct pace_of own = own_pace(&gate->limits, RATE_ROOMS);
	const uint32_t retry_ms = quota_take(&session_of(gate, conn)->openings, own.per_s, own.burst, gate->now_ms);

	*rule = OFFENCE_room_rate;
	return retry_ms != 0 ? retry_ms : of_others(gate, conn, RATE_ROOMS, 1, rule);
}

uint32_t rates_enter(struct gate *gate, struct conn *conn, enum offence_rule *rule)
{
	struct session *session = session_of(gate, conn);
	struct conn *other = users_first(gate, session_user(session));

	if (other)
		session_of(gate, other)->shared = true;
	session->shared = other || allowance_find(&gate->of_users, user_hash(gate, session_user(session)));
	return of_others(gate, conn, RATE_COMMANDS, HELLO_COST, rule);
}

void rates_leave(struct gate *gate, struct conn *conn)
{
	struct session *session = session_of(gate, conn);
	struct quota used[RATE_COUNT] = {
		[RATE_SENDS] = session->sends,
		[RATE_BYTES] = { session->bytes_spent, session->sends.stamp_ms },
		[RATE_COMMANDS] = session->commands,
		[RATE_ROOMS] = session->openings,
	};

	if (session->shared || gate->limits.user_times == 0)
		return;
	for (enum rate rate = 0; rate < RATE_COUNT; rate++) {
		const struct pace_of own = own_pace(&gate->limits, rate), pace = user_pace(gate, session, rate);

		if (own.per_s == 0)
			continue;
		(void)quota_take_many(&used[rate], 0, own.per_s, own.burst, gate->now_ms);
		if (rate == RATE_COMMANDS)
			quota_charge(&used[rate], HELLO_COST); /* which its user was not charged */
		if (used[rate].spent_milli < 1000)
			continue;
		struct quota *quota =
			&allowance_of(&gate->of_users, user_hash(gate, session_user(session)), gate->now_ms)
				 ->quotas[rate];

		(void)quota_take_many(quota, 0, pace.per_s, pace.burst, gate->now_ms);
		quota_charge(quota, used[rate].spent_milli / 1000);
	}
}
