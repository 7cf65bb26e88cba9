#include "engine/gate/offence.h"

#include <stdio.h>

#include "engine/core/check.h"
#include "engine/core/log.h"

static const struct {
	const char *name, *reason;
	enum counter counter;
} rows[OFFENCE_COUNT] = {
#define OFFENCE(rule, counter, reason) { #rule, reason, COUNTER_##counter },
#include "engine/gate/tbl/offences.h"
#undef OFFENCE
};

_Static_assert(OFFENCE_COUNT <= sizeof((struct counters){ 0 }.refusals) / sizeof(uint64_t), "a cell each");
_Static_assert(OFFENCE_COUNT <= THROTTLE_RULES_MAX && OFFENCE_COUNT < UINT8_MAX, "a rule each");

/* The event's name is the rule's, so that no rule takes lines from another. */
static void write_line(uint32_t rule, const char *from, uint32_t more)
{
	if (more == 0)
		LOG(LOG_WARN, rows[rule].name, LOG_TEXT("from", from), LOG_TEXT("reason", rows[rule].reason));
	else
		LOG(LOG_WARN, rows[rule].name, LOG_TEXT("from", from), LOG_TEXT("reason", rows[rule].reason),
		    LOG_U64("more", more));
}

const char *offence_name(enum offence_rule rule)
{
	CHECK(rule < OFFENCE_COUNT);
	return rows[rule].name;
}

static void tell(struct gate *gate, uint32_t rule, uint64_t network)
{
	char from[ADDRESS_NETWORK_TEXT_MAX];
	uint32_t more;

	if (!throttle_take(&gate->throttle, rule, network, gate->now_ms, &more))
		return;
	address_network_text(network, from);
	write_line(rule, from, more);
}

void offence(struct gate *gate, struct conn *conn, enum offence_rule rule)
{
	struct session *session = session_of(gate, conn);

	CHECK(rule < OFFENCE_COUNT);
	gate_count(gate, rows[rule].counter);
	cell_add(&gate->counters->refusals[rule], 1);
	conn_ask(&gate->net, conn);
	if (!conn->asking)
		tell(gate, rule, conn->network);
	else if (session->offence_first == 0)
		session->offence_first = (uint8_t)(rule + 1);
	else /* of more than two within the turn or two that the answer takes, those between are only counted */
		session->offence_last = (uint8_t)(rule + 1);
}

void offence_addressed(struct gate *gate, struct conn *conn)
{
	struct session *session = session_of(gate, conn);

	if (session->offence_first != 0)
		tell(gate, session->offence_first - 1u, conn->network);
	if (session->offence_last != 0)
		tell(gate, session->offence_last - 1u, conn->network);
	session->offence_first = 0;
	session->offence_last = 0;
}

void offence_tick(struct gate *gate)
{
	struct throttle_entry over;

	while (throttle_over(&gate->throttle, gate->now_ms, &over)) {
		char from[ADDRESS_NETWORK_TEXT_MAX];

		if (over.network == THROTTLE_OTHERS)
			snprintf(from, sizeof(from), "other networks");
		else
			address_network_text(over.network, from);
		write_line(over.rule, from, over.untold);
	}
}
