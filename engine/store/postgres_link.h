/* postgres_link.h - one connection to a PostgreSQL server that is lost and found again. For postgres*.c alone.
 *
 * Nothing here waits without a bound. While the server is away, attempts to reach it come by time, each after a
 * longer pause with some jitter (50 ms to 5 s), and are gone on with in slices by whoever asks.
 */
#ifndef STORE_POSTGRES_LINK_H
#define STORE_POSTGRES_LINK_H

#include <postgresql/libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>

#include "engine/core/random.h"

#define POSTGRES_WHY_SIZE 256

enum postgres_state {
	POSTGRES_AWAY, /* no connection; the next attempt is due at retry_ns */
	POSTGRES_CONNECTING, /* one is being made, until deadline_ns */
	POSTGRES_CONNECTED, /* the session has yet to be set up */
	POSTGRES_READY,
};

struct postgres_link {
	enum postgres_state state;
	const PQconninfoOption *address; /* keeps */
	const char *name; /* what the server's people see in pg_stat_activity; keeps */
	PGconn *connection; /* while not AWAY */
	PostgresPollingStatusType polling;
	uint64_t deadline_ns, retry_ns;
	uint32_t pause_ms; /* the last one, without jitter; 0: the last attempt went well */
	struct random random;
	/* Somebody cancelled a commit's wait for its standbys: it answers as any, but may be on this server alone. */
	bool unreplicated;
	char why[POSTGRES_WHY_SIZE]; /* the last refusal or loss, one line */
};

/* What a statement is given and gives is in binary form: texts as their bytes, integers big-endian. */
enum postgres_type { POSTGRES_TEXT = 25, POSTGRES_INT8 = 20, POSTGRES_INT4 = 23, POSTGRES_BOOL = 16 };

#define POSTGRES_VALUES_MAX 24

struct postgres_values {
	int count;
	const char *bytes[POSTGRES_VALUES_MAX];
	int sizes[POSTGRES_VALUES_MAX];
	int formats[POSTGRES_VALUES_MAX];
	uint64_t integers[POSTGRES_VALUES_MAX]; /* big-endian, what `bytes` of such values point to */
};

/* An integer of 64 bits; what is beyond INT64_MAX - 1 is that. */
void postgres_values_integer(struct postgres_values *values, uint64_t integer);
void postgres_values_bool(struct postgres_values *values, bool on);
void postgres_values_text(struct postgres_values *values, const uint8_t *bytes, size_t size); /* NULL: none */

/* A column of an answer's row; 0 where it is NULL. */
int64_t postgres_integer(const PGresult *result, int row, int column);

void postgres_link_open(struct postgres_link *link, const PQconninfoOption *address, const char *name);
void postgres_link_close(struct postgres_link *link);

/* Whether the server answers that it takes no sessions yet: it starts, recovers or stops. Asks it, on a connection of
 * its own, and waits for the answer as long as the address says (connect_timeout). */
bool postgres_link_is_rejected(const struct postgres_link *link);

/* Goes on towards CONNECTED for at most wait_ms. Returns 1 when it is that or READY, else 0. */
int postgres_link_reach(struct postgres_link *link, uint32_t wait_ms);

/* The session is set up: pauses begin anew. */
void postgres_link_ready(struct postgres_link *link);

/* Lets go of the connection, and says why (NULL: what libpq says last). */
void postgres_link_lose(struct postgres_link *link, const char *why);

/* Whether nothing has come that ends the connection; else it is lost. It is idle. */
bool postgres_link_is_open(struct postgres_link *link);

/* Sends what waits and takes what has come, sleeping until the connection can do either, but not beyond deadline_ns.
 * Returns 1, or -ETIMEDOUT or -ECONNRESET with the connection as it was: the caller loses it. */
int postgres_link_turn(struct postgres_link *link, uint64_t deadline_ns);

/* Runs a prepared statement, or the commands of a text. Gives the last result (PQclear), or NULL when the connection
 * was lost over it. Errors of the server are in the result and in link->why. */
PGresult *postgres_link_call(struct postgres_link *link, const char *statement, const struct postgres_values *values,
			     uint32_t wait_ms);
PGresult *postgres_link_run(struct postgres_link *link, const char *commands, uint32_t wait_ms);
PGresult *postgres_link_prepare(struct postgres_link *link, const char *name, const char *text, uint32_t wait_ms);

/* 0 for a good result, else what a store says: -ENOSPC, -ESTALE (somebody else is the writer now), -EINVAL (these
 * values are refused, or what is kept is damaged), or -EAGAIN. */
int postgres_error(const PGresult *result);

#endif
