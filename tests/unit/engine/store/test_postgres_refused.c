/* Each call of ours to libpq failing in its turn, in whatever a session does: what was acknowledged is kept once, what
 * is not known is settled or told, and the session comes back by itself. */
#include "postgres_fixture.h"

#include <errno.h>
#include <poll.h>

#include "engine/core/slab.h"
#include "tests/unit/refused.h"

#define TRIES 2000 /* of 10 ms, for what comes back by itself */

static struct postgres_fixture fixture;
static const struct store_backend *const backend = &fixture.backend;
static void *handles[STORE_WORKERS];
static char why[256];
static uint64_t said;

static void open_all(void)
{
	for (int worker = 0; worker < STORE_WORKERS; worker++) {
		handles[worker] = backend->open(backend->context, (enum store_worker)worker, why, sizeof(why));
		cr_assert(handles[worker], "%s", why);
	}
}

static void close_all(void)
{
	for (int worker = STORE_WORKERS - 1; worker >= 0; worker--)
		backend->close(handles[worker]);
}

static void setup(void)
{
	postgres_fixture_skip();
	postgres_fixture_open(&fixture);
	open_all();
}

static void teardown(void)
{
	if (!fixture.people)
		return;
	refused_came();
	close_all();
	postgres_fixture_close(&fixture);
}

TestSuite(postgres_refused, .init = setup, .fini = teardown, .timeout = 300);

/* What every session may meet. */
static const enum refused calls[] = {
	REFUSED_PQsendQuery,        REFUSED_PQsendQueryPrepared, REFUSED_PQsendPrepare,  REFUSED_PQenterPipelineMode,
	REFUSED_PQexitPipelineMode, REFUSED_PQsendFlushRequest,  REFUSED_PQpipelineSync, REFUSED_PQflush,
	REFUSED_PQconsumeInput,     REFUSED_PQgetResult,         REFUSED_PQisBusy,       REFUSED_PQconnectStartParams,
};

#define CALLS (sizeof(calls) / sizeof(calls[0]))
#define JOBS 2

static struct store_job jobs[JOBS];

static void make_jobs(void)
{
	for (int i = 0; i < JOBS; i++)
		jobs[i] = postgres_message(++said);
}

static int append(void)
{
	struct store_job *list[JOBS] = { &jobs[0], &jobs[1] };

	return backend->append(handles[STORE_WRITER], list, JOBS);
}

/* Until it is done; a process that must end is one that begins anew. */
static void append_in_the_end(uint32_t call, uint32_t at)
{
	int result = -EAGAIN;

	for (int i = 0; i < TRIES && result == -EAGAIN; i++) {
		result = append();
		if (result == -EIO) {
			close_all();
			open_all();
			result = -EAGAIN;
		}
		if (result != 0)
			poll(NULL, 0, 10);
	}
	cr_assert_eq(result, 0, "call %u, number %u: %d", call, at, result);
}

static uint64_t kept(void)
{
	return strtoull(postgres_people(&fixture, "SELECT count(*) FROM uproar.event"), NULL, 10);
}

static uint32_t each_append(enum refused call, uint32_t times)
{
	for (uint32_t at = 1;; at++) {
		make_jobs();
		refused_arm(call, at, times, 0);
		const int result = append();
		const bool came = refused_came();

		cr_assert(result == 0 || result == -EAGAIN || result == -EIO, "call %d, number %u: %d", call, at,
			  result);
		if (result == 0)
			cr_assert(jobs[0].status == STORE_OK && jobs[1].status == STORE_OK &&
					  jobs[1].seq == jobs[0].seq + 1,
				  "call %d, number %u: %d %d", call, at, jobs[0].status, jobs[1].status);
		append_in_the_end((uint32_t)call, at);
		cr_assert_eq(kept(), said, "call %d, number %u", call, at);
		if (!came)
			return at - 1;
		cr_assert_lt(at, 100, "call %d never ends", call);
	}
}

Test(postgres_refused, a_batch_is_kept_once_whatever_fails)
{
	uint32_t met = 0;

	for (size_t i = 0; i < CALLS; i++)
		met += each_append(calls[i], 1);
	met += each_append(REFUSED_PQgetResult, 2);
	met += each_append(REFUSED_PQconsumeInput, 2);
	met += each_append(REFUSED_malloc, 1);
	cr_assert_geq(met, 20, "%u", met);
}

static struct store_job ask(enum store_op op)
{
	struct store_job job = {
		.op = op, .room = SPAN("r"), .query = SPAN("eggs"), .limit = 20, .page_bytes = 1 << 20
	};

	backend->read(handles[op == STORE_SEARCH ? STORE_SEARCHER : STORE_READER], &job);
	return job;
}

static uint32_t give(struct store_job *job)
{
	const uint32_t count = job->page ? job->page->count : 0;

	if (job->page)
		block_give(job->page, job->page->size);
	if (job->kept_state)
		block_give(job->kept_state, job->kept_state->size);
	job->page = NULL;
	job->kept_state = NULL;
	return count;
}

static uint32_t each_read(enum store_op op, enum refused call, uint32_t times)
{
	for (uint32_t at = 1;; at++) {
		struct store_job job;
		bool came;

		refused_arm(call, at, times, 0);
		job = ask(op);
		came = refused_came();
		cr_assert(job.status == STORE_OK || (job.status == STORE_UNAVAILABLE && !job.page), "call %d at %u: %d",
			  call, at, job.status);
		cr_assert_eq(give(&job), job.status == STORE_OK ? JOBS : 0);
		for (int i = 0; i < TRIES && job.status != STORE_OK; i++) {
			poll(NULL, 0, 10);
			job = ask(op);
			give(&job);
		}
		cr_assert_eq(job.status, STORE_OK, "call %d at %u", call, at);
		if (!came)
			return at - 1;
		cr_assert_lt(at, 100, "call %d never ends", call);
	}
}

Test(postgres_refused, a_page_is_given_whole_or_not)
{
	uint32_t met = 0;

	make_jobs();
	jobs[0].state = SPAN("state");
	append_in_the_end(0, 0);
	for (size_t i = 0; i < CALLS; i++) {
		met += each_read(STORE_LOAD, calls[i], 1);
		met += each_read(STORE_SEARCH, calls[i], 1);
		met += each_read(STORE_LOAD, calls[i], 3);
	}
	met += each_read(STORE_LOAD, REFUSED_malloc, 1);
	met += each_read(STORE_SEARCH, REFUSED_malloc, 1);
	cr_assert_geq(met, 12, "%u", met);
}

Test(postgres_refused, housekeeping_comes_back)
{
	for (size_t i = 0; i < CALLS; i++)
		for (uint32_t at = 1, came = 1; came; at++) {
			int result;

			refused_arm(calls[i], at, 1, 0);
			result = backend->maintain(handles[STORE_WRITER], 2000000);
			came = refused_came();
			cr_assert(result == 0 || result == 1 || result == -EAGAIN, "call %d at %u: %d", calls[i], at,
				  result);
			for (int tries = 0; tries < TRIES && result < 0; tries++) {
				poll(NULL, 0, 10);
				result = backend->maintain(handles[STORE_WRITER], 2000000);
			}
			cr_assert_geq(result, 0, "call %d at %u: %d", calls[i], at, result);
			cr_assert_lt(at, 100, "call %d never ends", calls[i]);
		}
}

/* The first session of a process, which makes the schema; a server that is away for a moment is waited for. */
Test(postgres_refused, a_start_comes_through_or_says_why)
{
	static const enum refused of_ours[] = { REFUSED_calloc,      REFUSED_PQconnectStartParams,
						REFUSED_PQsendQuery, REFUSED_PQsendPrepare,
						REFUSED_PQgetResult, REFUSED_PQconsumeInput };

	close_all();
	for (size_t i = 0; i < sizeof(of_ours) / sizeof(of_ours[0]); i++)
		for (uint32_t at = 1, came = 1; came; at += 1 + at / 3) {
			postgres_people(&fixture, "SET client_min_messages = warning; DROP SCHEMA uproar CASCADE");
			why[0] = 0;
			refused_arm(of_ours[i], at, 1, ENOMEM);
			void *writer = backend->open(backend->context, STORE_WRITER, why, sizeof(why));

			came = refused_came();
			cr_assert(writer || (came && why[0]), "call %d at %u", of_ours[i], at);
			if (!writer)
				writer = backend->open(backend->context, STORE_WRITER, why, sizeof(why));
			cr_assert(writer, "call %d at %u: %s", of_ours[i], at, why);
			backend->close(writer);
			cr_assert_lt(at, 200, "call %d never ends", of_ours[i]);
		}
	open_all();
}

/* A server that says this of itself in answer number `at` to a question of text. */
static void expect_refusal(const char *says, uint32_t at, const char *reason)
{
	backend->close(handles[STORE_WRITER]);
	refused_say(says);
	refused_arm(REFUSED_PQgetvalue, at, 1, 0);
	handles[STORE_WRITER] = backend->open(backend->context, STORE_WRITER, why, sizeof(why));
	cr_assert(refused_came());
	cr_assert(!handles[STORE_WRITER] && strstr(why, reason), "%s: %s", says, why);
	handles[STORE_WRITER] = backend->open(backend->context, STORE_WRITER, why, sizeof(why));
	cr_assert(handles[STORE_WRITER], "%s", why);
}

Test(postgres_refused, a_server_that_is_not_fit)
{
	expect_refusal("120000", 1, "older than PostgreSQL 13");
	expect_refusal("off", 2, "fsync is off");
	expect_refusal("LATIN1", 3, "not encoded in UTF8");
}

/* By anything but the answers of the server itself. */
Test(postgres_refused, a_user_without_rights_is_told)
{
	close_all();
	postgres_people(&fixture, "SET client_min_messages = warning; DROP SCHEMA uproar CASCADE; "
				  "CREATE FUNCTION public.no() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN"
				  " RAISE EXCEPTION 'you may not' USING ERRCODE = '42501'; END $$;"
				  "CREATE EVENT TRIGGER no ON ddl_command_start WHEN TAG IN ('CREATE SCHEMA')"
				  " EXECUTE FUNCTION public.no()");
	cr_assert(!backend->open(backend->context, STORE_WRITER, why, sizeof(why)));
	cr_assert(strstr(why, "may not make a schema"), "%s", why);
	postgres_people(&fixture, "DROP EVENT TRIGGER no");
	/* One that reads finds no functions there. */
	cr_assert(!backend->open(backend->context, STORE_READER, why, sizeof(why)));
	cr_assert(strstr(why, "uproar"), "%s", why);
	open_all();
}

static void refuse_inserts(const char *state)
{
	char statement[512];

	snprintf(statement, sizeof(statement),
		 "CREATE OR REPLACE FUNCTION public.no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
		 " RAISE EXCEPTION 'no' USING ERRCODE = '%s'; END $$;"
		 "CREATE TRIGGER no BEFORE INSERT ON uproar.event EXECUTE FUNCTION public.no()",
		 state);
	postgres_people(&fixture, statement);
}

Test(postgres_refused, each_reason_of_the_server_comes_to_what_is_done_about_it)
{
	static const struct {
		const char *state;
		int result;
		enum store_status status;
	} rows[] = {
		{ "53100", -ENOSPC, STORE_OK }, { "40001", -EAGAIN, STORE_OK }, { "UP001", -EIO, STORE_OK },
		{ "22000", 0, STORE_CORRUPT },  { "23514", 0, STORE_CORRUPT },  { "54000", 0, STORE_CORRUPT },
		{ "XX001", 0, STORE_CORRUPT },  { "57014", -EAGAIN, STORE_OK },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		make_jobs();
		refuse_inserts(rows[i].state);
		cr_assert_eq(append(), rows[i].result, "%s", rows[i].state);
		if (rows[i].result == 0)
			cr_assert_eq(jobs[0].status, rows[i].status, "%s", rows[i].state);
		postgres_people(&fixture, "DROP TRIGGER no ON uproar.event");
		if (rows[i].result == -EIO) {
			close_all();
			open_all();
		}
		append_in_the_end(0, 0);
	}
	cr_assert_eq(kept(), said);
}

/* Housekeeping that the server refuses, for a while, for good, or because another one writes. */
Test(postgres_refused, housekeeping_that_the_server_refuses)
{
	static const struct {
		const char *state;
		int result;
	} rows[] = { { "22000", 0 }, { "40001", -EAGAIN }, { "UP001", -EIO } };
	char statement[512];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(statement, sizeof(statement),
			 "CREATE OR REPLACE FUNCTION uproar.maintain(p_fence bigint, p_rows bigint, p_after bigint,"
			 " p_rooms bigint, p_now bigint, OUT more boolean, OUT at bigint) LANGUAGE plpgsql AS $$ BEGIN"
			 " RAISE EXCEPTION 'no' USING ERRCODE = '%s'; END $$",
			 rows[i].state);
		postgres_people(&fixture, statement);
		cr_assert_eq(backend->maintain(handles[STORE_WRITER], 1), rows[i].result, "%s", rows[i].state);
	}
	cr_assert_eq(backend->maintain(handles[STORE_WRITER], 1), -EIO, "for good");
	make_jobs();
	cr_assert_eq(append(), -EIO);
}

static void answer_page(const char *query)
{
	char statement[1200];

	snprintf(
		statement, sizeof(statement),
		"SET client_min_messages = warning; DO $$ DECLARE t text; BEGIN SELECT pg_get_function_result(oid) INTO"
		" t FROM pg_proc WHERE proname = 'page'; EXECUTE 'CREATE OR REPLACE FUNCTION uproar.page(p_room text,"
		" p_messages bigint, p_bytes bigint, p_oldest bigint, p_from bigint, p_seq bigint, p_limit bigint,"
		" p_size bigint, p_state boolean) RETURNS ' || t || ' LANGUAGE plpgsql AS $f$ BEGIN %s; END $f$';"
		" END $$",
		query);
	postgres_people(&fixture, statement);
}

Test(postgres_refused, reads_that_the_server_refuses)
{
	answer_page("RAISE EXCEPTION ''no'' USING ERRCODE = ''40001''");
	cr_assert_eq(ask(STORE_LOAD).status, STORE_UNAVAILABLE);
	answer_page("RAISE EXCEPTION ''no'' USING ERRCODE = ''XX001''");
	cr_assert_eq(ask(STORE_LOAD).status, STORE_CORRUPT);
	make_jobs();
	append_in_the_end(0, 0);
	postgres_people(&fixture, "CREATE OR REPLACE FUNCTION uproar.plain(p_words text) RETURNS text LANGUAGE plpgsql"
				  " IMMUTABLE AS $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '22000'; END $$");
	cr_assert_eq(ask(STORE_SEARCH).status, STORE_BAD_QUERY);
	postgres_people(&fixture, "DROP FUNCTION uproar.search");
	cr_assert_eq(ask(STORE_SEARCH).status, STORE_UNAVAILABLE);
}

/* People may write to the tables; what is then no log is not given out. */
Test(postgres_refused, what_people_have_changed_is_damage)
{
	static const char *const changes[] = {
		"UPDATE uproar.event SET data = NULL",
		"UPDATE uproar.event SET data = NULL, kind = 'edit', target = 1, rev = 1",
		"UPDATE uproar.event SET data = NULL, kind = 'react', target = 1",
		"UPDATE uproar.event SET seq = seq + 10 WHERE seq = 2",
		"UPDATE uproar.room SET first = 0",
		"UPDATE uproar.room SET first = 9",
		"UPDATE uproar.room SET epoch = ''",
		"UPDATE uproar.room SET epoch = repeat('e', 100)",
		"ALTER TYPE uproar.kind RENAME VALUE 'msg' TO 'photo'",
	};

	make_jobs();
	append_in_the_end(0, 0);
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		postgres_people(&fixture, "BEGIN; CREATE TABLE public.e AS TABLE uproar.event; CREATE TABLE public.r AS"
					  " TABLE uproar.room; COMMIT");
		postgres_people(&fixture, changes[i]);
		struct store_job job = ask(STORE_LOAD);

		cr_assert_eq(job.status, STORE_CORRUPT, "%s: %d", changes[i], job.status);
		cr_assert(!job.page);
		if (i + 1 == sizeof(changes) / sizeof(changes[0]))
			break;
		postgres_people(&fixture,
				"UPDATE uproar.room SET first = r.first, epoch = r.epoch FROM public.r r WHERE"
				" room.id = r.id");
		postgres_people(&fixture, "UPDATE uproar.event SET seq = seq - 10 WHERE seq > 10");
		postgres_people(&fixture,
				"UPDATE uproar.event SET data = e.data, kind = e.kind, target = e.target, rev ="
				" e.rev FROM public.e e WHERE event.room = e.room AND event.seq = e.seq");
		postgres_people(&fixture, "DROP TABLE public.e, public.r");
		job = ask(STORE_LOAD);
		cr_assert_eq(job.status, STORE_OK, "after %s", changes[i]);
		cr_assert_eq(give(&job), JOBS);
	}
}

Test(postgres_refused, nothing_is_nothing)
{
	cr_assert_eq(backend->append(handles[STORE_WRITER], NULL, 0), 0);
}

Test(postgres_refused, files_that_an_address_names)
{
	struct postgres_files files;

	postgres_files("postgres://host/db?sslcert=/a&sslkey=/b&sslrootcert=&application_name=x", &files);
	cr_assert_geq(files.count, 2);
	cr_assert_str_eq(files.paths[0], "/a");
	postgres_files("nothing like it", &files);
}

/* A batch's memory: of what is told of it, and of its words. */
Test(postgres_refused, without_memory_a_batch_is_not_begun)
{
	static const enum refused calls_of_memory[] = { REFUSED_calloc, REFUSED_malloc };

	for (size_t i = 0; i < 2; i++) {
		make_jobs();
		close_all();
		open_all();
		refused_arm(calls_of_memory[i], 1, 1, ENOMEM);
		cr_assert_eq(append(), -EAGAIN);
		cr_assert(refused_came());
		cr_assert_eq(append(), 0);
		cr_assert_eq(kept(), said);
	}
}

/* In a batch of which one is refused for good each has a transaction of its own, and each its own answer. */
Test(postgres_refused, of_a_batch_that_is_taken_apart_each_has_its_answer)
{
	static const struct {
		const char *state;
		enum store_status status;
	} rows[] = { { "53100", STORE_FULL }, { "40001", STORE_UNAVAILABLE } };
	char statement[512];

	for (size_t i = 0; i < 2; i++) {
		make_jobs();
		jobs[0].event.data = SPAN("\"bad\"");
		snprintf(statement, sizeof(statement),
			 "CREATE OR REPLACE FUNCTION public.no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
			 " IF NEW.data = '\"bad\"' THEN RAISE EXCEPTION 'no' USING ERRCODE = '22000'; END IF;"
			 " RAISE EXCEPTION 'no' USING ERRCODE = '%s'; END $$;"
			 "CREATE TRIGGER no BEFORE INSERT ON uproar.event FOR EACH ROW EXECUTE FUNCTION public.no()",
			 rows[i].state);
		postgres_people(&fixture, statement);
		cr_assert_eq(append(), 0);
		cr_assert_eq(jobs[0].status, STORE_CORRUPT);
		cr_assert_eq(jobs[1].status, rows[i].status, "%d", jobs[1].status);
		postgres_people(&fixture, "DROP TRIGGER no ON uproar.event");
	}
	make_jobs();
	jobs[0].event.data = SPAN("\"bad\"");
	refuse_inserts("22000");
	postgres_people(&fixture, "CREATE OR REPLACE FUNCTION public.no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
				  " RAISE EXCEPTION 'no' USING ERRCODE = CASE WHEN (SELECT count(*) FROM uproar.writer"
				  " WHERE batch % 3 = 0) = 1 THEN '22000' ELSE 'UP001' END; END $$");
	const int result = append();

	cr_assert(result == 0 || result == -EIO, "%d", result);
}
