/* Of the paces only what an option becomes: simulation and sockets have the rest. */
#include <criterion/criterion.h>

#include "engine/gate/gate.h"
#include "engine/gate/rates.h"

static struct gate gate;
static struct session session;
static struct conn conn;

static uint32_t send_of(size_t size)
{
	enum offence_rule rule;

	return rates_send(&gate, &conn, size, &rule);
}

/* The burst is two units of 64 bytes, which two sends of nothing use up. */
static uint32_t third_send(uint32_t bytes_per_s)
{
	gate.sessions = &session;
	gate.now_ms = 1000000;
	gate.limits = (struct session_limits){
		.sends_per_s = 1000, .send_burst = 1000, .bytes_per_s = bytes_per_s, .byte_burst = 128
	};
	session = (struct session){ .phase = SESSION_LIVE };
	cr_assert_eq(send_of(0), 0);
	cr_assert_eq(send_of(0), 0);
	return send_of(0);
}

Test(rates, few_bytes_a_second_are_a_limit_too)
{
	cr_assert_eq(third_send(0), 0, "no limit");
	cr_assert_gt(third_send(1), 0);
	cr_assert_eq(third_send(1), third_send(64), "a unit a second is the least");
	cr_assert_eq(third_send(63), third_send(64));
	cr_assert_lt(third_send(65), third_send(64), "two");
}
