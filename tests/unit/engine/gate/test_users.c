/* A core's sessions by their users' names, beside a list of who is in: the table grows while they come and go, and has
 * fewer lists than there are names. */
#include "engine/gate/users.h"

#include <criterion/criterion.h>

#include "engine/core/random.h"
#include "engine/gate/gate.h"

#define SESSIONS 48
#define NAMES 26

static struct gate gate;
static struct session sessions[SESSIONS];
static struct conn conns[SESSIONS];
static uint8_t names[NAMES][2];
static int name_of[SESSIONS]; /* -1: not in */

static void setup(void)
{
	gate.sessions = sessions;
	gate.net.conns = conns;
	for (uint32_t i = 0; i < SESSIONS; i++) {
		conns[i].slot = i;
		name_of[i] = -1;
	}
	for (int i = 0; i < NAMES; i++)
		memcpy(names[i], (uint8_t[]){ 'n', (uint8_t)('a' + i) }, 2);
	cr_assert_eq(users_open(&gate.users, SESSIONS, 99), 0);
	cr_assert_lt(gate.users.heads.lists, NAMES);
}

static int here(int name)
{
	int count = 0;

	for (int i = 0; i < SESSIONS; i++)
		count += name_of[i] == name;
	return count;
}

/* Everybody of that name is found, each once, and nobody else. */
static void expect_all_of(int name)
{
	const struct span user = span_of(names[name], 2);
	struct conn *conn = users_first(&gate, user);
	bool seen[SESSIONS] = { false };
	int count = 0;

	cr_assert_eq(users_by_hash(&gate, user_hash(&gate, user)), conn);
	for (; conn; conn = users_next(&gate, conn), count++) {
		cr_assert_eq(name_of[conn->slot], name);
		cr_assert_not(seen[conn->slot]);
		seen[conn->slot] = true;
	}
	cr_assert_eq(count, here(name));
}

static void expect_users(void)
{
	uint32_t users = 0;

	for (int name = 0; name < NAMES; name++)
		users += here(name) > 0;
	cr_assert_eq(gate.users.heads.items, users);
}

static void enter(uint32_t slot, int name)
{
	sessions[slot].phase = SESSION_LIVE;
	sessions[slot].user = names[name];
	sessions[slot].user_size = 2;
	cr_assert_eq(users_enter(&gate, &conns[slot]), here(name) == 0);
	name_of[slot] = name;
}

static void leave(uint32_t slot)
{
	const int name = name_of[slot];

	name_of[slot] = -1;
	cr_assert_eq(users_leave(&gate, &conns[slot]), here(name) == 0);
}

Test(users, come_and_go_in_any_order, .init = setup)
{
	struct random random;
	uint32_t in = 0;

	random_seed(&random, 7);
	for (int step = 0; step < 20000; step++) {
		const uint32_t slot = (uint32_t)random_below(&random, SESSIONS);

		if (name_of[slot] < 0) {
			enter(slot, (int)random_below(&random, NAMES));
			in++;
		} else {
			leave(slot);
			in--;
		}
		cr_assert_eq(gate.users.count, in);
		for (int name = 0; name < NAMES; name++)
			expect_all_of(name);
		expect_users();
	}
	cr_assert_gt(gate.users.heads.lists, 16, "none was parted");
	users_close(&gate.users);
}
