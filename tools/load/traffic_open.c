/* traffic_open.c - messages at times that are fixed beforehand, whatever the server does.
 *
 * Message k of a worker is due at traffic_start + k / its part of the rate. One that could not be sent in time is sent
 * late with the time it should have had: none is skipped, so a slow server cannot hide what it cost those who waited.
 * One that was not sent before the hold ended is late by what was left of it.
 */
#include <math.h>

#include "tools/load/client.h"

/* So many a turn, that what comes in is looked at in between. */
#define A_TURN 2048
#define STEPS 1024 /* of what was never sent: as many values of lag at most */

static double interval_ns(const struct worker *worker)
{
	const double part = (double)worker->own_count / (double)crowd_publishers(&worker->crowd);

	return 1e9 / (worker->scenario->rate * part);
}

/* Workers, all alike, would else send in the same instants. */
static uint64_t due_ns(const struct worker *worker, uint64_t message)
{
	const double phase = (double)(worker->index + 1) / worker->run->workers;

	return worker->traffic_start + (uint64_t)(((double)message + phase) * interval_ns(worker));
}

/* The first message that is due at this time or later. */
static uint64_t due_from(const struct worker *worker, uint64_t ns)
{
	const double phase = (double)(worker->index + 1) / worker->run->workers;
	const double intervals = (double)(ns - worker->traffic_start) / interval_ns(worker);

	return intervals > phase ? (uint64_t)ceil(intervals - phase) : 0;
}

static void note_intended(struct worker *worker, uint32_t id, uint64_t intended_ns)
{
	struct client *client = &worker->clients[worker->producers[id].client];

	if (client->messages++ == 0)
		client->intended_ns = intended_ns;
}

/* In turn; who is not there is passed over. */
static bool publish_next(struct worker *worker, uint64_t intended_ns)
{
	for (uint32_t tries = 0; tries < worker->own_count; tries++) {
		const uint32_t id = worker->own[worker->open_next];

		worker->open_next = worker->open_next + 1 < worker->own_count ? worker->open_next + 1 : 0;
		if (!traffic_publish(worker, id, intended_ns))
			continue;
		note_intended(worker, id, intended_ns);
		return true;
	}
	return false;
}

void traffic_open_turn(struct worker *worker)
{
	for (uint32_t i = 0; i < A_TURN && worker->scenario->rate > 0 && !traffic_over(worker); i++) {
		const uint64_t intended = due_ns(worker, worker->open_sent);

		if (intended > worker->now)
			return;
		worker->nobody = !publish_next(worker, intended);
		if (worker->nobody)
			return;
		worker->open_sent++;
	}
}

void traffic_open_missed(struct worker *worker)
{
	if (worker->scenario->traffic != TRAFFIC_OPEN || worker->own_count == 0 || worker->scenario->rate <= 0 ||
	    worker->nobody || worker->storm_live > 0 || traffic_over(worker))
		return;
	const uint64_t measured = due_from(worker, worker->hold_start), end = due_from(worker, worker->hold_end);
	const uint64_t first = worker->open_sent > measured ? worker->open_sent : measured;
	const uint64_t step = first < end ? (end - first) / STEPS + 1 : 1;

	for (uint64_t k = first; k < end; k += step) {
		const uint64_t due = due_ns(worker, k), count = end - k < step ? end - k : step;

		hist_add(&worker->mine->lag, worker->hold_end > due ? worker->hold_end - due : 0, (uint32_t)count);
	}
}

uint64_t traffic_wait(const struct worker *worker, uint64_t wait_ns)
{
	if (worker->phase < PHASE_WARMUP || worker->own_count == 0 || traffic_over(worker))
		return wait_ns;
	if (worker->ready_count > 0)
		return 0;
	if (worker->scenario->traffic != TRAFFIC_OPEN || worker->scenario->rate <= 0)
		return wait_ns;
	const uint64_t due = due_ns(worker, worker->open_sent);

	if (due <= worker->now)
		return worker->nobody ? wait_ns : 0;
	return due - worker->now < wait_ns ? due - worker->now : wait_ns;
}
