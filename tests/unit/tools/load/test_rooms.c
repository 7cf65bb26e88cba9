/* Who is in a room when, and what is owed to whom. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "tools/load/client.h"

static struct scenario scenario;
static struct target target;
static struct worker_stats mine;
static struct run_stats run;
static struct worker worker;

/* Two connections in one room, the first of which publishes; both are connected and have asked to join. */
static void set_up(const char *dialect)
{
	char why[160];

	scenario = *scenario_builtin("stress");
	cr_assert(scenario_set(&scenario, "connections", "2", why) && scenario_set(&scenario, "rooms", "1", why));
	target.dialect = dialect_find(dialect);
	memset(&mine, 0, sizeof(mine));
	run = (struct run_stats){ .workers = 1, .sent = calloc(1, sizeof(uint32_t)) };
	worker = (struct worker){
		.run = &run, .mine = &mine, .scenario = &scenario, .target = &target, .joins_open = 2
	};
	crowd_open(&worker.crowd, &scenario, 1, 0);
	worker.clients = calloc(2, sizeof(struct client));
	cr_assert(traffic_open(&worker) && rooms_open(&worker));
	worker.pending = worker.joining = worker.returning = (struct queue){ NOBODY, NOBODY };
	for (uint32_t i = 0; i < 2; i++) {
		worker.clients[i].phase = CLIENT_JOINING;
		worker.clients[i].joins_asked = 1;
		client_wait(&worker, i);
	}
}

/* The publisher has sent as far as this, and it comes to the second connection. */
static void deliver(uint32_t number)
{
	run.sent[0] = number;
	rooms_deliver(&worker, 1, &(struct payload){ .number = number }, 0);
}

static void end(void)
{
	free(run.sent);
	free(worker.clients);
	free(worker.wire);
	free(worker.payload);
}

TestSuite(load_rooms, .fini = end);

Test(load_rooms, what_comes_before_the_answer_to_a_join_may_come_or_not)
{
	set_up("mqtt");
	deliver(1);
	cr_assert_eq(worker.foreign, 0);
	cr_assert_eq(worker.received, 0);
	worker.clients[1].joins_asked = 0;
	deliver(2);
	cr_assert_eq(worker.foreign, 1, "nobody has asked");
	worker.clients[1].joins_asked = 1;
	rooms_joined(&worker, 1, 0);
	deliver(3);
	cr_assert_eq(worker.received, 1);
	cr_assert_eq(audit_counts(worker.audit)->lost, 0);
}

Test(load_rooms, ours_answers_a_join_before_all_else)
{
	set_up("native");
	deliver(1);
	cr_assert_eq(worker.foreign, 1);
	rooms_joined(&worker, 1, 0);
	deliver(2);
	cr_assert_eq(worker.foreign, 1);
	cr_assert_eq(worker.received, 1);
}

Test(load_rooms, a_join_that_is_answered_late_has_failed_and_counts_from_then_on)
{
	set_up("native");
	rooms_joined(&worker, 0, 0);
	rooms_refused(&worker, 1, UINT16_MAX);
	cr_assert_eq(worker.clients[1].phase, CLIENT_LIVE);
	cr_assert_eq(mine.join_failed, 1);
	rooms_joined(&worker, 1, 0);
	rooms_joined(&worker, 1, 0);
	deliver(1);
	rooms_deliver(&worker, 0, &(struct payload){ .number = 1 }, 0);
	cr_assert_eq(worker.foreign, 0);
	cr_assert_eq(worker.received, 2);
	cr_assert_eq(worker.present[0], 2);
	cr_assert_eq(worker.live, 2);
	cr_assert_eq(mine.joined, 1);
	cr_assert(rooms_all_came(&worker));
	run.sent[0] = 2;
	cr_assert(!rooms_all_came(&worker), "it is owed what is sent now");
	rooms_settle(&worker);
	cr_assert_eq(audit_counts(worker.audit)->lost, 2);
}

static void set_up_batch(uint32_t size)
{
	set_up("native");
	scenario.traffic = TRAFFIC_CLOSED;
	rooms_joined(&worker, 0, 0);
	rooms_joined(&worker, 1, 0);
	worker.producers[0].first = 1;
	worker.producers[0].number = run.sent[0] = size;
	worker.producers[0].awaiting = 2 * size;
}

Test(load_rooms, a_batch_waits_for_nobody_who_has_left)
{
	set_up_batch(2);
	rooms_deliver(&worker, 0, &(struct payload){ .number = 1 }, 0);
	rooms_deliver(&worker, 0, &(struct payload){ .number = 2 }, 0);
	rooms_deliver(&worker, 1, &(struct payload){ .number = 1 }, 0);
	cr_assert_eq(worker.producers[0].awaiting, 1);
	cr_assert_eq(worker.ready_count, 0);
	rooms_left(&worker, 1);
	cr_assert_eq(worker.producers[0].awaiting, 0);
	cr_assert_eq(worker.ready_count, 1);
}

Test(load_rooms, a_batch_waits_for_those_alone_who_were_there_when_it_was_sent)
{
	set_up_batch(2);
	rooms_left(&worker, 1);
	cr_assert_eq(worker.producers[0].awaiting, 2);
	worker.clients[1].phase = CLIENT_JOINING;
	worker.clients[1].joins_answered = 0;
	worker.joins_open = 1;
	rooms_joined(&worker, 1, 0);
	rooms_deliver(&worker, 1, &(struct payload){ .number = 2 }, 0);
	cr_assert_eq(worker.received, 1);
	cr_assert_eq(worker.producers[0].awaiting, 2, "the other one has none yet");
	rooms_left(&worker, 1);
	cr_assert_eq(worker.producers[0].awaiting, 2);
}

Test(load_rooms, a_batch_does_not_wait_for_what_the_server_left_out)
{
	set_up_batch(4);
	rooms_deliver(&worker, 1, &(struct payload){ .number = 1 }, 0);
	rooms_gap(&worker, 1, 0, 2);
	cr_assert_eq(worker.producers[0].awaiting, 5);
	rooms_deliver(&worker, 1, &(struct payload){ .number = 4 }, 0);
	cr_assert_eq(worker.producers[0].awaiting, 4);
	cr_assert_eq(audit_counts(worker.audit)->excused, 2);
	rooms_gap(&worker, 0, 0, 1000);
	cr_assert_eq(worker.producers[0].awaiting, 0, "a batch at most");
	cr_assert_eq(worker.ready_count, 1);
}

Test(load_rooms, who_leaves_has_not_what_was_left_out_taken_off_twice)
{
	set_up_batch(4);
	rooms_deliver(&worker, 1, &(struct payload){ .number = 1 }, 0);
	rooms_gap(&worker, 1, 0, 2);
	rooms_left(&worker, 1);
	cr_assert_eq(worker.producers[0].awaiting, 4);
}
