#include "postgres_fixture.h"

#include <errno.h>
#include <time.h>

#include "engine/chat/record.h"
#include "engine/core/clock.h"
#include "engine/core/slab.h"
#include "engine/store/postgres_schema.h"

static struct postgres_fixture fixture;
static const struct store_backend *const backend = &fixture.backend;
static void *writer, *reader, *searcher;
static char why[256];

static void *open_one(enum store_worker worker)
{
	void *handle = backend->open(backend->context, worker, why, sizeof(why));

	cr_assert(handle, "%s", why);
	return handle;
}

static void setup(void)
{
	postgres_fixture_skip();
	postgres_fixture_open(&fixture);
	writer = open_one(STORE_WRITER);
	reader = open_one(STORE_READER);
	searcher = open_one(STORE_SEARCHER);
}

static void teardown(void)
{
	if (!fixture.people)
		return;
	if (writer)
		backend->close(writer);
	backend->close(reader);
	backend->close(searcher);
	postgres_fixture_close(&fixture);
}

TestSuite(postgres, .init = setup, .fini = teardown, .timeout = 60);

static struct span text(const char *string)
{
	return string ? span_of(string, strlen(string)) : SPAN_NONE;
}

static struct store_job message(const char *room, const char *from, const char *producer, uint64_t number,
				const char *data)
{
	return (struct store_job){
		.op = STORE_APPEND,
		.room = text(room),
		.epoch = text("epoch1"),
		.now_ms = 1000000,
		.event = { .kind = CHAT_EV_msg,
			   .from = text(from),
			   .ts_ms = 1000000,
			   .producer = text(producer),
			   .number = number,
			   .data = text(data) },
	};
}

static int append_all(struct store_job *jobs, size_t count)
{
	struct store_job *list[1024];

	for (size_t i = 0; i < count; i++)
		list[i] = &jobs[i];
	return backend->append(writer, list, count);
}

static struct store_job load(const char *room)
{
	struct store_job job = { .op = STORE_LOAD, .room = text(room), .limit = 200, .page_bytes = 1 << 20 };

	backend->read(reader, &job);
	return job;
}

static void page_give(struct store_job *job)
{
	if (job->page)
		block_give(job->page, job->page->size);
	if (job->kept_state)
		block_give(job->kept_state, job->kept_state->size);
	job->page = NULL;
	job->kept_state = NULL;
}

Test(postgres, what_is_kept_can_be_read_by_people)
{
	struct store_job jobs[] = { message("general", "Ann", "p", 1, "{\"text\":\"hi\"}"),
				    message("general", "Bob", NULL, 0, "\"there\"") };

	jobs[0].event.ts_ms = 1795229320123;
	cr_assert(append_all(jobs, 2) == 0);
	cr_assert(jobs[0].status == STORE_OK && jobs[0].seq == 1 && jobs[0].first == 1 && jobs[1].seq == 2);
	cr_assert_str_eq(postgres_people(&fixture,
					 "SET timezone = 'UTC'; SELECT room || ' ' || seq || ' ' || at || ' ' || author"
					 " || ' ' || data FROM uproar.message ORDER BY seq LIMIT 1"),
			 "general 1 2026-11-21 02:48:40.123+00 Ann {\"text\":\"hi\"}");
	cr_assert_str_eq(postgres_people(&fixture, "SELECT current_setting('fsync')"), "on");
}

Test(postgres, a_second_writer_is_refused_and_the_third_after_the_first_is_not)
{
	cr_assert(!backend->open(backend->context, STORE_WRITER, why, sizeof(why)));
	cr_assert(strstr(why, "another Uproar writes to this database"), "%s", why);
	backend->close(writer);
	writer = open_one(STORE_WRITER);
	struct store_job job = message("r", "Ann", NULL, 0, "1");

	cr_assert(append_all(&job, 1) == 0);
}

/* As a process that lost its session, while another came and went. */
Test(postgres, a_writer_that_was_followed_by_another_never_writes_again)
{
	struct store_job job = message("r", "Ann", NULL, 0, "1");

	cr_assert(append_all(&job, 1) == 0);
	postgres_people(&fixture, "UPDATE uproar.writer SET fence = fence + 1");
	cr_assert_eq(append_all(&job, 1), -EIO);
	cr_assert_eq(backend->maintain(writer, 1), -EIO);
	postgres_people(&fixture, "UPDATE uproar.writer SET fence = fence - 1");
	cr_assert_eq(append_all(&job, 1), -EIO, "it is for good");
	cr_assert_str_eq(postgres_people(&fixture, "SELECT count(*) FROM uproar.event"), "1");
}

static void end_sessions(const char *name)
{
	char statement[256];

	snprintf(
		statement, sizeof(statement),
		"SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity WHERE datname = current_database()"
		" AND application_name = '%s'",
		name);
	cr_assert_str_eq(postgres_people(&fixture, statement), "1");
}

Test(postgres, a_session_that_was_ended_is_made_again_and_the_batch_is_kept_once)
{
	struct store_job jobs[] = { message("r", "Ann", NULL, 0, "1"), message("r", "Ann", NULL, 0, "2") };

	cr_assert(append_all(jobs, 1) == 0);
	end_sessions("uproar writer");
	end_sessions("uproar reader");
	cr_assert_eq(append_all(jobs, 2), 0);
	cr_assert(jobs[0].seq == 2 && jobs[1].seq == 3);
	struct store_job job = load("r");

	cr_assert(job.status == STORE_OK && job.last == 3 && job.page && job.page->count == 3);
	page_give(&job);
}

/* A session that ends itself within its COMMIT, once: the trigger is deferred, and a sequence is not rolled back. */
static void end_within_commit(void)
{
	postgres_people(&fixture, "CREATE SEQUENCE public.times");
	postgres_people(&fixture,
			"CREATE FUNCTION public.end_it() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
			" IF nextval('public.times') = 1 THEN PERFORM pg_terminate_backend(pg_backend_pid());"
			" PERFORM pg_sleep(1); END IF; RETURN NULL; END $$;"
			"CREATE CONSTRAINT TRIGGER end_it AFTER UPDATE ON uproar.writer DEFERRABLE INITIALLY DEFERRED"
			" FOR EACH ROW EXECUTE FUNCTION public.end_it()");
}

/* As after a failover to a replica that was behind: by some batches, or by the whole life of this writer. */
Test(postgres, a_server_that_lacks_what_was_acknowledged_has_new_epochs_and_ends_the_writer)
{
	static const char *const lacks[] = { "batch = batch - 1", "fence = fence - 1" };
	char statement[128];

	for (size_t i = 0; i < sizeof(lacks) / sizeof(lacks[0]); i++) {
		struct store_job job = message("r", "Ann", NULL, 0, "1");

		postgres_people(&fixture, "UPDATE uproar.room SET epoch = 'epoch1'");
		cr_assert_eq(append_all(&job, 1), 0);
		end_sessions("uproar writer");
		cr_assert_eq(append_all(&job, 1), 0, "nothing is missing");
		snprintf(statement, sizeof(statement), "UPDATE uproar.writer SET %s", lacks[i]);
		postgres_people(&fixture, statement);
		end_sessions("uproar writer");
		cr_assert_eq(append_all(&job, 1), -EIO, "%s", lacks[i]);
		cr_assert_eq(backend->maintain(writer, 1), -EIO);
		cr_assert_str_eq(postgres_people(&fixture, "SELECT count(*) FROM uproar.room WHERE epoch <> 'epoch1'"),
				 "1");
		backend->close(writer);
		writer = open_one(STORE_WRITER);
	}
	cr_assert_str_eq(postgres_people(&fixture, "SELECT count(*) FROM uproar.event"), "4");
}

Test(postgres, a_batch_lost_within_its_commit_is_sent_again)
{
	struct store_job jobs[] = { message("r", "Ann", "p", 1, "1"), message("r", "Ann", NULL, 0, "2") };

	end_within_commit();
	cr_assert_eq(append_all(jobs, 2), 0);
	cr_assert(jobs[0].status == STORE_OK && jobs[0].seq == 1 && jobs[1].seq == 2);
	cr_assert_str_eq(postgres_people(&fixture, "SELECT count(*) FROM uproar.event"), "2");
	/* The batch, the next session's proof, the batch. */
	cr_assert_str_eq(postgres_people(&fixture, "SELECT last_value FROM public.times"), "3");
}

Test(postgres, a_full_disk_is_said_and_heals)
{
	struct store_job job = message("r", "Ann", "p", 1, "1");

	postgres_people(&fixture,
			"CREATE FUNCTION disk_full() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
			" RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100';"
			" END $$; CREATE TRIGGER disk_full BEFORE INSERT ON uproar.event EXECUTE FUNCTION disk_full()");
	cr_assert_eq(append_all(&job, 1), -ENOSPC);
	cr_assert_eq(append_all(&job, 1), -ENOSPC);
	postgres_people(&fixture, "DROP TRIGGER disk_full ON uproar.event");
	cr_assert_eq(append_all(&job, 1), 0);
	cr_assert(job.status == STORE_OK && job.seq == 1);
}

Test(postgres, what_the_server_refuses_every_time_does_not_stop_the_others)
{
	struct store_job jobs[] = { message("r", "Ann", NULL, 0, "1"), message("r", "Ann", NULL, 0, "\"\xff\""),
				    message("r", "Ann", NULL, 0, "3") };

	cr_assert_eq(append_all(jobs, 3), 0);
	cr_assert(jobs[0].status == STORE_OK && jobs[1].status == STORE_CORRUPT && jobs[2].status == STORE_OK);
	cr_assert(jobs[2].seq == 2);
}

static uint64_t milliseconds(void)
{
	return clock_mono_ns() / 1000000;
}

static void allow_connections(const char *word)
{
	char statement[128];

	snprintf(statement, sizeof(statement), "ALTER DATABASE %s ALLOW_CONNECTIONS %s", fixture.name, word);
	postgres_admin(statement);
}

Test(postgres, a_server_that_is_away_is_said_at_once)
{
	struct store_job job = message("r", "Ann", NULL, 0, "1");
	uint64_t longest = 0;

	allow_connections("false");
	end_sessions("uproar writer");
	end_sessions("uproar reader");
	for (int i = 0; i < 5; i++) {
		const uint64_t began = milliseconds();
		const int error = i == 0 ? -EAGAIN : append_all(&job, 1);
		struct store_job read = load("r");

		cr_assert(error == -EAGAIN && read.status == STORE_UNAVAILABLE && !read.page);
		longest = milliseconds() - began > longest ? milliseconds() - began : longest;
	}
	cr_assert_lt(longest, 6500, "%lu", (unsigned long)longest);
	allow_connections("true");
	for (int i = 0; i < 1000 && append_all(&job, 1) != 0; i++)
		nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
	cr_assert(job.status == STORE_OK && job.seq == 1);
}

Test(postgres, an_address_that_is_none_is_refused_without_its_password)
{
	struct store_backend other;

	cr_assert_eq(postgres_backend_open(&other, "postgres://ann:secret@[::1/db", why, sizeof(why)), -EINVAL);
	cr_assert(!strstr(why, "secret"), "%s", why);
	cr_assert(postgres_is_address("postgres://h/d") && postgres_is_address("postgresql://h/d"));
	cr_assert(!postgres_is_address("sqlite://h/d") && !postgres_is_address("postgres"));
}

Test(postgres, a_schema_of_a_newer_version_is_left_alone)
{
	backend->close(writer);
	writer = NULL;
	postgres_people(&fixture, "INSERT INTO uproar.version VALUES (1000000, 0)");
	cr_assert(!backend->open(backend->context, STORE_WRITER, why, sizeof(why)));
	cr_assert(strstr(why, "newer Uproar"), "%s", why);
}

Test(postgres, functions_of_another_build_are_replaced)
{
	struct store_job job = message("r", "Ann", NULL, 0, "1");

	cr_assert_eq(append_all(&job, 1), 0);
	backend->close(writer);
	postgres_people(&fixture, "UPDATE uproar.version SET functions = 1; DROP FUNCTION uproar.tidy");
	writer = open_one(STORE_WRITER);
	cr_assert_eq(backend->maintain(writer, 2000000), 0);
	cr_assert_eq(append_all(&job, 1), 0);
	cr_assert_eq(job.seq, 2, "what was kept is kept");
}

/* As the first version left it: with tables and functions of its own. */
static void make_version_1(void)
{
	postgres_people(&fixture, "SET client_min_messages = warning; DROP SCHEMA uproar CASCADE; CREATE SCHEMA "
				  "uproar; CREATE TABLE uproar.version"
				  " (number int PRIMARY KEY, functions bigint NOT NULL, at timestamptz NOT NULL DEFAULT"
				  " now()); INSERT INTO uproar.version VALUES (1, 5)");
	postgres_people(&fixture, postgres_migrations[0]);
	postgres_people(&fixture,
			"CREATE FUNCTION uproar.append(p_batch bigint, OUT status int) LANGUAGE sql AS 'SELECT 1';"
			"CREATE FUNCTION uproar.page(p_room text) RETURNS TABLE (epoch text) LANGUAGE sql AS"
			" 'SELECT epoch FROM uproar.room';"
			"INSERT INTO uproar.room (name, epoch, last, bytes) VALUES ('r', 'epoch0', 2, 9);"
			"INSERT INTO uproar.event (room, seq, kind, ts_ms, author, producer, number, data) VALUES"
			" (1, 1, 'msg', 7, 'Ann', NULL, NULL, '1'), (1, 2, 'msg', 8, 'Bob', 'p', 1, '2')");
}

Test(postgres, a_schema_of_version_1_becomes_one_of_this_with_all_that_is_in_it)
{
	struct store_job job = message("r", "Ann", NULL, 0, "3");

	backend->close(writer);
	backend->close(reader);
	make_version_1();
	for (int i = 1; i <= 2; i++) {
		writer = open_one(STORE_WRITER);
		cr_assert_str_eq(postgres_people(&fixture, "SELECT max(number) FROM uproar.version"), "3");
		job.state = i == 1 ? SPAN("\x00state") : SPAN_NONE;
		cr_assert_eq(append_all(&job, 1), 0);
		cr_assert(job.status == STORE_OK && job.seq == 2 + (uint64_t)i);
		if (i == 1)
			backend->close(writer);
	}
	reader = open_one(STORE_READER);
	struct store_job kept = load("r");

	cr_assert(kept.status == STORE_OK && kept.first == 1 && kept.last == 4 && kept.page->count == 4);
	cr_assert_str_eq(kept.room_epoch, "epoch0");
	cr_assert(span_equal(kept.page->events[1].from, SPAN("Bob")) && kept.page->events[1].ts_ms == 8);
	cr_assert(kept.kept_state && kept.kept_state->count == 6);
	page_give(&kept);
	job = message("r", "Ann", "p", 1, "4");
	cr_assert_eq(append_all(&job, 1), 0);
	cr_assert(job.status == STORE_OK && job.seq == 5, "Bob's cid is not hers");
	job = message("r", "Bob", "p", 1, "5");
	cr_assert_eq(append_all(&job, 1), 0);
	cr_assert(job.status == STORE_DUPLICATE && job.seq == 2, "his own still is");
}

Test(postgres, what_is_no_longer_kept_is_dropped)
{
	struct store_job jobs[1000];

	for (int i = 0; i < 1000; i++) {
		jobs[i] = message(i < 900 ? "busy" : "old", "Ann", NULL, 0, "1");
		jobs[i].retention = i < 900 ? (struct store_retention){ .messages = 10 }
					    : (struct store_retention){ .age_ms = 5000 };
	}
	cr_assert_eq(append_all(jobs, 1000), 0);
	cr_assert_eq(jobs[899].first, 891);
	cr_assert_str_eq(postgres_people(&fixture, "SELECT count(*) FROM uproar.event"), "1000");
	for (int i = 0; i < 100 && backend->maintain(writer, 1004000) == 1; i++)
		;
	cr_assert_str_eq(postgres_people(&fixture, "SELECT count(*) FROM uproar.event"), "110");
	/* The next round of the sweep is a minute later, or that of the next process. */
	backend->close(writer);
	writer = open_one(STORE_WRITER);
	for (int i = 0; i < 100 && backend->maintain(writer, 1005000) == 1; i++)
		;
	cr_assert_str_eq(postgres_people(&fixture, "SELECT count(*) FROM uproar.event"), "10");
	cr_assert_str_eq(postgres_people(&fixture, "SELECT sum(bytes) FROM uproar.room"), "40");
	cr_assert_str_eq(postgres_people(&fixture, "SELECT count(*) FROM uproar.trim"), "0");
}

/* Its cid may be used again, but not for what is refused. */
Test(postgres, what_is_too_old_counts_until_it_is_left_out)
{
	struct store_job jobs[] = { message("r", "Ann", "p", 1, "\"too old\""), message("r", "Ann", "p", 2, "2"),
				    message("r", "Ann", "p", 1, "\"new\""), message("r", "Ann", "p", 3, "3"),
				    message("r", "Ann", "p", 1, "4") };
	static const uint64_t at_ms[] = { 1000, 1400, 1600, 1600, 1600 };
	static const enum store_status wanted[] = { STORE_OK, STORE_OK, STORE_GONE, STORE_OK, STORE_OK };

	jobs[2].event.kind = CHAT_EV_edit;
	jobs[2].event.target = 1;
	for (size_t i = 0; i < sizeof(jobs) / sizeof(jobs[0]); i++) {
		jobs[i].now_ms = jobs[i].event.ts_ms = at_ms[i];
		jobs[i].retention.age_ms = 500;
		cr_assert_eq(append_all(&jobs[i], 1), 0);
		cr_assert_eq(jobs[i].status, wanted[i], "%zu: %d", i, (int)jobs[i].status);
		cr_assert_str_eq(postgres_people(&fixture,
						 "SELECT r.bytes - sum(e.size) FROM uproar.room r JOIN uproar.event e"
						 " ON e.room = r.id AND e.seq >= r.first GROUP BY r.bytes"),
				 "0", "%zu", i);
	}
}

Test(postgres, damage_is_said)
{
	struct store_job jobs[] = { message("r", "Ann", NULL, 0, "1"), message("r", "Ann", NULL, 0, "2"),
				    message("r", "Ann", NULL, 0, "3"), message("s", "Ann", NULL, 0, "1") };

	cr_assert_eq(append_all(jobs, 4), 0);
	postgres_people(&fixture, "DELETE FROM uproar.event WHERE seq = 2");
	struct store_job job = load("r");

	cr_assert(job.status == STORE_CORRUPT && !job.page);
	postgres_people(&fixture, "UPDATE uproar.room SET first = 7 WHERE name = 's'");
	job = load("s");
	cr_assert(job.status == STORE_CORRUPT && !job.page);
	cr_assert_eq(append_all(&jobs[3], 1), 0);
	cr_assert_eq(jobs[3].status, STORE_CORRUPT);
}

static struct store_job search(const char *room, const char *query, uint64_t before, uint32_t limit)
{
	struct store_job job = { .op = STORE_SEARCH,
				 .room = text(room),
				 .query = text(query),
				 .seq_asked = before,
				 .limit = limit,
				 .page_bytes = 1 << 20 };

	backend->read(searcher, &job);
	return job;
}

/* found("r", "words", 0, 20, "1 3") - exactly these seqs. */
static void found(const char *room, const char *query, uint64_t before, uint32_t limit, const char *seqs, bool more)
{
	struct store_job job = search(room, query, before, limit);
	char got[256] = "";
	size_t size = 0;

	cr_assert_eq(job.status, STORE_OK, "%s", query);
	for (uint32_t i = 0; job.page && i < job.page->count; i++)
		size += (size_t)snprintf(got + size, sizeof(got) - size, "%s%u", i ? " " : "",
					 (unsigned)job.page->events[i].seq);
	cr_assert_str_eq(got, seqs, "%s: %s", query, got);
	cr_assert_eq(job.page && job.page->more, more, "%s", query);
	page_give(&job);
}

Test(postgres, a_search_finds_what_messages_say_now)
{
	struct store_job jobs[] = {
		message("r", "Ann", NULL, 0, "{\"text\":\"Red eggs, \\u00c9clair\"}"),
		message("r", "Ann", NULL, 0, "[\"eggs\", \"brown\"]"),
		message("r", "Ann", NULL, 0, "\"brown, not red\""),
		message("s", "Ann", NULL, 0, "\"red eggs\""),
		message("r", "Ann", NULL, 0, "\"eggs of blue\""),
		message("r", "Ann", NULL, 0, NULL),
	};

	jobs[4].event.kind = CHAT_EV_edit;
	jobs[4].event.target = 2;
	jobs[5].event.kind = CHAT_EV_del;
	jobs[5].event.target = 3;
	cr_assert_eq(append_all(jobs, 5), 0);
	found("r", "eggs", 0, 20, "1 2", false);
	found("r", "EGGS red", 0, 20, "1", false);
	found("r", "eclair", 0, 20, "1", false);
	found("r", "\u00e9clair", 0, 20, "1", false);
	found("r", "text", 0, 20, "", false);
	found("r", "egg", 0, 20, "", false);
	found("r", "brown", 0, 20, "3", false);
	cr_assert_eq(append_all(&jobs[5], 1), 0);
	found("r", "brown", 0, 20, "", false);
	found("r", "eggs", 0, 1, "2", true);
	found("r", "eggs", 2, 1, "1", false);
	found("s", "red", 0, 20, "1", false);
	found("unknown", "red", 0, 20, "", false);
	cr_assert_eq(search("r", " !?& ", 0, 20).status, STORE_BAD_QUERY);

	struct store_job job = search("r", "blue", 0, 20);

	cr_assert(job.page && job.page->count == 1 && job.page->events[0].rev == 1);
	cr_assert(span_equal(job.page->events[0].data, SPAN("\"eggs of blue\"")));
	page_give(&job);
}
