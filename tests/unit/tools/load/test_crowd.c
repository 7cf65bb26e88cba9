/* Every connection is one worker's, every publisher is one member of its room, and closed traffic finds rooms whole:
 * counted out against a plain model for all small crowds. */
#include <criterion/criterion.h>
#include <string.h>

#include "tools/load/crowd.h"

#define MOST 64

static struct crowd crowds[8];
static uint32_t worker_of[MOST], local_of[MOST];

static void open_all(const struct scenario *scenario, uint32_t workers)
{
	for (uint32_t w = 0; w < workers; w++)
		crowd_open(&crowds[w], scenario, workers, w);
}

static void check_members(const struct scenario *scenario, uint32_t workers)
{
	memset(worker_of, 0xff, sizeof(worker_of));
	for (uint32_t w = 0; w < workers; w++)
		for (uint32_t local = 0; local < crowds[w].members; local++) {
			const uint32_t c = crowd_connection(&crowds[w], local);

			cr_assert_lt(c, scenario->connections);
			cr_assert_eq(worker_of[c], UINT32_MAX, "connection %u twice", c);
			worker_of[c] = w;
			local_of[c] = local;
			cr_assert_eq(crowd_first_room(&crowds[w], local),
				     c * scenario->rooms_per_connection % scenario->rooms);
			cr_assert_eq(crowd_share(&crowds[w], c), local, "the ramp takes them in this order");
		}
	for (uint32_t c = 0; c < scenario->connections; c++)
		cr_assert_neq(worker_of[c], UINT32_MAX, "connection %u is nobody's", c);
}

static bool is_member(const struct scenario *scenario, uint32_t c, uint32_t room)
{
	for (uint32_t i = 0; i < scenario->rooms_per_connection; i++)
		if ((c * scenario->rooms_per_connection + i) % scenario->rooms == room)
			return true;
	return false;
}

static void check_rooms_whole(const struct scenario *scenario)
{
	for (uint32_t room = 0; room < scenario->rooms; room++) {
		uint32_t owner = UINT32_MAX;

		for (uint32_t c = 0; c < scenario->connections; c++) {
			if (!is_member(scenario, c, room))
				continue;
			if (owner == UINT32_MAX)
				owner = worker_of[c];
			cr_assert_eq(worker_of[c], owner, "room %u is in two workers", room);
		}
	}
}

static void check_publishers(const struct scenario *scenario, uint32_t workers)
{
	uint64_t found = 0;

	for (uint32_t room = 0; room < scenario->rooms; room++)
		for (uint32_t p = 0; p < scenario->publishers_per_room; p++) {
			uint32_t owners = 0;

			for (uint32_t w = 0; w < workers; w++) {
				const uint32_t local = crowd_publisher(&crowds[w], room, p);

				if (local == CROWD_NONE)
					continue;
				owners++;
				if (scenario->outside_publisher) {
					cr_assert_geq(local, crowds[w].members);
					cr_assert_lt(local, crowds[w].members + crowds[w].outsiders);
					cr_assert_eq(crowd_outsider_room(&crowds[w], local), room);
				} else {
					const uint32_t c = crowd_connection(&crowds[w], local);

					cr_assert(is_member(scenario, c, room), "%u is not in %u", c, room);
				}
			}
			cr_assert_leq(owners, 1);
			found += owners;
		}
	cr_assert_eq(found, crowd_publishers(&crowds[0]));
}

static void check(const struct scenario *scenario, uint32_t workers)
{
	open_all(scenario, workers);
	check_members(scenario, workers);
	check_publishers(scenario, workers);
	if (scenario->traffic == TRAFFIC_CLOSED)
		check_rooms_whole(scenario);
}

static void check_shapes(struct scenario *scenario)
{
	static const enum traffic kinds[] = { TRAFFIC_CLOSED, TRAFFIC_OPEN };

	for (uint32_t workers = 1; workers <= 4; workers++)
		for (int i = 0; i < 4; i++) {
			scenario->outside_publisher = i & 1;
			scenario->traffic = kinds[i / 2];
			check(scenario, workers);
		}
}

Test(crowd, each_connection_and_publisher_is_one_workers)
{
	struct scenario scenario = { .connections = 0 };

	for (scenario.connections = 0; scenario.connections < 14; scenario.connections++)
		for (scenario.rooms = 1; scenario.rooms < 9; scenario.rooms++)
			for (scenario.rooms_per_connection = 1; scenario.rooms_per_connection <= scenario.rooms;
			     scenario.rooms_per_connection++)
				for (scenario.publishers_per_room = 0; scenario.publishers_per_room < 4;
				     scenario.publishers_per_room++)
					check_shapes(&scenario);
}

Test(crowd, rooms_that_fall_into_blocks_use_every_worker)
{
	const struct scenario scenario = {
		.connections = 40,
		.rooms = 20,
		.rooms_per_connection = 5,
		.traffic = TRAFFIC_CLOSED,
	};

	open_all(&scenario, 2);
	cr_assert_eq(crowds[0].members, 20);
	cr_assert_eq(crowds[1].members, 20);
}

Test(crowd, open_traffic_is_split_evenly)
{
	const struct scenario scenario = {
		.connections = 11, .rooms = 1, .rooms_per_connection = 1, .traffic = TRAFFIC_OPEN
	};

	open_all(&scenario, 2);
	cr_assert_eq(crowds[0].members, 6);
	cr_assert_eq(crowds[1].members, 5);
}
