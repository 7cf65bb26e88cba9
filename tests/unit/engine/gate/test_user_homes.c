/* What a home knows of its users, beside counts of our own, while there come to be more than the table begins with. */
#include "engine/gate/user_homes.h"

#include <criterion/criterion.h>
#include <signal.h>

#include "engine/core/random.h"

#define USERS 3000
#define CORES 64

static struct user_homes homes;
static uint64_t hashes[USERS];
static struct {
	int32_t connections, rooms;
	uint64_t cores;
} model[USERS];

static void setup(void)
{
	struct random random;

	random_seed(&random, 5);
	for (int user = 0; user < USERS; user++)
		hashes[user] = random_next(&random);
	cr_assert_eq(user_homes_open(&homes, USERS * CORES, CORES), 0);
}

static void add(int user, uint32_t core, int32_t connections, int32_t rooms, bool present)
{
	struct user_record *record = user_homes_add(&homes, hashes[user], core, connections, rooms, present);

	model[user].connections += connections;
	model[user].rooms += rooms;
	model[user].cores = present ? model[user].cores | 1ull << core : model[user].cores & ~(1ull << core);
	cr_assert_eq(record, user_homes_find(&homes, hashes[user]));
	user_homes_tidy(&homes, record, hashes[user]);
}

static void expect(int user)
{
	const struct user_record *record = user_homes_find(&homes, hashes[user]);

	cr_assert_eq(record != NULL, model[user].connections > 0, "user %d", user);
	if (!record)
		return;
	cr_assert_eq(record->connections, model[user].connections);
	cr_assert_eq(record->rooms, model[user].rooms);
	cr_assert_eq(record->cores, model[user].cores);
}

static void expect_all(void)
{
	uint32_t there = 0;

	for (int user = 0; user < USERS; user++) {
		expect(user);
		there += model[user].connections > 0;
	}
	cr_assert_eq(homes.records.used, there);
	cr_assert_eq(homes.heads.items, there);
}

Test(user_homes, all_are_known_while_they_become_more_and_fewer, .init = setup)
{
	for (int user = 0; user < USERS; user++)
		add(user, (uint32_t)user % CORES, 1, user % 7, true);
	expect_all();
	cr_assert_gt(homes.heads.lists, 1024, "none was parted");
	for (int user = 0; user < USERS; user += 2)
		add(user, (uint32_t)user % CORES, -1, -(user % 7), false);
	expect_all();
	for (int user = 1; user < USERS; user += 2) {
		add(user, 63, 2, 100, true);
		expect(user);
		add(user, (uint32_t)user % CORES, -1, 0, user % CORES == 63);
	}
	expect_all();
	user_homes_close(&homes);
}

/* A record has 24 bits for them, more than a process may have. */
Test(user_homes, as_many_connections_as_one_may_have, .init = setup)
{
	add(0, 0, (1 << 24) - 1, 0, true);
	expect(0);
	add(0, 0, -(1 << 24) + 1, 0, false);
	expect(0);
	user_homes_close(&homes);
}

Test(user_homes, and_one_more_is_a_mistake_of_ours, .init = setup, .signal = SIGABRT)
{
	add(0, 0, (1 << 24) - 1, 0, true);
	user_homes_add(&homes, hashes[0], 1, 1, 0, true);
}
