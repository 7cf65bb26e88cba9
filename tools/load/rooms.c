#include "engine/core/check.h"
#include "engine/core/pages.h"
#include "tools/load/resume.h"

/* While a join is under way it is not known which of the messages on the road come: any of the last so many may. */
#define ON_THE_ROAD 4096

static uint64_t memberships(const struct worker *worker)
{
	return (uint64_t)worker->crowd.members * worker->crowd.rooms_per_connection;
}

bool rooms_open(struct worker *worker)
{
	const uint64_t tracks = memberships(worker) * worker->crowd.publishers_per_room;

	if (tracks > UINT32_MAX)
		return false;
	worker->audit = audit_open((uint32_t)tracks);
	worker->in_room = pages_reserve((memberships(worker) / 64 + 1) * sizeof(uint64_t));
	worker->present = pages_reserve((uint64_t)worker->crowd.rooms * sizeof(uint32_t));
	worker->gaps = pages_reserve((memberships(worker) + 1) * sizeof(uint32_t));
	return worker->audit && worker->in_room && worker->present && worker->gaps;
}

uint64_t rooms_membership(const struct worker *worker, uint32_t index, uint32_t room)
{
	const struct crowd *const crowd = &worker->crowd;
	const uint32_t first = worker->clients[index].first_room;
	const uint32_t i = room >= first ? room - first : room + crowd->rooms - first;

	if (index >= crowd->members || room >= crowd->rooms || i >= crowd->rooms_per_connection)
		return UINT64_MAX;
	return (uint64_t)index * crowd->rooms_per_connection + i;
}

static bool is_in(const struct worker *worker, uint64_t membership)
{
	return worker->in_room[membership / 64] >> membership % 64 & 1;
}

static void ask(struct worker *worker, uint32_t index)
{
	struct client *client = &worker->clients[index];
	const uint32_t room = (client->first_room + client->joins_asked) % worker->crowd.rooms;
	struct dialect_out out = outbox_begin(worker);

	COUNT(worker, joins_begun, 1);
	client->joins_asked++;
	worker->joins_open++;
	if (!worker->resume || !resume_ask(worker, rooms_membership(worker, index, room), room, &out))
		client_dialect(worker, index)->join(&client->state, &out, room);
	outbox_end(worker, index, &out);
}

/* A publisher from outside is in no room, but where only members may publish. */
static bool must_join(const struct dialect *dialect)
{
	return dialect == dialect_find("native") || dialect == dialect_find("pusher");
}

void rooms_ask_outsider(struct worker *worker, uint32_t index)
{
	struct client *client = &worker->clients[index];
	const struct dialect *const dialect = client_dialect(worker, index);
	struct dialect_out out = outbox_begin(worker);

	if (!must_join(dialect)) {
		client_settled(worker, index);
		return;
	}
	dialect->join(&client->state, &out, client->first_room);
	outbox_end(worker, index, &out);
	client_wait(worker, index);
}

void rooms_ask(struct worker *worker)
{
	const uint32_t most = worker->scenario->gradual_joins ? worker->scenario->joins_in_flight : UINT32_MAX;

	while (worker->joins_open < most && worker->joining.first != NOBODY) {
		const uint32_t index = worker->joining.first;
		struct client *client = &worker->clients[index];

		if (client->joins_asked == 0)
			client->since_ns = worker->now;
		if (client->joins_asked + 1u == worker->crowd.rooms_per_connection) {
			queue_remove(worker, &worker->joining, index);
			client_wait(worker, index);
		}
		ask(worker, index);
	}
}

void rooms_enter(struct worker *worker, uint32_t index)
{
	struct client *client = &worker->clients[index];

	for (uint32_t i = 0; i < worker->crowd.rooms_per_connection; i++) {
		COUNT(worker, joins_begun, 1);
		client->joins_asked++;
		worker->joins_open++;
		rooms_joined(worker, index, (client->first_room + i) % worker->crowd.rooms);
	}
}

static void answered(struct worker *worker, uint32_t index, uint32_t count)
{
	struct client *client = &worker->clients[index];

	CHECK(worker->joins_open >= count);
	worker->joins_open -= count;
	client->joins_answered += (uint16_t)count;
	CHECK(client->joins_answered <= client->joins_asked);
	if (client->joins_answered == worker->crowd.rooms_per_connection)
		client_settled(worker, index);
}

/* Its own messages are expected only where the server gives them back, and any only where it gives them out. */
static bool is_not_owed(const struct worker *worker, uint32_t index, uint32_t id)
{
	const struct dialect *const dialect = client_dialect(worker, index);

	return dialect->keeps_only || (worker->producers[id].client == index && !dialect->echoes_sender);
}

static void begin_tracks(struct worker *worker, uint32_t index, uint64_t membership, uint32_t room)
{
	const uint32_t each = worker->crowd.publishers_per_room;

	for (uint32_t p = 0; p < each; p++) {
		const uint32_t id = room * each + p;
		const uint32_t sent = stat_get(worker->run->sent[id]);

		if (is_not_owed(worker, index, id))
			continue;
		audit_begin(worker->audit, (uint32_t)(membership * each + p),
			    sent > ON_THE_ROAD ? sent - ON_THE_ROAD : 0, sent);
	}
}

void rooms_joined(struct worker *worker, uint32_t index, uint32_t room)
{
	const struct client *const client = &worker->clients[index];
	const uint64_t membership = rooms_membership(worker, index, room);
	const bool late = client->phase == CLIENT_LIVE; /* it counts as failed, but the server has a member */

	if (index >= worker->crowd.members && client->phase == CLIENT_JOINING)
		client_settled(worker, index);
	if (membership == UINT64_MAX || is_in(worker, membership) ||
	    (!late && (client->phase != CLIENT_JOINING || client->joins_answered == client->joins_asked)))
		return;
	worker->in_room[membership / 64] |= 1ull << membership % 64;
	worker->present[room]++;
	if (!worker->goes_on)
		begin_tracks(worker, index, membership, room);
	if (late)
		return;
	COUNT(worker, joined, 1);
	hist_add(&worker->mine->join, worker->now - client->since_ns, 1);
	answered(worker, index, 1);
}

void rooms_refused(struct worker *worker, uint32_t index, uint32_t count)
{
	const struct client *const client = &worker->clients[index];
	const uint32_t open = (uint32_t)(client->joins_asked - client->joins_answered);
	const uint32_t refused = count < open ? count : open;

	if (index >= worker->crowd.members) {
		client_lost(worker, index, "a publisher could not join");
		return;
	}
	COUNT(worker, join_failed, refused);
	if (count > open)
		client_complain(worker, "%u joins of a connection were not answered in time", refused);
	answered(worker, index, refused);
}

static void set_gap(struct worker *worker, uint64_t membership, uint32_t left_out)
{
	worker->gap_count -= worker->gaps[membership] > 0;
	worker->gap_count += left_out > 0;
	worker->gaps[membership] = left_out;
}

/* What is missing up to `number` is what the server said it leaves out, as far as that goes. */
static void excuse(struct worker *worker, uint64_t membership, uint32_t track, uint32_t number)
{
	const uint32_t most = worker->gaps[membership];

	if (most > 0)
		set_gap(worker, membership, most - audit_excuse(worker->audit, track, number, most));
}

/* What was on its way to somebody who leaves is nobody's loss: only holes count. */
static void end_tracks(struct worker *worker, uint32_t index, uint64_t membership, uint32_t room, bool all)
{
	const uint32_t each = worker->crowd.publishers_per_room;

	for (uint32_t p = 0; p < each; p++) {
		const uint32_t id = room * each + p;

		const uint32_t track = (uint32_t)(membership * each + p);
		const uint32_t sent = all ? stat_get(worker->run->sent[id]) : 0;

		if (is_not_owed(worker, index, id))
			continue;
		excuse(worker, membership, track, sent);
		audit_end(worker->audit, track, sent);
	}
}

static uint64_t lacks(const struct worker *worker, uint32_t index, uint64_t membership, uint32_t room)
{
	const uint32_t each = worker->crowd.publishers_per_room;
	uint64_t sum = 0;

	for (uint32_t p = 0; p < each; p++) {
		const uint32_t id = room * each + p;

		if (!is_not_owed(worker, index, id))
			sum += audit_lacks(worker->audit, (uint32_t)(membership * each + p),
					   stat_get(worker->run->sent[id]));
	}
	return sum;
}

/* So many at most of what is under way to a member will not come: closed traffic does not wait for them. */
static void forgo(struct worker *worker, uint32_t index, uint64_t membership, uint32_t room, uint64_t most)
{
	const uint32_t each = worker->crowd.publishers_per_room;

	for (uint32_t p = 0; p < each && most > 0; p++) {
		const uint32_t id = room * each + p;
		const uint32_t sent = stat_get(worker->run->sent[id]);

		if (is_not_owed(worker, index, id))
			continue;
		const uint32_t lack = audit_lacks(worker->audit, (uint32_t)(membership * each + p), sent);

		most -= traffic_forgone(worker, id, lack < most ? lack : (uint32_t)most);
	}
}

/* All but those that the server left out, which it has forgone before. */
static void forgo_rest(struct worker *worker, uint32_t index, uint64_t membership, uint32_t room)
{
	const uint64_t lacking = lacks(worker, index, membership, room);

	if (lacking > worker->gaps[membership])
		forgo(worker, index, membership, room, lacking - worker->gaps[membership]);
}

/* Of all rooms it is in; at the end of the run also of those it was to come back to, whose tracks go on. */
static void leave_all(struct worker *worker, uint32_t index, bool all)
{
	const struct client *const client = &worker->clients[index];
	const struct crowd *const crowd = &worker->crowd;

	for (uint32_t i = 0; index < crowd->members && i < crowd->rooms_per_connection; i++) {
		const uint64_t membership = (uint64_t)index * crowd->rooms_per_connection + i;
		const uint32_t room = (uint32_t)(((uint64_t)client->first_room + i) % crowd->rooms);

		if (all && worker->resume && resume_is_away(worker, membership))
			end_tracks(worker, index, membership, room, false);
		if (!is_in(worker, membership))
			continue;
		if (!all)
			forgo_rest(worker, index, membership, room);
		if (worker->resume && !all)
			resume_leave(worker, membership);
		else
			end_tracks(worker, index, membership, room, all);
		set_gap(worker, membership, 0);
		worker->in_room[membership / 64] &= ~(1ull << membership % 64);
		worker->present[room]--;
	}
}

void rooms_left(struct worker *worker, uint32_t index)
{
	struct client *client = &worker->clients[index];

	if (client->phase == CLIENT_JOINING && index < worker->crowd.members) {
		COUNT(worker, join_failed, client->joins_asked - client->joins_answered);
		worker->joins_open -= (uint32_t)(client->joins_asked - client->joins_answered);
		if (client->joins_asked < worker->crowd.rooms_per_connection)
			queue_remove(worker, &worker->joining, index);
	}
	leave_all(worker, index, false);
}

/* What it missed is nobody's loss in the book: the server has said that it does not come. */
void rooms_gave_up(struct worker *worker, uint32_t index, uint32_t room)
{
	const uint32_t each = worker->crowd.publishers_per_room;
	const uint64_t membership = rooms_membership(worker, index, room);

	COUNT(worker, not_recovered, 1);
	client_complain(worker, "who came back was not given what it had missed in room %u", room);
	for (uint32_t p = 0; p < each; p++)
		if (!is_not_owed(worker, index, room * each + p))
			audit_excuse(worker->audit, (uint32_t)(membership * each + p),
				     stat_get(worker->run->sent[room * each + p]), UINT32_MAX);
	end_tracks(worker, index, membership, room, false);
}

void rooms_flush(struct worker *worker)
{
	const uint64_t intended = worker->same_intended;

	if (worker->same_count > 0 && intended >= worker->hold_start && intended < worker->hold_end)
		hist_add(&worker->mine->latency, worker->now > intended ? worker->now - intended : 0,
			 worker->same_count);
	worker->same_count = 0;
}

/* Others than ours may give out what is sent to a room before they answer the join. */
static bool is_joining(const struct worker *worker, uint32_t index, uint64_t membership)
{
	return membership % worker->crowd.rooms_per_connection < worker->clients[index].joins_asked &&
	       client_dialect(worker, index) != dialect_find("native");
}

void rooms_deliver(struct worker *worker, uint32_t index, const struct payload *payload, uint64_t position)
{
	const uint32_t each = worker->crowd.publishers_per_room;
	const uint64_t membership = rooms_membership(worker, index, payload->room);
	const uint64_t p = payload->producer - (uint64_t)payload->room * each;

	if (index >= worker->crowd.members)
		return;
	if (membership == UINT64_MAX || p >= each || !is_in(worker, membership)) {
		worker->foreign += membership == UINT64_MAX || p >= each || !is_joining(worker, index, membership);
		return;
	}
	const uint32_t track = (uint32_t)(membership * each + p);

	if (worker->gap_count > 0)
		excuse(worker, membership, track, payload->number - 1);
	if (!audit_take(worker->audit, track, payload->number))
		return;
	worker->received++;
	if (worker->resume)
		worker->resume->position[membership] = position;
	if (worker->catching_up)
		return;
	if (payload->intended_ns != worker->same_intended) {
		rooms_flush(worker);
		worker->same_intended = payload->intended_ns;
	}
	worker->same_count++;
	if (audit_was_sure(worker->audit, track, payload->number))
		traffic_delivered(worker, index, payload);
}

/* Which they are is seen when the next one of each publisher comes. */
void rooms_gap(struct worker *worker, uint32_t index, uint32_t room, uint32_t left_out)
{
	const uint64_t membership = rooms_membership(worker, index, room);

	if (membership == UINT64_MAX || !is_in(worker, membership))
		return;
	const uint32_t most = UINT32_MAX - worker->gaps[membership];

	set_gap(worker, membership, worker->gaps[membership] + (left_out < most ? left_out : most));
	forgo(worker, index, membership, room, left_out);
}

/* To everybody who is in its room; but for holes, which one that is late may still fill. */
bool rooms_all_came(const struct worker *worker)
{
	const struct crowd *const crowd = &worker->crowd;

	for (uint32_t index = 0; index < crowd->members; index++)
		for (uint32_t i = 0; i < crowd->rooms_per_connection; i++) {
			const uint64_t membership = (uint64_t)index * crowd->rooms_per_connection + i;
			const uint32_t first = worker->clients[index].first_room + i;
			const uint32_t room = first < crowd->rooms ? first : first - crowd->rooms;

			if (is_in(worker, membership) &&
			    lacks(worker, index, membership, room) > worker->gaps[membership])
				return false;
		}
	return true;
}

void rooms_settle(struct worker *worker)
{
	for (uint32_t index = 0; index < worker->crowd.members; index++)
		leave_all(worker, index, true);
}
