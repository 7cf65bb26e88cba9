/* traffic_closed.c - who has got what was sent sends more: closed loops, of whole rooms, of echoes or of answers.
 *
 * A producer that may send is in ready[]. Closed: it has a batch of in_flight messages under way, and is ready again
 * when the last member has the last of them, or has left. Echo and ack: each of its own messages that comes back, or
 * is answered, makes one more due.
 */
#include "tools/load/client.h"

/* So long without a delivery or an answer, and the rest is given up: it is the audit, or the figure of what was not
 * answered, that says what was lost. */
#define STALL_NS 5000000000ull

static void make_ready(struct worker *worker, uint32_t id)
{
	if (worker->producers[id].ready)
		return;
	worker->producers[id].ready = true;
	worker->ready[worker->ready_count++] = id;
}

static bool one_by_one(const struct worker *worker)
{
	return worker->scenario->traffic == TRAFFIC_ECHO || worker->scenario->traffic == TRAFFIC_ACK;
}

static uint32_t receivers(const struct worker *worker, uint32_t id)
{
	const struct producer *const producer = &worker->producers[id];
	const uint32_t room = id / worker->crowd.publishers_per_room;
	const bool inside = producer->client < worker->crowd.members;

	return worker->present[room] - (inside && !client_dialect(worker, producer->client)->echoes_sender);
}

static void send_batch(struct worker *worker, uint32_t id)
{
	struct producer *producer = &worker->producers[id];
	const bool single = one_by_one(worker);
	const uint32_t each = single ? 1 : receivers(worker, id);
	const uint32_t count = single ? producer->due : worker->scenario->in_flight;

	if (!single) {
		producer->first = producer->number + 1;
		producer->awaiting = 0;
	}
	for (uint32_t i = 0; each > 0 && i < count && !traffic_over(worker); i++)
		if (traffic_publish(worker, id, worker->now))
			producer->awaiting += each;
	producer->due = 0;
	producer->stirred_ns = worker->now;
}

void traffic_closed_turn(struct worker *worker)
{
	while (worker->ready_count > 0) {
		const uint32_t id = worker->ready[--worker->ready_count];

		worker->producers[id].ready = false;
		send_batch(worker, id);
	}
}

static void take_back(struct worker *worker, uint32_t id)
{
	struct producer *producer = &worker->producers[id];

	if (producer->awaiting == 0)
		return;
	producer->stirred_ns = worker->now;
	producer->awaiting--;
	producer->due++;
	make_ready(worker, id);
}

void traffic_answered(struct worker *worker, uint32_t index)
{
	const struct client *const client = &worker->clients[index];

	worker->last_delivery_ns = worker->now;
	if (worker->scenario->traffic == TRAFFIC_ACK && client->flags & CLIENT_PUBLISHES)
		take_back(worker, client->producer);
}

void traffic_delivered(struct worker *worker, uint32_t index, const struct payload *payload)
{
	const enum traffic traffic = worker->scenario->traffic;
	struct producer *producer = &worker->producers[payload->producer];

	if (traffic == TRAFFIC_CLOSED) {
		if (payload->number < producer->first || producer->awaiting == 0)
			return;
		producer->stirred_ns = worker->now;
		if (--producer->awaiting == 0)
			make_ready(worker, payload->producer);
	} else if (traffic == TRAFFIC_ECHO && producer->client == index) {
		take_back(worker, payload->producer);
	}
}

/* Of what is not answered the time is known as far as it went. */
static void give_up(struct worker *worker, const struct producer *producer)
{
	client_complain(worker, "%u deliveries or answers did not come for 5 s: on without them", producer->awaiting);
	if (worker->scenario->traffic == TRAFFIC_ACK && worker->phase == PHASE_HOLD)
		hist_add(&worker->mine->ack, worker->now - producer->stirred_ns, producer->awaiting);
}

uint32_t traffic_forgone(struct worker *worker, uint32_t id, uint32_t count)
{
	struct producer *producer = &worker->producers[id];
	const uint32_t batch = producer->number + 1 - producer->first;
	uint32_t gone = count < batch ? count : batch;

	if (worker->scenario->traffic != TRAFFIC_CLOSED || producer->awaiting == 0)
		return 0;
	gone = gone < producer->awaiting ? gone : producer->awaiting;
	producer->awaiting -= gone;
	if (producer->awaiting == 0)
		make_ready(worker, id);
	return gone;
}

/* Starts those who never sent, and those whose messages do not come. */
void traffic_watch(struct worker *worker)
{
	if (worker->phase < PHASE_WARMUP || (worker->scenario->traffic != TRAFFIC_CLOSED && !one_by_one(worker)))
		return;
	for (uint32_t i = 0; i < worker->own_count; i++) {
		const uint32_t id = worker->own[i];
		struct producer *producer = &worker->producers[id];
		const bool stalled = producer->awaiting > 0 && worker->now - producer->stirred_ns > STALL_NS;

		if (producer->ready || (producer->awaiting > 0 && !stalled))
			continue;
		if (stalled)
			give_up(worker, producer);
		producer->awaiting = 0;
		producer->due = worker->scenario->in_flight;
		make_ready(worker, id);
	}
}
