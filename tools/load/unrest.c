/* unrest.c - what happens besides messages: signs of life, those who come and go, the storm.
 */
#include "engine/core/check.h"
#include "proto/ws/ws_close.h"
#include "tools/load/client.h"

static void beat(struct worker *worker, uint32_t index)
{
	struct client *client = &worker->clients[index];
	const struct dialect *const dialect = client_dialect(worker, index);
	struct dialect_out out = outbox_begin(worker);

	if (client->phase != CLIENT_LIVE || client->flags & CLIENT_LEAVING)
		return;
	if (dialect->heartbeat) {
		dialect->heartbeat(&client->state, &out);
		outbox_end(worker, index, &out);
	} else if (!dialect->stream) {
		outbox_frame(worker, index, WS_PING, "", 0);
	}
	COUNT(worker, heartbeats, 1);
}

/* One after the other, so that each has its turn once a period and the server sees an even stream. */
static void heartbeats(struct worker *worker)
{
	const uint64_t period = worker->scenario->heartbeat_ns;
	const uint64_t elapsed = worker->now - worker->run->start_ns;

	if (period == 0 || worker->count == 0)
		return;
	const uint64_t due = (uint64_t)((double)elapsed / (double)period * worker->count);

	if (due - worker->heartbeats_sent > worker->count)
		worker->heartbeats_sent = due - worker->count;
	for (; worker->heartbeats_sent < due; worker->heartbeats_sent++)
		beat(worker, (uint32_t)(worker->heartbeats_sent % worker->count));
}

/* Says good-bye, and is cut when that is sent. */
static void leave(struct worker *worker, uint32_t index)
{
	uint8_t payload[WS_CLOSE_PAYLOAD_MAX];

	if (client_dialect(worker, index)->stream) {
		client_cut(worker, index);
		return;
	}
	worker->clients[index].flags |= CLIENT_LEAVING | CLIENT_RETURNS;
	outbox_frame(worker, index, WS_CLOSE, payload, ws_close_write(payload, 1000, "", 0));
}

static bool may_leave(const struct worker *worker, uint32_t index)
{
	const struct client *const client = &worker->clients[index];

	return client->phase == CLIENT_LIVE && !(client->flags & (CLIENT_LEAVING | CLIENT_PUBLISHES));
}

/* Publishers stay: their messages are what the others are measured with. */
static void churn(struct worker *worker)
{
	const double part = worker->scenario->churn / worker->run->workers;
	const uint32_t members = worker->crowd.members;

	if (part <= 0 || members == 0 || worker->phase < PHASE_WARMUP || worker->phase > PHASE_HOLD)
		return;
	const uint64_t due = (uint64_t)((double)(worker->now - worker->traffic_start) * part / 1e9);

	for (; worker->churned < due; worker->churned++)
		for (uint32_t tries = 0; tries < members; tries++) {
			const uint32_t index = worker->churn_next++ % members;

			if (may_leave(worker, index)) {
				leave(worker, index);
				break;
			}
		}
}

/* Publishers stay, so that there is something to catch up with; unless everybody is one. */
static void cut_all(struct worker *worker)
{
	uint32_t cut = 0;

	for (int publishers = 0; publishers < 2 && cut == 0; publishers++)
		for (uint32_t index = 0; index < worker->crowd.members; index++) {
			const struct client *const client = &worker->clients[index];

			if (client->phase != CLIENT_LIVE || (client->flags & CLIENT_PUBLISHES && !publishers))
				continue;
			client_cut(worker, index);
			cut++;
		}
}

static void storm(struct worker *worker)
{
	if (!worker->scenario->storm || worker->phase != PHASE_HOLD)
		return;
	if (worker->storm_ns == 0 && worker->now - worker->hold_start >= worker->scenario->hold_ns / 2) {
		worker->storm_ns = worker->now;
		worker->storm_live = worker->live;
		cut_all(worker);
	}
	if (worker->storm_live > 0 && worker->live >= worker->storm_live) {
		worker->storm_live = 0;
		stat_set(worker->mine->recovered_ns, worker->now - worker->storm_ns);
	}
}

void unrest_turn(struct worker *worker)
{
	heartbeats(worker);
	churn(worker);
	storm(worker);
}
