/* pg_insert - PostgreSQL under the load of uproar-load's scenario `durable`: so many publishers, each with one message
 * under way, each message one INSERT and one commit.
 *
 * A connection is a process of PostgreSQL's, so publishers share some: each belongs to one, which has the INSERTs of
 * all of its publishers in its pipeline, and a Sync behind each: each is a transaction, and no round trip is lost.
 * Latency counts from handing an INSERT to libpq until its result. Figures as uproar-load's, in DIR/results.json.
 */
#include <postgresql/libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "engine/core/clock.h"
#include "perf/durable/pg_insert.h"

#define START_SECONDS 10
#define TABLE                                                                                                          \
	"CREATE TABLE message (room text NOT NULL, seq bigint GENERATED ALWAYS AS IDENTITY, at timestamptz NOT NULL "  \
	"DEFAULT now(), data text NOT NULL, PRIMARY KEY (room, seq))"
#define INSERT "INSERT INTO message (room, data) VALUES ($1, $2)"

static void fail(const char *what, const char *why)
{
	fprintf(stderr, "pg_insert: %s: %s\n", what, why);
	exit(4);
}

static PGconn *connect_once(const char *url)
{
	PGconn *const connection = PQconnectdb(url);

	if (PQstatus(connection) == CONNECTION_OK)
		return connection;
	PQfinish(connection);
	return NULL;
}

/* A server that has just been started listens before it lets anybody in. */
static PGconn *connect_to(const char *url)
{
	for (int tries = 0; tries < START_SECONDS * 20; tries++) {
		PGconn *const connection = connect_once(url);

		if (connection)
			return connection;
		usleep(50000);
	}
	fail(url, "nobody lets us in");
	return NULL;
}

static void run(PGconn *connection, const char *statement)
{
	PGresult *const result = PQexec(connection, statement);

	if (PQresultStatus(result) != PGRES_COMMAND_OK)
		fail(statement, PQerrorMessage(connection));
	PQclear(result);
}

static void prepare(struct backend *backend, const struct load *load)
{
	backend->connection = connect_to(load->url);
	backend->synced = true;
	backend->waiting = calloc(load->publishers / load->backend_count + 1, sizeof(backend->waiting[0]));
	if (!backend->waiting)
		fail("memory", "none is left");
	PGresult *const result = PQprepare(backend->connection, "insert", INSERT, 2, NULL);

	if (PQresultStatus(result) != PGRES_COMMAND_OK)
		fail("PREPARE", PQerrorMessage(backend->connection));
	PQclear(result);
	if (PQsetnonblocking(backend->connection, 1) != 0 || PQenterPipelineMode(backend->connection) != 1)
		fail("pipeline", PQerrorMessage(backend->connection));
}

static void open_backends(struct load *load)
{
	PGconn *const first = connect_to(load->url);

	run(first, TABLE);
	PQfinish(first);
	load->backends = calloc(load->backend_count, sizeof(load->backends[0]));
	load->polls = calloc(load->backend_count, sizeof(load->polls[0]));
	load->publisher = calloc(load->publishers, sizeof(load->publisher[0]));
	if (!load->backends || !load->polls || !load->publisher)
		fail("memory", "none is left");
	for (uint32_t i = 0; i < load->backend_count; i++) {
		prepare(&load->backends[i], load);
		load->polls[i] = (struct pollfd){ .fd = PQsocket(load->backends[i].connection), .events = POLLIN };
	}
	for (uint32_t p = 0; p < load->publishers; p++)
		snprintf(load->publisher[p].room, sizeof(load->publisher[p].room), "r%u", p % load->rooms);
}

static uint32_t share(const struct load *load)
{
	return load->publishers / load->backend_count + 1;
}

static void publish(struct load *load, struct backend *backend, uint32_t p)
{
	const char *const values[] = { load->publisher[p].room, load->data };

	load->publisher[p].sent_ns = clock_mono_ns();
	if (PQsendQueryPrepared(backend->connection, "insert", 2, values, NULL, NULL, 0) != 1 ||
	    PQpipelineSync(backend->connection) != 1)
		fail("INSERT", PQerrorMessage(backend->connection));
	backend->waiting[(backend->first + backend->count++) % share(load)] = p;
	load->sent++;
}

static void answered(struct load *load, struct backend *backend, PGresult *result)
{
	const uint32_t p = backend->waiting[backend->first % share(load)];
	const uint64_t now = clock_mono_ns();

	if (PQresultStatus(result) != PGRES_COMMAND_OK)
		fail("INSERT", PQresultErrorMessage(result));
	load->acked++;
	if (load->phase == PHASE_HOLD) {
		load->acked_measured++;
		hist_add(&load->ack, now - load->publisher[p].sent_ns, 1);
	}
	backend->first++;
	backend->count--;
	backend->synced = false;
	if (load->phase != PHASE_DRAIN)
		publish(load, backend, p);
}

/* A result, NULL behind it, and the Sync's own. */
static void take_results(struct load *load, struct backend *backend)
{
	if (PQconsumeInput(backend->connection) != 1)
		fail("receive", PQerrorMessage(backend->connection));
	while ((backend->count > 0 || !backend->synced) && !PQisBusy(backend->connection)) {
		PGresult *const result = PQgetResult(backend->connection);

		if (!result)
			continue;
		if (PQresultStatus(result) == PGRES_PIPELINE_SYNC)
			backend->synced = true;
		else
			answered(load, backend, result);
		PQclear(result);
	}
}

static void turn(struct load *load)
{
	for (uint32_t i = 0; i < load->backend_count; i++) {
		const int left = PQflush(load->backends[i].connection);

		if (left < 0)
			fail("send", PQerrorMessage(load->backends[i].connection));
		load->polls[i].events = (short)(POLLIN | (left > 0 ? POLLOUT : 0));
	}
	if (poll(load->polls, load->backend_count, 20) <= 0)
		return;
	for (uint32_t i = 0; i < load->backend_count; i++)
		if (load->polls[i].revents != 0)
			take_results(load, &load->backends[i]);
}

static void go_on(struct load *load, enum phase phase, double seconds)
{
	const uint64_t until = clock_mono_ns() + (uint64_t)(seconds * 1e9);

	load->phase = phase;
	while (clock_mono_ns() < until && (phase != PHASE_DRAIN || load->acked < load->sent))
		turn(load);
}

static void take_moment(struct load *load, struct moment *moment)
{
	struct rusage own;

	getrusage(RUSAGE_SELF, &own);
	moment->ns = clock_mono_ns();
	moment->generator_s = (double)(own.ru_utime.tv_sec + own.ru_stime.tv_sec) +
			      (double)(own.ru_utime.tv_usec + own.ru_stime.tv_usec) / 1e6;
	moment->server = (struct process_usage){ -1, -1, -1 };
	if (load->server.pid > 0)
		process_sample(&load->server, &moment->server);
}

/* That an acknowledged one is really there: counted by the server. */
static double count_rows(const struct load *load)
{
	PGconn *const connection = connect_to(load->url);
	PGresult *const result = PQexec(connection, "SELECT count(*) FROM message");
	const double rows = PQresultStatus(result) == PGRES_TUPLES_OK ? strtod(PQgetvalue(result, 0, 0), NULL) : -1;

	PQclear(result);
	PQfinish(connection);
	return rows;
}

int main(int argc, char **argv)
{
	static struct load load;

	if (!pg_insert_options(&load, argc, argv))
		return 2;
	const uint64_t began = clock_mono_ns();

	open_backends(&load);
	load.ramp_s = (double)(clock_mono_ns() - began) / 1e9;
	for (uint32_t p = 0; p < load.publishers; p++)
		publish(&load, &load.backends[p % load.backend_count], p);
	go_on(&load, PHASE_WARMUP, load.warmup_s);
	take_moment(&load, &load.hold);
	go_on(&load, PHASE_HOLD, load.hold_s);
	take_moment(&load, &load.held);
	go_on(&load, PHASE_DRAIN, 10);
	load.lost = (double)load.acked - count_rows(&load);
	for (uint32_t i = 0; i < load.backend_count; i++)
		PQfinish(load.backends[i].connection);
	return pg_insert_results(&load);
}
