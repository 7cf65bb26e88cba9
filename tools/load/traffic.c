#include <stdlib.h>

#include "engine/core/check.h"
#include "engine/core/pages.h"
#include "tools/load/client.h"
#include "tools/load/tokens.h"

static void open_producer(struct worker *worker, uint32_t room, uint32_t p)
{
	const uint32_t id = room * worker->crowd.publishers_per_room + p;
	const uint32_t client = crowd_publisher(&worker->crowd, room, p);

	worker->producers[id].client = client;
	if (client == CROWD_NONE)
		return;
	worker->clients[client].flags |= CLIENT_PUBLISHES;
	worker->clients[client].producer = id;
	worker->own[worker->own_count++] = id;
}

/* An even part of the whole run's number. */
static uint64_t part_of(const struct worker *worker, uint64_t whole)
{
	const uint64_t all = crowd_publishers(&worker->crowd);

	return all == 0 ? 0 : (uint64_t)((double)whole * worker->own_count / (double)all + 0.5);
}

bool traffic_open(struct worker *worker)
{
	const struct crowd *const crowd = &worker->crowd;
	const uint64_t ids = (uint64_t)crowd->rooms * crowd->publishers_per_room;
	const size_t largest = sizes_largest(&worker->scenario->sizes);

	if (ids >= UINT32_MAX)
		return false;
	worker->wire_size = largest + tokens_longest() + DIALECT_OVERHEAD_MAX;
	worker->wire = malloc(worker->wire_size);
	worker->payload = malloc(largest);
	worker->producers = pages_reserve((ids + 1) * sizeof(worker->producers[0]));
	worker->own = pages_reserve((ids + 1) * sizeof(worker->own[0]));
	worker->ready = pages_reserve((ids + 1) * sizeof(worker->ready[0]));
	if (!worker->wire || !worker->payload || !worker->producers || !worker->own || !worker->ready)
		return false;
	for (uint32_t room = 0; room < crowd->rooms; room++)
		for (uint32_t p = 0; p < crowd->publishers_per_room; p++)
			open_producer(worker, room, p);
	worker->quota = part_of(worker, worker->scenario->messages);
	return true;
}

bool traffic_over(const struct worker *worker)
{
	return worker->phase >= PHASE_DRAIN || (worker->scenario->messages > 0 && worker->mine->sent >= worker->quota);
}

/* So much of one connection waits for its server at most. */
#define WAITING_MAX (64u << 20)

static bool may_publish(struct worker *worker, uint32_t index)
{
	const struct client *const client = &worker->clients[index];

	if (client->phase != CLIENT_LIVE || client->flags & CLIENT_LEAVING)
		return false;
	if (client->out.size <= WAITING_MAX)
		return true;
	client_lost(worker, index, "the server does not read: %u MiB wait to be sent; lower rate, sizes or in-flight",
		    WAITING_MAX >> 20);
	return false;
}

/* The time of sending, small enough for every dialect: it comes back with the answer. */
static uint64_t make_id(const struct worker *worker)
{
	const uint64_t id = (worker->now - worker->run->start_ns) >> 10 & DIALECT_ID_MAX;

	return id > 0 ? id : 1;
}

bool traffic_publish(struct worker *worker, uint32_t id, uint64_t intended_ns)
{
	struct producer *producer = &worker->producers[id];
	struct client *client = &worker->clients[producer->client];
	const struct dialect *const dialect = client_dialect(worker, producer->client);
	const uint32_t room = id / worker->crowd.publishers_per_room;
	const uint32_t size = sizes_pick(&worker->scenario->sizes, random_next(&worker->random));
	struct dialect_out out = outbox_begin(worker);

	if (!may_publish(worker, producer->client))
		return false;
	producer->number++;
	payload_write(worker->payload, size,
		      &(struct payload){
			      .producer = id,
			      .number = producer->number,
			      .room = room,
			      .intended_ns = intended_ns,
		      });
	dialect->publish(&client->state, &out, room, span_of(worker->payload, size),
			 dialect->has_ack ? make_id(worker) : 0);
	outbox_end(worker, producer->client, &out);
	stat_set(worker->run->sent[id], producer->number);
	COUNT(worker, sent, 1);
	if (worker->phase == PHASE_HOLD)
		COUNT(worker, sent_measured, 1);
	return true;
}

void traffic_turn(struct worker *worker)
{
	if (worker->phase < PHASE_WARMUP || worker->own_count == 0 || traffic_over(worker))
		return;
	switch (worker->scenario->traffic) {
	case TRAFFIC_NONE:
		break;
	case TRAFFIC_OPEN:
		traffic_open_turn(worker);
		break;
	case TRAFFIC_CLOSED:
	case TRAFFIC_ECHO:
	case TRAFFIC_ACK:
		traffic_closed_turn(worker);
		break;
	}
}
