#include "engine/core/ring_internal.h"

#include <errno.h>
#include <string.h>

#define RULES_MAX 16

#define SERVES (1u << RING_SERVES)
#define CONNECTS (1u << RING_CONNECTS)
#define WAKES (1u << RING_WAKES)

/* Every operation that the ring's files prepare, and who does. */
static const struct allowed {
	uint8_t operation;
	uint8_t uses;
} operations[] = {
	{ IORING_OP_NOP, SERVES | CONNECTS },
	{ IORING_OP_ACCEPT, SERVES },
	{ IORING_OP_RECV, SERVES | CONNECTS },
	{ IORING_OP_SEND, SERVES | CONNECTS },
	{ IORING_OP_SENDMSG, SERVES | CONNECTS },
	{ IORING_OP_CLOSE, SERVES | CONNECTS },
	{ IORING_OP_ASYNC_CANCEL, SERVES | CONNECTS },
	{ IORING_OP_CONNECT, CONNECTS },
	{ IORING_OP_MSG_RING, SERVES | CONNECTS | WAKES },
};

struct rules {
	struct io_uring_restriction list[RULES_MAX];
	uint32_t count;
};

static void add(struct rules *rules, enum ring_use use, uint32_t uses, uint16_t kind, uint8_t what)
{
	if (!(uses & 1u << use))
		return;
	CHECK(rules->count < RULES_MAX);
	/* register_op, sqe_op and sqe_flags are one byte by three names. */
	rules->list[rules->count++] = (struct io_uring_restriction){ .opcode = kind, .sqe_op = what };
}

static void add_flags(struct rules *rules, enum ring_use use)
{
	const uint32_t sockets = SERVES | CONNECTS;

	add(rules, use, sockets, IORING_RESTRICTION_SQE_FLAGS_ALLOWED,
	    IOSQE_FIXED_FILE | IOSQE_BUFFER_SELECT | IOSQE_CQE_SKIP_SUCCESS);
	add(rules, use, WAKES, IORING_RESTRICTION_SQE_FLAGS_ALLOWED, IOSQE_CQE_SKIP_SUCCESS);
}

/* What depends on options and on the kernel. */
static void add_conditional(struct rules *rules, const struct ring *ring)
{
	const enum ring_use use = ring->limits.use;
	const uint32_t sockets = SERVES | CONNECTS;

	if (ring->peer_address)
		add(rules, use, sockets, IORING_RESTRICTION_SQE_OP, IORING_OP_URING_CMD);
	if (ring->limits.send_zero_copy_min > 0) {
		add(rules, use, sockets, IORING_RESTRICTION_SQE_OP, IORING_OP_SEND_ZC);
		add(rules, use, SERVES, IORING_RESTRICTION_SQE_OP, IORING_OP_CONNECT); /* disconnect() */
	}
	if (ring->lane_count > 1) /* the doorbell is hung when the second lane gets its first socket */
		add(rules, use, sockets, IORING_RESTRICTION_REGISTER_OP, IORING_REGISTER_EVENTFD);
	add(rules, use, CONNECTS, IORING_RESTRICTION_REGISTER_OP, IORING_REGISTER_FILES_UPDATE);
}

int ring_restrict(const struct ring *ring, struct io_uring *uring)
{
	struct rules rules = { .count = 0 };

	for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++)
		add(&rules, ring->limits.use, operations[i].uses, IORING_RESTRICTION_SQE_OP, operations[i].operation);
	add_flags(&rules, ring->limits.use);
	add_conditional(&rules, ring);
	return ring_uring_restrict(uring, rules.list, rules.count);
}

int ring_restrict_to_wakes(struct io_uring *uring)
{
	const struct ring bells = { .limits = { .use = RING_WAKES } };

	return ring_restrict(&bells, uring);
}

/* It is not asked whether the kernel says so, but whether it does so. */
bool ring_restricts(void)
{
	struct io_uring_params params = { .flags = RING_SETUP_FLAGS };
	struct io_uring_cqe *cqe;
	struct io_uring uring;
	bool refused = false;

	if (io_uring_queue_init_params(4, &uring, &params) < 0)
		return false;
	if (ring_restrict_to_wakes(&uring) == 0 && ring_uring_enable(&uring) == 0) {
		io_uring_prep_nop(io_uring_get_sqe(&uring));
		refused = io_uring_submit_and_wait(&uring, 1) == 1 && io_uring_peek_cqe(&uring, &cqe) == 0 &&
			  cqe->res == -EACCES;
	}
	io_uring_queue_exit(&uring);
	return refused;
}
