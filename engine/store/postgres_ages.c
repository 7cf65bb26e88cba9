#include "engine/store/postgres_ages.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>

#include "engine/core/check.h"

#define ROOMS 200 /* a slice */
#define NUMBER_SIZE 21 /* as text, and what stands behind it */

/* Two lists of numbers as texts, which a statement takes apart. */
struct change {
	char rooms[ROOMS * NUMBER_SIZE], ages[ROOMS * NUMBER_SIZE];
	size_t rooms_size, ages_size;
};

void postgres_ages_go_by(struct postgres_ages *ages, const struct store_ages *now)
{
	*ages = (struct postgres_ages){ .now = now, .version = atomic_load(&now->version), .going = true };
}

bool postgres_ages_due(struct postgres_ages *ages)
{
	const uint32_t version = ages->now ? atomic_load(&ages->now->version) : ages->version;

	if (version != ages->version)
		postgres_ages_go_by(ages, ages->now);
	return ages->going;
}

static size_t list(char *at, size_t size, uint64_t number)
{
	return (size_t)snprintf(at, NUMBER_SIZE, "%s%llu", size > 0 ? "," : "", (unsigned long long)number);
}

static void judge(const struct postgres_ages *ages, const PGresult *rooms, int row, struct change *change)
{
	const struct span name = span_of(PQgetvalue(rooms, row, 1), (size_t)PQgetlength(rooms, row, 1));
	const uint64_t was_ms = (uint64_t)postgres_integer(rooms, row, 2);
	const uint64_t age_ms = ages->now->of(ages->now->context, name, was_ms);

	if (age_ms == was_ms)
		return;
	change->rooms_size +=
		list(change->rooms + change->rooms_size, change->rooms_size, (uint64_t)postgres_integer(rooms, row, 0));
	change->ages_size += list(change->ages + change->ages_size, change->ages_size, age_ms);
}

static int write_change(const struct change *change, struct postgres_session *session, uint32_t wait_ms)
{
	struct postgres_values values = { .count = 0 };

	if (change->rooms_size == 0)
		return 0;
	postgres_values_integer(&values, session->fence);
	postgres_values_text(&values, (const uint8_t *)change->rooms, change->rooms_size);
	postgres_values_text(&values, (const uint8_t *)change->ages, change->ages_size);
	PGresult *result = postgres_link_call(&session->link, "age", &values, wait_ms);
	const int error = result ? postgres_error(result) : -EAGAIN;

	PQclear(result);
	return error;
}

int postgres_ages_slice(struct postgres_ages *ages, struct postgres_session *session, uint32_t wait_ms)
{
	struct postgres_values values = { .count = 0 };
	struct change change;

	CHECK(ages->going);
	change.rooms_size = change.ages_size = 0;
	postgres_values_integer(&values, ages->at);
	postgres_values_integer(&values, ROOMS);
	PGresult *rooms = postgres_link_call(&session->link, "rooms", &values, wait_ms);

	if (!rooms)
		return -EAGAIN;
	int error = postgres_error(rooms);
	const int count = error == 0 ? PQntuples(rooms) : 0;

	CHECK(count <= ROOMS);
	for (int row = 0; row < count; row++)
		judge(ages, rooms, row, &change);
	const uint64_t last = count > 0 ? (uint64_t)postgres_integer(rooms, count - 1, 0) : ages->at;

	PQclear(rooms);
	if (error == 0)
		error = write_change(&change, session, wait_ms);
	if (error != 0)
		return error;
	ages->at = last;
	ages->going = count == ROOMS;
	return 0;
}
