/* What comes of a batch when one fault follows another, and when time passes: a poll that is refused finds nothing, and
 * all the time that it would have waited is over. */
#include "postgres_fixture.h"

#include <errno.h>
#include <poll.h>

#include "engine/core/clock.h"
#include "tests/unit/refused.h"

#define MANY 12
#define FOREVER 1000000
#define MS 1000000ull

static struct postgres_fixture fixture;
static const struct store_backend *const backend = &fixture.backend;
static void *writer;
static char why[256];
static struct store_job jobs[MANY];
static uint64_t said;

static void open_writer(void)
{
	writer = backend->open(backend->context, STORE_WRITER, why, sizeof(why));
	cr_assert(writer, "%s", why);
}

static void setup(void)
{
	postgres_fixture_skip();
	postgres_fixture_open(&fixture);
	open_writer();
}

static void teardown(void)
{
	if (!fixture.people)
		return;
	refused_came();
	backend->close(writer);
	postgres_fixture_close(&fixture);
}

TestSuite(postgres_faults, .init = setup, .fini = teardown, .timeout = 120);

/* Messages of others, which nobody has sent yet. */
static void make_jobs(void)
{
	for (int i = 0; i < MANY; i++)
		jobs[i] = postgres_message(++said);
}

static int append(size_t count)
{
	struct store_job *list[MANY];

	for (size_t i = 0; i < MANY; i++) {
		list[i] = &jobs[i];
		jobs[i].status = STORE_BAD_QUERY;
	}
	return backend->append(writer, list, count);
}

static int append_in_the_end(size_t count)
{
	int result = -EAGAIN;

	for (int i = 0; i < 2000 && result == -EAGAIN; i++) {
		result = append(count);
		if (result != 0)
			poll(NULL, 0, 10);
	}
	return result;
}

static void statuses(int from, int to, enum store_status wanted)
{
	for (int i = from; i < to; i++)
		cr_assert_eq(jobs[i].status, wanted, "job %d: %d", i, (int)jobs[i].status);
}

static unsigned number(const char *text)
{
	return (unsigned)strtoul(text, NULL, 10);
}

static unsigned transactions(void)
{
	return number(postgres_people(&fixture, "SELECT count(DISTINCT xmin::text) FROM uproar.event"));
}

static void kept(unsigned events, unsigned in_transactions)
{
	cr_assert_eq(number(postgres_people(&fixture, "SELECT count(*) FROM uproar.event")), events);
	cr_assert_eq(transactions(), in_transactions);
}

/* The first batch of these is never sent: so it is not kept. */
static void lose_before(void)
{
	refused_arm(REFUSED_PQenterPipelineMode, 1, 1, 0);
}

/* The server is not asked to answer before its end, so the first answer comes behind the commit; and is not seen. */
static void lose_behind(void)
{
	refused_arm(REFUSED_PQsendFlushRequest, 1, 1, EAGAIN);
	refused_arm(REFUSED_PQgetResult, 1, 2, 0);
}

Test(postgres_faults, a_batch_that_is_lost_three_times_may_come_again)
{
	make_jobs();
	refused_arm(REFUSED_PQenterPipelineMode, 1, 3, 0);
	cr_assert_eq(append(2), -EAGAIN);
	cr_assert(refused_came());
	cr_assert_eq(append_in_the_end(2), 0);
	statuses(0, 2, STORE_OK);
	kept(2, 1);
}

/* And the session over which its answers are asked for, too. */
Test(postgres_faults, a_batch_that_is_kept_is_asked_for_until_there_is_an_answer)
{
	make_jobs();
	lose_behind();
	refused_arm(REFUSED_PQsendQueryPrepared, 6, 1, 0);
	cr_assert_eq(append(2), 0);
	cr_assert(refused_came());
	statuses(0, 2, STORE_OK);
	cr_assert(jobs[0].seq == 1 && jobs[1].seq == 2);
	kept(2, 1);
}

Test(postgres_faults, a_batch_lost_to_another_writer_ends_this_one)
{
	make_jobs();
	postgres_people(&fixture, "UPDATE uproar.writer SET fence = fence + 1");
	lose_before();
	cr_assert_eq(append_in_the_end(2), -EIO);
	cr_assert(refused_came());
	cr_assert_eq(append(2), -EIO);
	kept(0, 0);
}

static void break_sessions(bool broken)
{
	postgres_people(&fixture, broken ? "ALTER FUNCTION uproar.recall RENAME TO gone"
					 : "ALTER FUNCTION uproar.gone RENAME TO recall");
}

/* The server takes no sessions of ours any more, for a reason that stays until people see to it. */
Test(postgres_faults, a_batch_that_nobody_can_be_asked_about_may_come_again)
{
	make_jobs();
	break_sessions(true);
	lose_before();
	cr_assert_eq(append(2), -EAGAIN);
	cr_assert(refused_came());
	cr_assert_eq(append(2), -EAGAIN);
	break_sessions(false);
	cr_assert_eq(append_in_the_end(2), 0);
	statuses(0, 2, STORE_OK);
	kept(2, 1);
}

/* Then more is kept than the rooms know of. */
Test(postgres_faults, a_batch_that_nobody_could_be_asked_about_and_is_kept_ends_the_writer)
{
	make_jobs();
	break_sessions(true);
	lose_behind();
	cr_assert_eq(append(2), -EAGAIN);
	cr_assert(refused_came());
	break_sessions(false);
	cr_assert_eq(append_in_the_end(2), -EIO);
	kept(2, 1);
}

Test(postgres_faults, a_server_that_is_away_for_too_long_is_not_waited_for)
{
	const uint64_t began = clock_mono_ns();

	make_jobs();
	lose_before();
	refused_arm(REFUSED_poll, 1, FOREVER, 0);
	cr_assert_eq(append(2), -EAGAIN);
	refused_came();
	cr_assert_geq(clock_mono_ns() - began, 10000 * MS, "it was asked for long enough");
	cr_assert_eq(append_in_the_end(2), 0, "and was not kept");
	statuses(0, 2, STORE_OK);
	kept(2, 1);
}

/* The end of a batch that is refused is lost too: each of its jobs is seen to over another session. */
Test(postgres_faults, a_batch_is_taken_apart_over_a_session_that_is_there)
{
	make_jobs();
	jobs[1].event.data = SPAN("\"bad\"");
	postgres_on_insert(&fixture,
			   "IF NEW.data = '\"bad\"' THEN RAISE EXCEPTION 'no' USING ERRCODE = '22000'; END IF");
	refused_arm(REFUSED_PQsendQuery, 1, 1, 0);
	const int result = append(3);

	cr_assert(refused_came());
	cr_assert(result == 0 || result == -EAGAIN, "%d", result);
	cr_assert_eq(append_in_the_end(3), 0);
	cr_assert_eq(jobs[1].status, STORE_CORRUPT);
	kept(2, 2);
}

/* What is behind one that cannot be kept now is not tried. */
Test(postgres_faults, of_a_batch_that_is_taken_apart_the_rest_may_come_again)
{
	make_jobs();
	jobs[1].event.data = SPAN("\"bad\"");
	jobs[2].event.data = SPAN("\"busy\"");
	postgres_on_insert(&fixture,
			   "IF NEW.data = '\"bad\"' THEN RAISE EXCEPTION 'no' USING ERRCODE = '22000'; END IF;"
			   " IF NEW.data = '\"busy\"' THEN RAISE EXCEPTION 'no' USING ERRCODE = '40001'; END IF");
	cr_assert_eq(append(4), 0);
	statuses(0, 1, STORE_OK);
	statuses(1, 2, STORE_CORRUPT);
	statuses(2, 4, STORE_UNAVAILABLE);
	kept(1, 1);
}

Test(postgres_faults, another_writer_within_a_batch_that_is_taken_apart)
{
	make_jobs();
	jobs[0].event.data = SPAN("\"bad\"");
	postgres_on_insert(&fixture,
			   "IF NEW.data = '\"bad\"' THEN RAISE EXCEPTION 'no' USING ERRCODE = '22000'; END IF;"
			   " RAISE EXCEPTION 'no' USING ERRCODE = 'UP001'");
	cr_assert_eq(append(3), -EIO);
}

/* A batch of `count`, of which the first `times` transactions are not done when their time is over: whatever a session
 * of these does is waited for in vain. A batch's wait is the only one of more than five seconds. */
static int append_too_slow(size_t count, uint32_t times, const char *sessions)
{
	char what[128];

	snprintf(what, sizeof(what), "IF pg_backend_pid() %.40s THEN PERFORM pg_sleep(60); END IF", sessions);
	postgres_on_insert(&fixture, what);
	make_jobs();
	refused_arm(REFUSED_long_poll, 1, times, 0);
	const int result = append(count);

	cr_assert(refused_came());
	postgres_people(&fixture, "DROP TRIGGER no ON uproar.event");
	return result;
}

/* The present session alone is slow. */
static int append_too_slow_once(size_t count)
{
	char session[40];

	snprintf(session, sizeof(session), "= %.20s",
		 postgres_people(&fixture, "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND"
					   " application_name = 'uproar writer'"));
	return append_too_slow(count, 1, session);
}

/* From here on a transaction has one job. */
static void make_slow(void)
{
	cr_assert_eq(append_too_slow(MANY, 3, "> 0"), -EAGAIN);
	kept(0, 0);
	make_jobs();
}

Test(postgres_faults, a_server_that_is_slow_has_smaller_batches_until_it_is_quick)
{
	cr_assert_eq(append_too_slow_once(8), 0);
	statuses(0, 8, STORE_OK);
	kept(8, 2);
	/* That was quick, or one of the next is: there may be eight in one again. */
	for (unsigned batches = 2, before = 0; batches - before != 1; batches = transactions()) {
		before = batches;
		make_jobs();
		cr_assert_eq(append(8), 0);
		cr_assert_lt(said, 100 * MANY);
	}
}

Test(postgres_faults, one_job_alone_is_tried_again)
{
	cr_assert_eq(append_too_slow_once(1), 0);
	statuses(0, 1, STORE_OK);
	kept(1, 1);
}

/* The fourth and the fifth look at the clock are behind the one that says until when transactions may begin, and before
 * the one that says until when the first may take. */
Test(postgres_faults, a_server_that_stays_slow_keeps_to_smaller_batches)
{
	make_slow();
	refused_arm(REFUSED_clock_mono_ns, 5, 1, 2000);
	cr_assert_eq(append(3), 0);
	cr_assert(refused_came());
	statuses(0, 3, STORE_OK);
	kept(3, 3);
}

Test(postgres_faults, what_a_slow_server_has_no_time_for_may_come_again)
{
	make_slow();
	refused_arm(REFUSED_clock_mono_ns, 4, 1, 7000);
	cr_assert_eq(append(MANY), 0);
	cr_assert(refused_came());
	statuses(0, 1, STORE_OK);
	statuses(1, MANY, STORE_UNAVAILABLE);
	kept(1, 1);
}

/* Some at a time, until all have been looked at. */
Test(postgres_faults, a_sweep_of_many_rooms_goes_on_where_it_was)
{
	int slices = 1;

	postgres_people(&fixture, "INSERT INTO uproar.room (name, epoch) SELECT 'r' || i, 'epoch1' FROM"
				  " generate_series(1, 450) i");
	while (backend->maintain(writer, 2000000) == 1)
		slices++;
	cr_assert_eq(slices, 3);
	cr_assert_eq(backend->maintain(writer, 2000000), 0, "the next round is a minute later");
}

Test(postgres_faults, more_files_than_anybody_names)
{
	struct postgres_files files;

	setenv("PGSSLCERT", "/e", 1);
	setenv("PGSSLKEY", "/f", 1);
	setenv("PGSSLROOTCERT", "/g", 1);
	setenv("PGSSLCRL", "/h", 1);
	postgres_files("postgres://h/d?sslcert=/a&sslkey=/b&sslrootcert=/c&sslcrl=/d&passfile=/x", &files);
	cr_assert_eq(files.count, POSTGRES_FILES_MAX);
}
