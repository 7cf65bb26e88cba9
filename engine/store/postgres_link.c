#include "engine/store/postgres_link.h"

#include <endian.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "engine/core/check.h"
#include "engine/core/clock.h"
#include "engine/core/log.h"

#define CONNECT_MS 3000 /* for one attempt, all addresses of a name together */
#define PAUSE_MIN_MS 100 /* with jitter: 50 to 100 */
#define PAUSE_MAX_MS 5000
#define MS 1000000ull
#define OPTIONS_MAX 64

void postgres_values_integer(struct postgres_values *values, uint64_t integer)
{
	const int i = values->count++;

	CHECK(i < POSTGRES_VALUES_MAX);
	/* Beyond is what says "no bound"; one more than ours must still be a number of the server's. */
	values->integers[i] = htobe64(integer < INT64_MAX ? integer : INT64_MAX - 1);
	values->bytes[i] = (const char *)&values->integers[i];
	values->sizes[i] = sizeof(uint64_t);
	values->formats[i] = 1;
}

void postgres_values_bool(struct postgres_values *values, bool on)
{
	const int i = values->count++;

	CHECK(i < POSTGRES_VALUES_MAX);
	values->bytes[i] = on ? "\1" : "\0";
	values->sizes[i] = 1;
	values->formats[i] = 1;
}

void postgres_values_text(struct postgres_values *values, const uint8_t *bytes, size_t size)
{
	const int i = values->count++;

	CHECK(i < POSTGRES_VALUES_MAX && size <= INT32_MAX);
	values->bytes[i] = (const char *)bytes;
	values->sizes[i] = (int)size;
	values->formats[i] = 1;
}

int64_t postgres_integer(const PGresult *result, int row, int column)
{
	const char *bytes = PQgetvalue(result, row, column);
	const int size = PQgetlength(result, row, column);
	uint64_t value = 0;

	CHECK(size <= 8);
	if (size == 0)
		return 0;
	value = (uint8_t)bytes[0] & 0x80 ? UINT64_MAX : 0; /* a bool is 1 or 0 */
	for (int i = 0; i < size; i++)
		value = value << 8 | (uint8_t)bytes[i];
	return (int64_t)value;
}

/* The first line: what follows are details and hints. */
static void why_set(struct postgres_link *link, const char *why)
{
	const size_t size = strcspn(why, "\n");

	snprintf(link->why, sizeof(link->why), "%.*s", (int)size, why);
}

/* Notices go nowhere: the only ones we cause say that something is there already. But one is a warning of a commit that
 * was not awaited by its standbys; it has neither a code nor a language of its own, so it is known by who gives it. */
static void notice(void *context, const PGresult *result)
{
	struct postgres_link *link = context;
	const char *from = PQresultErrorField(result, PG_DIAG_SOURCE_FUNCTION);

	if (from && strcmp(from, "SyncRepWaitForLSN") == 0)
		link->unreplicated = true;
}

void postgres_link_open(struct postgres_link *link, const PQconninfoOption *address, const char *name)
{
	*link = (struct postgres_link){ .state = POSTGRES_AWAY, .address = address, .name = name };
	random_seed(&link->random, random_entropy());
}

void postgres_link_close(struct postgres_link *link)
{
	PQfinish(link->connection);
	link->connection = NULL;
	link->state = POSTGRES_AWAY;
}

void postgres_link_lose(struct postgres_link *link, const char *why)
{
	const bool was_ready = link->state == POSTGRES_READY;

	if (!why)
		why = PQerrorMessage(link->connection);
	if (why != link->why && *why)
		why_set(link, why);
	postgres_link_close(link);
	/* What was well a moment ago is tried again at once, and then after longer and longer pauses. */
	const uint32_t pause = link->pause_ms;

	link->pause_ms = pause == 0 ? PAUSE_MIN_MS : pause * 2 < PAUSE_MAX_MS ? pause * 2 : PAUSE_MAX_MS;
	link->retry_ns = clock_mono_ns();
	if (!was_ready)
		link->retry_ns += (pause / 2 + random_below(&link->random, pause / 2 + 1)) * MS;
	LOG(LOG_WARN, was_ready ? "store_lost" : "store_away", LOG_TEXT("session", link->name),
	    LOG_TEXT("reason", link->why));
}

void postgres_link_ready(struct postgres_link *link)
{
	CHECK(link->state == POSTGRES_CONNECTED);
	if (link->pause_ms > 0)
		LOG(LOG_INFO, "store_back", LOG_TEXT("session", link->name));
	link->state = POSTGRES_READY;
	link->pause_ms = 0;
	link->why[0] = 0;
}

struct parameters {
	const char *keywords[OPTIONS_MAX + 1], *values[OPTIONS_MAX + 1];
};

/* What the address leaves open is set so that a dead peer is found within some ten seconds. */
static void collect(const struct postgres_link *link, struct parameters *parameters)
{
	static const char *const ours[][2] = {
		{ "client_encoding", "UTF8" },   { "target_session_attrs", "read-write" }, { "keepalives", "1" },
		{ "keepalives_idle", "5" },      { "keepalives_interval", "2" },           { "keepalives_count", "3" },
		{ "tcp_user_timeout", "10000" },
	};
	int count = 0;

	for (const PQconninfoOption *option = link->address; option->keyword; option++) {
		const char *value = option->val;

		for (size_t i = 0; i < sizeof(ours) / sizeof(*ours); i++)
			if (strcmp(option->keyword, ours[i][0]) == 0 && (!value || i == 0))
				value = ours[i][1];
		if (strcmp(option->keyword, "application_name") == 0)
			value = link->name;
		if (!value)
			continue;
		CHECK(count < OPTIONS_MAX);
		parameters->keywords[count] = option->keyword;
		parameters->values[count++] = value;
	}
	parameters->keywords[count] = NULL;
	parameters->values[count] = NULL;
}

bool postgres_link_is_rejected(const struct postgres_link *link)
{
	struct parameters parameters;

	collect(link, &parameters);
	return PQpingParams(parameters.keywords, parameters.values, 0) == PQPING_REJECT;
}

static void start(struct postgres_link *link)
{
	struct parameters parameters;

	collect(link, &parameters);
	link->unreplicated = false;
	link->connection = PQconnectStartParams(parameters.keywords, parameters.values, 0);
	link->state = POSTGRES_CONNECTING;
	link->polling = PGRES_POLLING_WRITING;
	link->deadline_ns = clock_mono_ns() + CONNECT_MS * MS;
	if (!link->connection || PQstatus(link->connection) == CONNECTION_BAD)
		link->polling = PGRES_POLLING_FAILED;
	else
		PQsetNoticeReceiver(link->connection, notice, link);
}

/* Sleeps until the socket can do one of `events`. Returns 1, or 0 at the deadline: poll never sleeps less. */
static int wait_for(const struct postgres_link *link, short events, uint64_t deadline_ns)
{
	struct pollfd on = { .fd = PQsocket(link->connection), .events = events };

	for (;;) {
		const uint64_t now = clock_mono_ns();
		const int ready = poll(&on, 1, now < deadline_ns ? (int)((deadline_ns - now + MS - 1) / MS) : 0);

		if (ready >= 0)
			return ready;
		CHECK(errno == EINTR || errno == EAGAIN);
	}
}

static void go_on(struct postgres_link *link, uint64_t until_ns)
{
	for (;;) {
		if (link->polling == PGRES_POLLING_FAILED) {
			postgres_link_lose(link, link->connection ? NULL : "out of memory");
			return;
		}
		if (link->polling == PGRES_POLLING_OK) {
			link->state = POSTGRES_CONNECTED;
			PQsetnonblocking(link->connection, 1);
			return;
		}
		const short events = link->polling == PGRES_POLLING_READING ? POLLIN : POLLOUT;
		const bool last = link->deadline_ns <= until_ns;

		if (!wait_for(link, events, last ? link->deadline_ns : until_ns)) {
			if (last)
				postgres_link_lose(link, "no answer to an attempt to connect");
			return;
		}
		link->polling = PQconnectPoll(link->connection);
	}
}

int postgres_link_reach(struct postgres_link *link, uint32_t wait_ms)
{
	const uint64_t until = clock_mono_ns() + wait_ms * MS;

	if (link->state == POSTGRES_AWAY && clock_mono_ns() >= link->retry_ns)
		start(link);
	if (link->state == POSTGRES_CONNECTING)
		go_on(link, until);
	return link->state >= POSTGRES_CONNECTED;
}

int postgres_link_turn(struct postgres_link *link, uint64_t deadline_ns)
{
	const int unsent = PQflush(link->connection);

	if (unsent < 0)
		return -ECONNRESET;
	if (!wait_for(link, (short)(POLLIN | (unsent ? POLLOUT : 0)), deadline_ns))
		return -ETIMEDOUT;
	return PQconsumeInput(link->connection) ? 1 : -ECONNRESET;
}

bool postgres_link_is_open(struct postgres_link *link)
{
	/* First come the last words of a server that ends the session, then the end. */
	while (wait_for(link, POLLIN, 0)) {
		if (!PQconsumeInput(link->connection)) {
			postgres_link_lose(link, NULL);
			return false;
		}
		/* Takes apart what has come: an idle session has no results. */
		(void)PQisBusy(link->connection);
	}
	return true;
}

/* The last of the results of what was sent, or NULL. */
static PGresult *answer(struct postgres_link *link, uint32_t wait_ms)
{
	const uint64_t deadline = clock_mono_ns() + wait_ms * MS;
	PGresult *last = NULL;

	for (;;) {
		while (PQisBusy(link->connection)) {
			const int error = postgres_link_turn(link, deadline);

			if (error < 0) {
				PQclear(last);
				postgres_link_lose(link, error == -ETIMEDOUT ? "no answer to a statement" : NULL);
				return NULL;
			}
		}
		PGresult *result = PQgetResult(link->connection);

		if (!result)
			break;
		/* Nothing comes behind an error but the end of the connection. */
		PQclear(last);
		last = result;
	}
	if (last && postgres_error(last) != 0)
		why_set(link, PQresultErrorMessage(last));
	if (PQstatus(link->connection) == CONNECTION_BAD) {
		PQclear(last);
		last = NULL;
	}
	if (!last)
		postgres_link_lose(link, NULL);
	return last;
}

PGresult *postgres_link_call(struct postgres_link *link, const char *statement, const struct postgres_values *values,
			     uint32_t wait_ms)
{
	if (!PQsendQueryPrepared(link->connection, statement, values->count, values->bytes, values->sizes,
				 values->formats, 1)) {
		postgres_link_lose(link, NULL);
		return NULL;
	}
	return answer(link, wait_ms);
}

PGresult *postgres_link_run(struct postgres_link *link, const char *commands, uint32_t wait_ms)
{
	if (!PQsendQuery(link->connection, commands)) {
		postgres_link_lose(link, NULL);
		return NULL;
	}
	return answer(link, wait_ms);
}

PGresult *postgres_link_prepare(struct postgres_link *link, const char *name, const char *text, uint32_t wait_ms)
{
	if (!PQsendPrepare(link->connection, name, text, 0, NULL)) {
		postgres_link_lose(link, NULL);
		return NULL;
	}
	return answer(link, wait_ms);
}

int postgres_error(const PGresult *result)
{
	const ExecStatusType status = PQresultStatus(result);

	if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK)
		return 0;
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);

	if (!state)
		return -EAGAIN;
	if (strcmp(state, "53100") == 0)
		return -ENOSPC;
	if (strcmp(state, "UP001") == 0)
		return -ESTALE;
	/* Data exception, constraint, limit of a program, damage: the same again would not do better. */
	if (strncmp(state, "22", 2) == 0 || strncmp(state, "23", 2) == 0 || strncmp(state, "54", 2) == 0 ||
	    strncmp(state, "XX", 2) == 0)
		return -EINVAL;
	return -EAGAIN;
}
