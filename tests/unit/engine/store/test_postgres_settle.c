/* What comes of a batch when the line to the server is cut anywhere in it. */
#include "postgres_fixture.h"
#include "postgres_proxy.h"

#include <errno.h>

#include "engine/core/clock.h"

static struct postgres_fixture fixture;
static struct postgres_proxy proxy;
static struct store_backend through; /* the proxy */
static void *writer;
static char why[256];

static void setup(void)
{
	char url[512];

	postgres_fixture_skip();
	postgres_fixture_open(&fixture);
	memcpy(url, fixture.url, sizeof(url));
	postgres_proxy_open(&proxy, url);
	cr_assert(postgres_backend_open(&through, url, why, sizeof(why)) == 0, "%s", why);
	writer = through.open(through.context, STORE_WRITER, why, sizeof(why));
	cr_assert(writer, "%s", why);
}

static void teardown(void)
{
	if (!writer)
		return;
	through.close(writer);
	postgres_backend_close(&through);
	postgres_proxy_close(&proxy);
	postgres_fixture_close(&fixture);
}

TestSuite(postgres_settle, .init = setup, .fini = teardown, .timeout = 120);

static struct span text(const char *string)
{
	return string ? span_of(string, strlen(string)) : SPAN_NONE;
}

#define JOBS 15

#define MSG CHAT_EV_msg
#define EDIT CHAT_EV_edit
#define DEL CHAT_EV_del
#define REACT CHAT_EV_react

/* One of each: what is done, found to be a duplicate, gone, forbidden; messages of the same bytes too. */
static void jobs_make(struct store_job *jobs)
{
	static const struct {
		const char *room, *from, *producer;
		uint64_t number;
		enum chat_event_kind kind;
		uint64_t target;
		const char *data;
	} rows[JOBS] = {
		{ "r", "Ann", "p", 1, MSG, 0, "\"same\"" },  { "r", "Ann", NULL, 0, MSG, 0, "\"same\"" },
		{ "r", "Ann", NULL, 0, MSG, 0, "\"same\"" }, { "r", "Ann", "p", 1, MSG, 0, "\"again\"" },
		{ "r", "Ann", "p", 2, EDIT, 1, "\"new\"" },  { "r", "Bob", NULL, 0, DEL, 1, NULL },
		{ "s", "Bob", NULL, 0, MSG, 0, "1" },        { "r", "Ann", NULL, 0, DEL, 1, NULL },
		{ "r", "Ann", NULL, 0, EDIT, 1, "\"x\"" },   { "r", "Bob", "q", 1, REACT, 2, NULL },
		{ "r", "Ann", "p", 2, EDIT, 1, "\"new\"" },  { "r", "Ann", NULL, 0, MSG, 0, "\"last\"" },
		{ "r", "Bob", "p", 1, MSG, 0, "\"his\"" },   { "r", "Bob", "p", 1, MSG, 0, "\"more\"" },
		{ "r", "Ann", "p", 1, MSG, 0, "\"more\"" },
	};

	for (int i = 0; i < JOBS; i++)
		jobs[i] = (struct store_job){
			.op = STORE_APPEND,
			.room = text(rows[i].room),
			.epoch = text("epoch1"),
			.event = { .kind = rows[i].kind,
				   .from = text(rows[i].from),
				   .ts_ms = 1000,
				   .producer = text(rows[i].producer),
				   .number = rows[i].number,
				   .data = text(rows[i].data),
				   .target = rows[i].target,
				   .key = rows[i].kind == CHAT_EV_react ? text("+") : SPAN_NONE },
		};
}

static int append_all(struct store_job *jobs, size_t count)
{
	struct store_job *list[JOBS];

	for (size_t i = 0; i < count; i++)
		list[i] = &jobs[i];
	return through.append(writer, list, count);
}

static void answers_are_right(const struct store_job *jobs)
{
	static const struct {
		enum store_status status;
		uint64_t seq;
		uint32_t rev;
	} wanted[JOBS] = {
		{ STORE_OK, 1, 0 },   { STORE_OK, 2, 0 },        { STORE_OK, 3, 0 },        { STORE_DUPLICATE, 1, 0 },
		{ STORE_OK, 4, 1 },   { STORE_FORBIDDEN, 0, 0 }, { STORE_OK, 1, 0 },        { STORE_OK, 5, 0 },
		{ STORE_GONE, 0, 0 }, { STORE_OK, 6, 0 },        { STORE_DUPLICATE, 4, 1 }, { STORE_OK, 7, 0 },
		{ STORE_OK, 8, 0 },   { STORE_DUPLICATE, 8, 0 }, { STORE_DUPLICATE, 1, 0 },
	};

	for (int i = 0; i < JOBS; i++) {
		/* After the deletion nobody can tell who was forbidden what: gone is true then, too. */
		const bool status = jobs[i].status == wanted[i].status ||
				    (wanted[i].status == STORE_FORBIDDEN && jobs[i].status == STORE_GONE);

		cr_assert(status && jobs[i].seq == wanted[i].seq && jobs[i].rev == wanted[i].rev && jobs[i].first == 1,
			  "job %d: status %d seq %u rev %u", i, (int)jobs[i].status, (unsigned)jobs[i].seq,
			  jobs[i].rev);
	}
	cr_assert_str_eq(postgres_people(&fixture, "SELECT count(*) FROM uproar.event"), "9");
}

Test(postgres_settle, whatever_part_of_the_answers_is_lost_they_are_the_same)
{
	struct store_job jobs[JOBS];
	int cuts = 0;

	jobs_make(jobs);
	cr_assert_eq(append_all(jobs, JOBS), 0);
	answers_are_right(jobs);
	/* A batch is answered with some 1,100 bytes here. */
	for (int budget = 0; budget < 1300; budget += 97) {
		postgres_people(&fixture, "DELETE FROM uproar.event; DELETE FROM uproar.room");
		jobs_make(jobs);
		atomic_store(&proxy.budget, budget);
		cr_assert_eq(append_all(jobs, JOBS), 0, "%d", budget);
		answers_are_right(jobs);
		cuts = atomic_load(&proxy.cuts);
		atomic_store(&proxy.budget, -1);
	}
	cr_assert(cuts >= 5, "%d", cuts);
}

Test(postgres_settle, answers_found_again_are_those_of_the_last_batch)
{
	struct store_job jobs[JOBS];

	jobs_make(jobs);
	cr_assert_eq(append_all(&jobs[1], 2), 0);
	atomic_store(&proxy.budget, 0);
	cr_assert_eq(append_all(&jobs[1], 2), 0);
	cr_assert_eq(atomic_load(&proxy.cuts), 1);
	cr_assert(jobs[1].status == STORE_OK && jobs[1].seq == 3 && jobs[2].status == STORE_OK && jobs[2].seq == 4);
}

/* What lay in the line may reach the server late: then more is kept than rooms know of, and the process has to end. */
Test(postgres_settle, a_server_that_hangs_is_given_up_and_settled)
{
	struct store_job jobs[JOBS];
	const uint64_t began = clock_mono_ns();
	int error = -EAGAIN;

	jobs_make(jobs);
	atomic_store(&proxy.hold, 1);
	cr_assert_eq(append_all(jobs, JOBS), -EAGAIN);
	cr_assert_lt((clock_mono_ns() - began) / 1000000, 20000);
	atomic_store(&proxy.hold, 0);
	for (int i = 0; i < 1000 && error == -EAGAIN; i++) {
		error = append_all(jobs, JOBS);
		poll(NULL, 0, 10);
	}
	if (error == 0)
		answers_are_right(jobs);
	else
		cr_assert_eq(error, -EIO);
	cr_assert_str_eq(postgres_people(&fixture, "SELECT count(*) FROM uproar.event"), "9");
}

static void allow_connections(const char *word)
{
	char statement[128];

	snprintf(statement, sizeof(statement), "ALTER DATABASE %s ALLOW_CONNECTIONS %s", fixture.name, word);
	postgres_admin(statement);
}

Test(postgres_settle, a_batch_found_committed_too_late_ends_the_writer)
{
	struct store_job jobs[JOBS];
	int error = -EAGAIN;

	jobs_make(jobs);
	atomic_store(&proxy.budget, 0);
	allow_connections("false");
	cr_assert_eq(append_all(jobs, JOBS), -EAGAIN);
	cr_assert_str_eq(postgres_people(&fixture, "SELECT count(*) FROM uproar.event"), "9");
	allow_connections("true");
	for (int i = 0; i < 1000 && error == -EAGAIN; i++) {
		error = append_all(jobs, JOBS);
		poll(NULL, 0, 10);
	}
	cr_assert_eq(error, -EIO);
	cr_assert_eq(append_all(jobs, JOBS), -EIO);
	cr_assert_str_eq(postgres_people(&fixture, "SELECT count(*) FROM uproar.event"), "9");
	/* The next one goes on from there. */
	through.close(writer);
	writer = through.open(through.context, STORE_WRITER, why, sizeof(why));
	cr_assert(writer, "%s", why);
	cr_assert_eq(append_all(jobs, JOBS), 0);
	cr_assert(jobs[0].status == STORE_DUPLICATE && jobs[0].seq == 1 && jobs[1].seq == 9);
}
