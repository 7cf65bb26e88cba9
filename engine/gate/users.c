#include "engine/gate/users.h"

#include "engine/core/check.h"
#include "engine/core/hash.h"
#include "engine/core/mutant.h"
#include "engine/gate/gate.h"

#define LISTS_MIN 16

int users_open(struct users *users, uint32_t sessions_max, uint64_t hash_key)
{
	*users = (struct users){ .hash_key = hash_key };
	return heads_open(&users->heads, LISTS_MIN, sessions_max);
}

void users_close(struct users *users)
{
	heads_close(&users->heads);
}

uint64_t users_bytes_max(uint32_t sessions_max)
{
	return heads_bytes_max(LISTS_MIN, sessions_max);
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

static uint32_t *head_of(const struct gate *gate, const struct session *session)
{
	return heads_of(&gate->users.heads, user_hash(gate, session_user(session)));
}

/* Of its user. */
static bool is_first(const struct gate *gate, uint32_t link)
{
	return at(gate, at(gate, link)->user_prev)->user_next != link;
}

/* From the first session of a user: where the link to that of the next user is. */
static uint32_t *link_on(const struct gate *gate, uint32_t first)
{
	return &at(gate, at(gate, first)->user_prev)->user_next;
}

/* The first of this name, or 0. */
static uint32_t find(const struct gate *gate, struct span user, uint64_t hash)
{
	uint32_t link = *heads_of(&gate->users.heads, hash);

	while (link != 0 && !span_equal(session_user(at(gate, link)), user))
		link = *link_on(gate, link);
	return link;
}

/* All sessions of a user, by the first. */
static void put(struct gate *gate, uint32_t first)
{
	uint32_t *const head = head_of(gate, at(gate, first));

	*link_on(gate, first) = *head;
	*head = first;
}

static void enter_first(struct gate *gate, uint32_t own)
{
	for (uint32_t first = heads_add(&gate->users.heads), next; first != 0; first = next) {
		next = *link_on(gate, first);
		put(gate, first);
	}
	at(gate, own)->user_prev = own;
	put(gate, own);
}

/* Behind the first, so that none has to be looked for. */
static void enter_beside(struct gate *gate, uint32_t own, uint32_t first)
{
	const uint32_t last = at(gate, first)->user_prev, next = at(gate, first)->user_next;

	at(gate, own)->user_next = next;
	at(gate, own)->user_prev = first;
	at(gate, first)->user_next = own;
	at(gate, last == first ? first : next)->user_prev = own;
}

bool users_enter(struct gate *gate, struct conn *conn)
{
	const struct session *const session = session_of(gate, conn);
	const uint32_t first = find(gate, session_user(session), user_hash(gate, session_user(session)));

	CHECK(session->phase == SESSION_LIVE && session->user_next == 0 && session->user_prev == 0);
	if (first == 0)
		enter_first(gate, conn->slot + 1);
	else
		enter_beside(gate, conn->slot + 1, first);
	gate->users.count++;
	return first == 0;
}

/* The link that leads to the first session of a user; which is known by what it links back to. */
static uint32_t *link_to(const struct gate *gate, const struct session *of, uint32_t prev)
{
	uint32_t *link = head_of(gate, of);

	CHECK(*link != 0);
	while (at(gate, *link)->user_prev != prev) {
		link = link_on(gate, *link);
		CHECK(*link != 0);
	}
	return link;
}

bool users_leave(struct gate *gate, struct conn *conn)
{
	struct session *session = session_of(gate, conn);
	const uint32_t own = conn->slot + 1, next = session->user_next, prev = session->user_prev;

	CHECK(gate->users.count > 0 && prev != 0);

	const bool first = is_first(gate, own), last = next == 0 || is_first(gate, next);

	gate->users.count--;
	if (first)
		*link_to(gate, session, prev) = next;
	else
		at(gate, prev)->user_next = next;
	if (first && last)
		heads_remove(&gate->users.heads);
	else if (last)
		at(gate, *link_to(gate, session, own))->user_prev = prev;
	else if (!PLANTED(60)) /* the one behind is lost with the next that leaves */
		at(gate, next)->user_prev = prev;
	session->user_next = session->user_prev = 0;
	return first && last;
}

struct conn *users_first(struct gate *gate, struct span user)
{
	const uint32_t first = find(gate, user, user_hash(gate, user));

	return first != 0 ? net_conn(&gate->net, first - 1) : NULL;
}

struct conn *users_next(struct gate *gate, const struct conn *conn)
{
	const uint32_t next = session_of(gate, conn)->user_next;

	return next != 0 && !is_first(gate, next) ? net_conn(&gate->net, next - 1) : NULL;
}

struct conn *users_by_hash(struct gate *gate, uint64_t hash)
{
	for (uint32_t link = *heads_of(&gate->users.heads, hash); link != 0; link = *link_on(gate, link))
		if (user_hash(gate, session_user(at(gate, link))) == hash)
			return net_conn(&gate->net, link - 1);
	return NULL;
}
