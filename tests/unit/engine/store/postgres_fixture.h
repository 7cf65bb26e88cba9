/* postgres_fixture.h - a database of its own for a test, on the server that UPROAR_TEST_POSTGRES names.
 *
 * `make check` and tests/integration/postgres.py start one. Without it these tests are skipped, and say so.
 */
#ifndef POSTGRES_FIXTURE_H
#define POSTGRES_FIXTURE_H

#include <criterion/criterion.h>
#include <postgresql/libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/core/log.h"
#include "engine/core/random.h"
#include "engine/store/postgres.h"

struct postgres_fixture {
	PGconn *people; /* a session beside the store's, in the same database */
	char name[64], url[512];
	struct store_backend backend;
};

static inline void postgres_fixture_skip(void)
{
	if (getenv("UPROAR_TEST_POSTGRES"))
		return;
	fprintf(stderr,
		"SKIPPED, as UPROAR_TEST_POSTGRES names no server: tests/integration/postgres.py make test-unit\n");
	cr_skip_test("no server");
}

/* Runs a statement there and gives the first column of its first row, or "". */
static inline const char *postgres_people(struct postgres_fixture *fixture, const char *statement)
{
	static char text[4096];
	PGresult *result = PQexec(fixture->people, statement);
	const ExecStatusType status = PQresultStatus(result);

	cr_assert(status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK, "%s: %s", statement,
		  PQerrorMessage(fixture->people));
	snprintf(text, sizeof(text), "%s", PQntuples(result) > 0 ? PQgetvalue(result, 0, 0) : "");
	PQclear(result);
	return text;
}

/* The same in another database. */
static inline void postgres_admin(const char *statement)
{
	PGconn *admin = PQconnectdb(getenv("UPROAR_TEST_POSTGRES"));

	cr_assert(PQstatus(admin) == CONNECTION_OK, "%s", PQerrorMessage(admin));
	PGresult *result = PQexec(admin, statement);

	cr_assert(PQresultStatus(result) == PGRES_COMMAND_OK, "%s: %s", statement, PQerrorMessage(admin));
	PQclear(result);
	PQfinish(admin);
}

static inline void postgres_fixture_open(struct postgres_fixture *fixture)
{
	const char *server = getenv("UPROAR_TEST_POSTGRES");
	const char *path =
		strstr(server, ":///") ? strstr(server, ":///") + 4 : strchr(strstr(server, "//") + 2, '/') + 1;
	const size_t tail = strcspn(path, "?");
	char statement[128], why[256];

	log_setup(LOG_OFF, false);
	snprintf(fixture->name, sizeof(fixture->name), "unit_%d_%lu", (int)getpid(), (unsigned long)random_entropy());
	snprintf(fixture->url, sizeof(fixture->url), "%.*s%s%s", (int)(path - server), server, fixture->name,
		 path + tail);
	snprintf(statement, sizeof(statement), "CREATE DATABASE %s TEMPLATE template0", fixture->name);
	postgres_admin(statement);
	fixture->people = PQconnectdb(fixture->url);
	cr_assert(PQstatus(fixture->people) == CONNECTION_OK, "%s", PQerrorMessage(fixture->people));
	cr_assert(postgres_backend_open(&fixture->backend, fixture->url, why, sizeof(why)) == 0, "%s", why);
}

/* Before each row of the log is written. */
static inline void postgres_on_insert(struct postgres_fixture *fixture, const char *what)
{
	char statement[512];

	snprintf(statement, sizeof(statement),
		 "CREATE OR REPLACE FUNCTION public.no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN %s; RETURN NEW;"
		 " END $$; CREATE TRIGGER no BEFORE INSERT ON uproar.event FOR EACH ROW EXECUTE FUNCTION public.no()",
		 what);
	postgres_people(fixture, statement);
}

/* A message of Ann's to room r, with a number of its own. */
static inline struct store_job postgres_message(uint64_t number)
{
	return (struct store_job){
		.op = STORE_APPEND,
		.room = SPAN("r"),
		.epoch = SPAN("epoch1"),
		.now_ms = 1000000,
		.event = { .kind = CHAT_EV_msg,
			   .from = SPAN("Ann"),
			   .ts_ms = 1000000,
			   .producer = SPAN("p"),
			   .number = number,
			   .data = SPAN("\"red eggs\"") },
	};
}

static inline void postgres_fixture_close(struct postgres_fixture *fixture)
{
	char statement[128];

	PQfinish(fixture->people);
	postgres_backend_close(&fixture->backend);
	snprintf(statement, sizeof(statement), "DROP DATABASE %s WITH (FORCE)", fixture->name);
	postgres_admin(statement);
}

#endif
