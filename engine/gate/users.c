#include "engine/gate/users.h"

#include <errno.h>

#include "engine/core/check.h"
#include "engine/core/hash.h"
#include "engine/core/mutant.h"
#include "engine/core/pages.h"
#include "engine/gate/gate.h"

/* Two sessions a head when all are there. */
static uint32_t heads_for(uint32_t sessions_max)
{
	uint32_t heads = 16;

	while (heads < sessions_max / 2)
		heads *= 2;
	return heads;
}

int users_open(struct users *users, uint32_t sessions_max, uint64_t hash_key)
{
	const uint32_t heads = heads_for(sessions_max);

	*users = (struct users){ .mask = heads - 1, .hash_key = hash_key };
	users->heads = pages_reserve(heads * sizeof(*users->heads));
	return users->heads ? 0 : -ENOMEM;
}

void users_close(struct users *users)
{
	if (users->heads)
		pages_release(users->heads, (users->mask + 1) * sizeof(*users->heads));
	users->heads = NULL;
}

uint64_t users_bytes_max(uint32_t sessions_max)
{
	return heads_for(sessions_max) * sizeof(uint32_t);
}

uint64_t user_hash(const struct gate *gate, struct span user)
{
	return hash_bytes(user.bytes, user.size, gate->users.hash_key);
}

uint32_t user_home(const struct gate *gate, uint64_t hash)
{
	/* The high half: tables use the low one. */
	return (uint32_t)((hash >> 32) * gate->post.cores >> 32);
}

static struct session *at(const struct gate *gate, uint32_t link)
{
	return &gate->sessions[link - 1];
}

/* The first of this name, or 0. */
static uint32_t find(const struct gate *gate, struct span user, uint64_t hash)
{
	uint32_t link = gate->users.heads[hash & gate->users.mask];

	while (link != 0 && !span_equal(session_user(at(gate, link)), user))
		link = at(gate, link)->user_next;
	return link;
}

bool users_enter(struct gate *gate, struct conn *conn)
{
	struct session *session = session_of(gate, conn);
	const uint64_t hash = user_hash(gate, session_user(session));
	const uint32_t own = conn->slot + 1, first = find(gate, session_user(session), hash);
	uint32_t *const from = first != 0 ? &at(gate, first)->user_next : &gate->users.heads[hash & gate->users.mask];

	CHECK(session->phase == SESSION_LIVE && session->user_next == 0 && session->user_prev == 0);
	session->user_next = *from;
	session->user_prev = first;
	if (*from != 0)
		at(gate, *from)->user_prev = own;
	*from = own;
	gate->users.count++;
	return first == 0;
}

static bool is_same(const struct gate *gate, const struct session *session, uint32_t link)
{
	return link != 0 && span_equal(session_user(at(gate, link)), session_user(session));
}

bool users_leave(struct gate *gate, struct conn *conn)
{
	struct session *session = session_of(gate, conn);
	const uint32_t next = session->user_next, prev = session->user_prev;
	const bool last = !is_same(gate, session, next) && !is_same(gate, session, prev);

	CHECK(gate->users.count > 0);
	gate->users.count--;
	if (next != 0 && !PLANTED(60)) /* the one behind is lost with the next that leaves */
		at(gate, next)->user_prev = prev;
	if (prev != 0)
		at(gate, prev)->user_next = next;
	else
		gate->users.heads[user_hash(gate, session_user(session)) & gate->users.mask] = next;
	session->user_next = session->user_prev = 0;
	return last;
}

struct conn *users_first(struct gate *gate, struct span user)
{
	const uint32_t first = find(gate, user, user_hash(gate, user));

	return first != 0 ? net_conn(&gate->net, first - 1) : NULL;
}

struct conn *users_next(struct gate *gate, const struct conn *conn)
{
	const struct session *session = session_of(gate, conn);

	return is_same(gate, session, session->user_next) ? net_conn(&gate->net, session->user_next - 1) : NULL;
}

struct conn *users_by_hash(struct gate *gate, uint64_t hash)
{
	for (uint32_t link = gate->users.heads[hash & gate->users.mask]; link != 0; link = at(gate, link)->user_next)
		if (user_hash(gate, session_user(at(gate, link))) == hash)
			return net_conn(&gate->net, link - 1);
	return NULL;
}
