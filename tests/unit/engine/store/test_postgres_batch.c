/* One transaction on a session of its own: how it ends, and what its answers were. */
#include "engine/store/postgres_batch.h"

#include <errno.h>
#include <poll.h>

#include "engine/store/postgres_session.h"
#include "postgres_fixture.h"
#include "tests/unit/refused.h"

#define LONG_MS 20000 /* for what is there at once */
#define JOBS 4

static struct postgres_fixture fixture;
static struct postgres_session session;
static struct store_job jobs[JOBS], *list[JOBS];
static struct postgres_answer answers[JOBS];
static uint8_t scratch[256];
static struct postgres_batch batch;

static void reach(void)
{
	for (int i = 0; i < 2000 && session.link.state != POSTGRES_READY; i++) {
		postgres_session_reach(&session, LONG_MS);
		poll(NULL, 0, 10);
	}
	cr_assert_eq(session.link.state, POSTGRES_READY, "%s", session.link.why);
}

static void setup(void)
{
	const struct span rooms[JOBS] = { SPAN("r"), SPAN("s"), SPAN("r"), SPAN("r") };
	const struct span producers[JOBS] = { SPAN("p"), SPAN_NONE, SPAN("p"), SPAN_NONE };

	postgres_fixture_skip();
	postgres_fixture_open(&fixture);
	session = (struct postgres_session){ .worker = STORE_WRITER };
	postgres_link_open(&session.link, fixture.backend.context, "uproar test");
	reach();
	for (int i = 0; i < JOBS; i++) {
		jobs[i] = (struct store_job){ .op = STORE_APPEND,
					      .room = rooms[i],
					      .epoch = SPAN("epoch1"),
					      .event = { .kind = CHAT_EV_msg,
							 .from = SPAN("Ann"),
							 .ts_ms = 1000,
							 .producer = producers[i],
							 .number = 1,
							 .data = SPAN("\"same\"") } };
		list[i] = &jobs[i];
	}
	batch = (struct postgres_batch){ .fence = session.fence,
					 .number = session.committed + 1,
					 .jobs = list,
					 .count = JOBS,
					 .answers = answers,
					 .scratch = scratch,
					 .scratch_size = sizeof(scratch) };
}

static void teardown(void)
{
	if (!fixture.people)
		return;
	refused_came();
	postgres_link_close(&session.link);
	postgres_fixture_close(&fixture);
}

TestSuite(postgres_batch, .init = setup, .fini = teardown, .timeout = 60);

static void run(enum postgres_outcome wanted, int error_wanted)
{
	int error = 0;
	const enum postgres_outcome outcome = postgres_batch_run(&batch, &session.link, LONG_MS, &error);

	cr_assert_eq(outcome, wanted, "%d: %s", (int)outcome, session.link.why);
	cr_assert_eq(error, error_wanted, "%d: %s", error, session.link.why);
}

static void kept(const char *count)
{
	cr_assert_str_eq(postgres_people(&fixture, "SELECT count(*) FROM uproar.event"), count);
}

static void answers_are_right(void)
{
	static const struct postgres_answer wanted[JOBS] = {
		{ STORE_OK, 1, 1000, 1, 0 },
		{ STORE_OK, 1, 1000, 1, 0 },
		{ STORE_DUPLICATE, 1, 1000, 1, 0 },
		{ STORE_OK, 2, 1000, 1, 0 },
	};

	cr_assert_eq(batch.answered, JOBS);
	for (int i = 0; i < JOBS; i++)
		cr_assert(answers[i].status == wanted[i].status && answers[i].seq == wanted[i].seq &&
				  answers[i].first == 1 && answers[i].ts_ms == 1000,
			  "%d", i);
}

Test(postgres_batch, answers_can_be_asked_for_again)
{
	run(POSTGRES_COMMITTED, 0);
	answers_are_right();
	memset(answers, 0, sizeof(answers));
	batch.answered = 0;
	cr_assert_eq(postgres_batch_recall(&batch, &session.link, LONG_MS), 0);
	answers_are_right();
	kept("3");
}

Test(postgres_batch, what_was_looked_for_is_found_again_or_not)
{
	static const enum store_status wanted[JOBS] = { STORE_OK, STORE_ABSENT, STORE_DUPLICATE, STORE_OK };

	jobs[1].look = jobs[2].look = true;
	jobs[1].room = SPAN("r");
	jobs[1].event.producer = SPAN("q");
	run(POSTGRES_COMMITTED, 0);
	for (int again = 0; again < 2; again++) {
		cr_assert_eq(batch.answered, JOBS);
		for (int i = 0; i < JOBS; i++)
			cr_assert_eq(answers[i].status, wanted[i], "%d %d", again, i);
		cr_assert(answers[2].seq == 1 && answers[3].seq == 2);
		memset(answers, 0, sizeof(answers));
		batch.answered = 0;
		cr_assert_eq(postgres_batch_recall(&batch, &session.link, LONG_MS), 0);
	}
	kept("2");
}

/* Lost over the second of them; then the server refuses. */
Test(postgres_batch, answers_that_are_not_to_be_had_are_asked_for_later)
{
	run(POSTGRES_COMMITTED, 0);
	batch.answered = 0;
	refused_arm(REFUSED_PQsendQueryPrepared, 2, 1, 0);
	cr_assert_eq(postgres_batch_recall(&batch, &session.link, LONG_MS), -EAGAIN);
	cr_assert(refused_came() && batch.answered == 1);
	reach();
	postgres_people(&fixture, "ALTER TABLE uproar.event RENAME TO gone");
	cr_assert_eq(postgres_batch_recall(&batch, &session.link, LONG_MS), -EAGAIN);
	cr_assert_eq(batch.answered, 1);
	postgres_people(&fixture, "ALTER TABLE uproar.gone RENAME TO event");
	cr_assert_eq(postgres_batch_recall(&batch, &session.link, LONG_MS), 0);
	answers_are_right();
}

static void other_commit(const char *command)
{
	PQclear(postgres_link_run(&session.link, "DEALLOCATE commit", LONG_MS));
	PQclear(postgres_link_prepare(&session.link, "commit", command, LONG_MS));
}

/* It says that it has undone what nothing was wrong with. */
Test(postgres_batch, that_is_undone_at_its_end_is_refused)
{
	other_commit("ROLLBACK");
	run(POSTGRES_REFUSED, -EAGAIN);
	kept("0");
	cr_assert_eq(session.link.state, POSTGRES_READY);
	other_commit("COMMIT");
	run(POSTGRES_COMMITTED, 0);
	answers_are_right();
}

Test(postgres_batch, that_is_refused_is_taken_back)
{
	postgres_on_insert(&fixture, "RAISE EXCEPTION 'not now' USING ERRCODE = '53100'");
	run(POSTGRES_REFUSED, -ENOSPC);
	cr_assert_str_eq(session.link.why, "not now");
	cr_assert_eq(PQtransactionStatus(session.link.connection), PQTRANS_IDLE);
	cr_assert_eq(session.link.state, POSTGRES_READY);
}

/* The server's answers are all there, but the session cannot leave the pipeline. */
Test(postgres_batch, whose_session_is_lost_behind_it_is_what_the_server_said)
{
	refused_arm(REFUSED_PQexitPipelineMode, 1, 1, 0);
	run(POSTGRES_COMMITTED, 0);
	cr_assert(refused_came() && session.link.state == POSTGRES_AWAY);
	answers_are_right();
	kept("3");
	reach();
	cr_assert_eq(session.committed, batch.number);
	batch.number++;
	postgres_on_insert(&fixture, "RAISE EXCEPTION 'no' USING ERRCODE = '53100'");
	refused_arm(REFUSED_PQexitPipelineMode, 1, 1, 0);
	run(POSTGRES_UNKNOWN, -ECONNRESET);
	cr_assert(refused_came() && session.link.state == POSTGRES_AWAY);
}

Test(postgres_batch, that_takes_too_long_is_not_known_to_be_kept)
{
	int error = 0;

	postgres_on_insert(&fixture, "PERFORM pg_sleep(60)");
	cr_assert_eq(postgres_batch_run(&batch, &session.link, 10, &error), POSTGRES_UNKNOWN);
	cr_assert_eq(error, -ETIMEDOUT);
	cr_assert_str_eq(session.link.why, "no answer to a batch");
	reach();
	cr_assert_neq(session.committed, batch.number);
	kept("0");
}

/* libpq finds the end of the connection by itself, first as an error of the server's, then as one of its own. */
Test(postgres_batch, whose_session_ends_itself_is_not_known_to_be_kept)
{
	postgres_on_insert(&fixture, "PERFORM pg_terminate_backend(pg_backend_pid())");
	refused_arm(REFUSED_PQisBusy, 1, 1000, 0);
	run(POSTGRES_UNKNOWN, -ECONNRESET);
	refused_came();
	cr_assert_eq(session.link.state, POSTGRES_AWAY);
	kept("0");
}
