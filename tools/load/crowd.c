#include "tools/load/crowd.h"

#include "engine/core/check.h"

static uint32_t smaller(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* How many of 0 .. count - 1 are `offset` modulo `step`. */
static uint32_t count_of(uint64_t count, uint32_t offset, uint32_t step)
{
	return count > offset ? (uint32_t)((count - offset - 1) / step + 1) : 0;
}

/* An outsider is publisher x % publishers_per_room of room x / publishers_per_room. */
static uint32_t own_outsiders(const struct crowd *crowd)
{
	if (!crowd->outside)
		return 0;
	if (!crowd->by_room)
		return count_of((uint64_t)crowd->rooms * crowd->publishers_per_room, crowd->worker, crowd->workers);
	/* Whole blocks; the last one of all may be smaller. */
	uint64_t rooms = 0;

	for (uint32_t b = crowd->worker; b < crowd->blocks; b += crowd->workers) {
		const uint32_t size = crowd->blocks == 1 ? crowd->rooms : crowd->rooms_per_connection;

		rooms += size;
	}
	return (uint32_t)(rooms * crowd->publishers_per_room);
}

void crowd_open(struct crowd *crowd, const struct scenario *scenario, uint32_t workers, uint32_t worker)
{
	const uint32_t rooms = scenario->rooms > 0 ? scenario->rooms : 1;
	const uint32_t each = smaller(scenario->rooms_per_connection, rooms);

	CHECK(worker < workers);
	*crowd = (struct crowd){
		.connections = scenario->connections,
		.rooms = rooms,
		.rooms_per_connection = each,
		.publishers_per_room = scenario->publishers_per_room,
		.workers = workers,
		.worker = worker,
		.outside = scenario->outside_publisher,
		.by_room = scenario->traffic == TRAFFIC_CLOSED,
	};
	crowd->blocks = workers;
	if (crowd->by_room)
		crowd->blocks = each > 0 && rooms % each == 0 ? rooms / each : 1;
	crowd->own_blocks = count_of(crowd->blocks, worker, workers);
	crowd->members = crowd_share(crowd, crowd->connections);
	crowd->outsiders = own_outsiders(crowd);
}

uint32_t crowd_share(const struct crowd *crowd, uint32_t count)
{
	const uint32_t whole = count / crowd->blocks, rest = count % crowd->blocks;

	return whole * crowd->own_blocks + count_of(rest, crowd->worker, crowd->workers);
}

uint32_t crowd_connection(const struct crowd *crowd, uint32_t local)
{
	CHECK(local < crowd->members && crowd->own_blocks > 0);
	const uint32_t block = local % crowd->own_blocks * crowd->workers + crowd->worker;

	return local / crowd->own_blocks * crowd->blocks + block;
}

uint32_t crowd_first_room(const struct crowd *crowd, uint32_t local)
{
	return (uint32_t)((uint64_t)crowd_connection(crowd, local) * crowd->rooms_per_connection % crowd->rooms);
}

static uint32_t local_of(const struct crowd *crowd, uint32_t connection)
{
	const uint32_t block = connection % crowd->blocks;

	if (block % crowd->workers != crowd->worker)
		return CROWD_NONE;
	return connection / crowd->blocks * crowd->own_blocks + block / crowd->workers;
}

static uint32_t local_outsider(const struct crowd *crowd, uint32_t room, uint32_t p)
{
	const uint32_t each = crowd->rooms_per_connection;
	const uint64_t x = (uint64_t)room * crowd->publishers_per_room + p;

	if (!crowd->by_room)
		return x % crowd->workers == crowd->worker ? crowd->members + (uint32_t)(x / crowd->workers)
							   : CROWD_NONE;
	const uint32_t block = crowd->blocks == 1 ? 0 : room / each;

	if (block % crowd->workers != crowd->worker)
		return CROWD_NONE;
	const uint32_t within = crowd->blocks == 1 ? room : block / crowd->workers * each + room % each;

	return crowd->members + within * crowd->publishers_per_room + p;
}

uint32_t crowd_publisher(const struct crowd *crowd, uint32_t room, uint32_t p)
{
	const uint64_t membership = room + (uint64_t)p * crowd->rooms;

	CHECK(room < crowd->rooms && p < crowd->publishers_per_room);
	if (crowd->outside)
		return local_outsider(crowd, room, p);
	if (membership >= (uint64_t)crowd->connections * crowd->rooms_per_connection)
		return CROWD_NONE;
	return local_of(crowd, (uint32_t)(membership / crowd->rooms_per_connection));
}

uint64_t crowd_publishers(const struct crowd *crowd)
{
	const uint64_t most = (uint64_t)crowd->rooms * crowd->publishers_per_room;
	const uint64_t memberships = (uint64_t)crowd->connections * crowd->rooms_per_connection;

	return crowd->outside || most < memberships ? most : memberships;
}

uint32_t crowd_outsider_room(const struct crowd *crowd, uint32_t local)
{
	const uint32_t each = crowd->rooms_per_connection;
	const uint32_t x = local - crowd->members;

	CHECK(local >= crowd->members && local < crowd->members + crowd->outsiders);
	if (!crowd->by_room)
		return (uint32_t)(((uint64_t)x * crowd->workers + crowd->worker) / crowd->publishers_per_room);
	const uint32_t within = x / crowd->publishers_per_room;

	return crowd->blocks == 1 ? within : (within / each * crowd->workers + crowd->worker) * each + within % each;
}
