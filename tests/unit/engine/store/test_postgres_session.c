/* One session and its statements, step by step: what the server refuses, what is lost, what another one holds. */
#include "engine/store/postgres_session.h"

#include <errno.h>
#include <poll.h>

#include "engine/core/clock.h"
#include "postgres_fixture.h"
#include "tests/unit/refused.h"

#define LONG_MS 20000 /* for what is there at once */
#define TRIES 2000

static struct postgres_fixture fixture;
static struct postgres_session session, other;

static void begin(struct postgres_session *of, enum store_worker worker)
{
	*of = (struct postgres_session){ .worker = worker };
	postgres_link_open(&of->link, fixture.backend.context, "uproar test");
}

/* Closes it and waits until the server knows: until then the lock is its. */
static void end(struct postgres_session *of)
{
	postgres_link_close(&of->link);
	of->link.retry_ns = 0;
	for (int i = 0; i < TRIES; i++) {
		if (strcmp(postgres_people(&fixture, "SELECT count(*) FROM pg_stat_activity WHERE datname ="
						     " current_database() AND application_name = 'uproar test'"),
			   "0") == 0)
			return;
		poll(NULL, 0, 20);
	}
	cr_assert_fail("the server never ends the session");
}

static int reach(struct postgres_session *of)
{
	int done = 0;

	for (int i = 0; i < TRIES && done == 0; i++) {
		done = postgres_session_reach(of, LONG_MS);
		if (done == 0)
			poll(NULL, 0, 20);
	}
	return done;
}

static void setup(void)
{
	postgres_fixture_skip();
	postgres_fixture_open(&fixture);
	begin(&session, STORE_WRITER);
	begin(&other, STORE_WRITER);
	cr_assert_eq(reach(&session), 1, "%s", session.link.why);
}

static void teardown(void)
{
	if (!fixture.people)
		return;
	refused_came();
	postgres_link_close(&session.link);
	postgres_link_close(&other.link);
	postgres_fixture_close(&fixture);
}

TestSuite(postgres_session, .init = setup, .fini = teardown, .timeout = 120);

static void drop_schema(void)
{
	postgres_people(&fixture, "SET client_min_messages = warning; DROP SCHEMA IF EXISTS uproar CASCADE");
}

/* Each question of a first session, which makes the schema, and of one that finds all there. */
static uint32_t each_step(enum refused call, bool first)
{
	for (uint32_t at = 1;; at++) {
		end(&session);
		if (first) {
			drop_schema();
			begin(&session, STORE_WRITER);
		}
		refused_arm(call, at, 1, 0);
		const int done = postgres_session_reach(&session, LONG_MS);
		const bool came = refused_came();

		cr_assert_eq(done, came ? 0 : 1, "call %d at %u: %d %s", call, at, done, session.link.why);
		if (!came)
			return at - 1;
		cr_assert_eq(reach(&session), 1, "call %d at %u: %s", call, at, session.link.why);
		cr_assert_lt(at, 100, "call %d never ends", call);
	}
}

Test(postgres_session, comes_in_the_end_whichever_step_is_lost)
{
	const uint32_t first = each_step(REFUSED_PQsendQuery, true), later = each_step(REFUSED_PQsendQuery, false);

	cr_assert_geq(first, 14, "%u", first);
	cr_assert(later >= 5 && later < first, "%u", later);
	cr_assert_eq(each_step(REFUSED_PQsendPrepare, false), 8);
}

/* A reason of the server's, and whether it may pass. */
Test(postgres_session, a_reason_that_stays_is_told_and_one_that_passes_is_not)
{
	static const struct {
		const char *state;
		int result;
	} rows[] = { { "40001", 0 }, { "57014", 0 }, { "22000", -EINVAL }, { "42501", -EINVAL }, { "3F000", -EINVAL } };
	char statement[300];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		end(&session);
		drop_schema();
		snprintf(statement, sizeof(statement),
			 "CREATE OR REPLACE FUNCTION public.no() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN"
			 " RAISE EXCEPTION 'no' USING ERRCODE = '%s'; END $$;"
			 "CREATE EVENT TRIGGER no ON ddl_command_start WHEN TAG IN ('CREATE TYPE')"
			 " EXECUTE FUNCTION public.no()",
			 rows[i].state);
		postgres_people(&fixture, statement);
		begin(&session, STORE_WRITER);
		cr_assert_eq(postgres_session_reach(&session, LONG_MS), rows[i].result, "%s", rows[i].state);
		cr_assert_str_eq(session.link.why, "ERROR:  no");
		postgres_people(&fixture, "DROP EVENT TRIGGER no");
	}
	cr_assert_eq(reach(&session), 1, "%s", session.link.why);
}

Test(postgres_session, of_a_second_writer_waits_and_says_for_whom)
{
	cr_assert_eq(postgres_session_reach(&other, LONG_MS), 0);
	cr_assert(strstr(other.link.why, "another Uproar writes to this database"), "%s", other.link.why);
	/* Nor does it come when who holds it is not to be found out: settings, server, lock, who. */
	other.link.retry_ns = 0;
	refused_arm(REFUSED_PQsendQuery, 4, 1, 0);
	cr_assert_eq(postgres_session_reach(&other, LONG_MS), 0);
	cr_assert(refused_came());
	postgres_link_close(&session.link);
	cr_assert_eq(reach(&other), 1, "%s", other.link.why);
}

/* Lost by us alone: at the server it still works for its statement, and holds the lock. */
Test(postgres_session, that_lives_on_at_the_server_is_ended)
{
	cr_assert(!postgres_link_run(&session.link,
				     "SET statement_timeout = 0; SELECT set_config(name, '0', false) FROM pg_settings"
				     " WHERE name = 'client_connection_check_interval'; SELECT pg_sleep(300)",
				     10));
	cr_assert_str_eq(session.link.why, "no answer to a statement");
	cr_assert_eq(postgres_session_reach(&session, LONG_MS), 0);
	cr_assert(strstr(session.link.why, "is being ended"), "%s", session.link.why);
	cr_assert_eq(reach(&session), 1, "%s", session.link.why);
}

Test(postgres_session, whose_place_another_has_taken_is_over_for_good)
{
	postgres_people(&fixture, "UPDATE uproar.writer SET fence = fence + 1");
	end(&session);
	cr_assert_eq(postgres_session_reach(&session, LONG_MS), -EINVAL);
	cr_assert(session.stale && strstr(session.link.why, "another Uproar has become the writer"), "%s",
		  session.link.why);
	cr_assert_eq(postgres_session_reach(&session, LONG_MS), -EINVAL);
	cr_assert_eq(session.link.state, POSTGRES_AWAY);
}

/* Rows that must be there are not: by the hand of people. */
Test(postgres_session, without_its_row_does_not_come)
{
	postgres_people(&fixture, "DELETE FROM uproar.writer");
	end(&session);
	cr_assert_eq(postgres_session_reach(&session, LONG_MS), 0);
	postgres_people(&fixture, "ALTER TABLE uproar.writer RENAME TO gone");
	end(&session);
	cr_assert_eq(postgres_session_reach(&session, LONG_MS), 0);
	cr_assert(strstr(session.link.why, "uproar.writer"), "%s", session.link.why);
	postgres_people(&fixture, "ALTER TABLE uproar.gone RENAME TO writer");
	postgres_people(&fixture, "INSERT INTO uproar.writer (fence) VALUES (1)");
	cr_assert_eq(reach(&session), 1, "%s", session.link.why);
}

Test(postgres_session, is_there_while_the_server_says_nothing)
{
	cr_assert_eq(postgres_session_reach(&session, 0), 1);
	cr_assert_eq(session.link.state, POSTGRES_READY);
}

/* Whatever waits on its way out is seen to with what comes in. */
Test(postgres_session, sends_the_rest_while_it_waits)
{
	refused_arm(REFUSED_PQflush, 1, 1, EAGAIN);
	PGresult *result = postgres_link_run(&session.link, "SELECT 1", LONG_MS);

	cr_assert(refused_came());
	cr_assert(result && postgres_error(result) == 0 && strcmp(PQgetvalue(result, 0, 0), "1") == 0);
	PQclear(result);
}

/* libpq, which says that nothing is on its way any more, finds the end of the connection by itself. */
Test(postgres_session, that_ends_within_an_answer_gives_none)
{
	refused_arm(REFUSED_PQisBusy, 1, 1000, 0);
	cr_assert(!postgres_link_run(&session.link, "SELECT pg_terminate_backend(pg_backend_pid()), pg_sleep(60)",
				     LONG_MS));
	refused_came();
	cr_assert_eq(session.link.state, POSTGRES_AWAY);
	cr_assert(session.link.why[0]);
	cr_assert_eq(reach(&session), 1, "%s", session.link.why);
}
