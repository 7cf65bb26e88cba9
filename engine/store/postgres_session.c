#include "engine/store/postgres_session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/core/check.h"
#include "engine/core/log.h"
#include "engine/store/postgres_schema.h"

#define STEP_MS 3000 /* for one statement */
#define MIGRATE_MS 600000 /* for one migration: it may rewrite all there is */
#define SERVER_VERSION_MIN 130000
#define LOCK "1970303599, 1634861057" /* "upro", "ar" and 1: of this database */

static const struct {
	const char *name, *text;
	bool writer, reader;
} statements[] = {
	{ "begin", "BEGIN", true, false },
	{ "commit", "COMMIT", true, false },
	{ "enter", "SELECT uproar.enter($1, $2)", true, false },
	{ "append",
	  "SELECT status, seq, ts, rev, first FROM uproar.append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, "
	  "$13,"
	  " $14, $15, $16, $17, $18, $19, $20)",
	  true, false },
	{ "recall",
	  "SELECT status, seq, ts, rev, first FROM uproar.recall($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
	  true, false },
	{ "maintain", "SELECT more, at FROM uproar.maintain($1, $2, $3, $4, $5)", true, false },
	{ "rooms", "SELECT id, name, keep_ms FROM uproar.room WHERE id > $1 ORDER BY id LIMIT $2", true, false },
	{ "age", "SELECT uproar.age($1, $2, $3)", true, false },
	{ "page", "SELECT * FROM uproar.page($1, $2, $3, $4, $5, $6, $7, $8, $9)", false, true },
	{ "search", "SELECT * FROM uproar.search($1, $2, $3, $4, $5, $6, $7)", false, true },
};

static int refuse(struct postgres_session *session, const char *why)
{
	snprintf(session->link.why, sizeof(session->link.why), "%s", why);
	postgres_link_lose(&session->link, session->link.why);
	return -EINVAL;
}

static int lose_unreplicated(struct postgres_session *session)
{
	postgres_link_lose(&session->link, "a commit's wait for a standby was cancelled");
	return 0;
}

/* For a result that is of no interest. Returns 1, 0 when the connection was lost, -EINVAL when the server refuses for a
 * reason that will stay. */
static int judge(struct postgres_session *session, PGresult *result)
{
	if (!result)
		return 0;
	const int error = postgres_error(result);
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	/* 42: a name or a right that is not there; 3F: a schema; what else fails may do better next time. */
	const bool stays =
		error == -EINVAL || (state && (strncmp(state, "42", 2) == 0 || strncmp(state, "3F", 2) == 0));

	PQclear(result);
	if (error == 0)
		return 1;
	postgres_link_lose(&session->link, session->link.why);
	return stays ? -EINVAL : 0;
}

static int run(struct postgres_session *session, const char *commands, uint32_t wait_ms)
{
	return judge(session, postgres_link_run(&session->link, commands, wait_ms));
}

/* The text in row 0, column `column` of the answer to a query, in `text`. Returns as judge(). */
static int ask(struct postgres_session *session, const char *query, int columns, char texts[][128])
{
	PGresult *result = postgres_link_run(&session->link, query, STEP_MS);

	if (!result)
		return 0;
	const bool good = postgres_error(result) == 0 && PQntuples(result) > 0;

	for (int i = 0; i < columns; i++)
		snprintf(texts[i], sizeof(texts[i]), "%s", good ? PQgetvalue(result, 0, i) : "");
	PQclear(result);
	if (!good)
		postgres_link_lose(&session->link, session->link.why);
	return good;
}

static int judge_server(struct postgres_session *session)
{
	char answer[3][128];
	const int done = ask(session,
			     "SELECT current_setting('server_version_num'), current_setting('fsync'),"
			     " current_setting('server_encoding')",
			     3, answer);

	if (done <= 0)
		return done;
	if (strtol(answer[0], NULL, 10) < SERVER_VERSION_MIN)
		return refuse(session, "this server is older than PostgreSQL 13: use a newer one");
	if (strcmp(answer[1], "on") != 0)
		return refuse(session,
			      "fsync is off on this server, which so cannot keep what it acknowledges: set fsync = on "
			      "in its postgresql.conf");
	if (strcmp(answer[2], "UTF8") != 0)
		return refuse(session,
			      "this database is not encoded in UTF8: make one with createdb -E UTF8 -T template0");
	return 1;
}

/* The session of ours that was lost may live on at the server, maybe still committing: it is ended, and awaited. One
 * whose commit waits for a standby is awaited only: to end it would end that wait, and show everybody what it wrote. */
static int take_lock(struct postgres_session *session)
{
	char answer[3][128], query[640], why[POSTGRES_WHY_SIZE];
	int done = ask(session, "SELECT pg_try_advisory_lock(" LOCK ")", 1, answer);

	if (done <= 0)
		return done;
	if (strcmp(answer[0], "t") == 0) {
		session->backend = PQbackendPID(session->link.connection);
		return 1;
	}
	snprintf(
		query, sizeof(query),
		"SELECT coalesce(host(a.client_addr), 'this server''s machine'), a.backend_start::timestamptz(0)::text,"
		" CASE WHEN l.pid <> %d THEN '' WHEN a.wait_event = 'SyncRep' THEN 'waits'"
		" ELSE pg_terminate_backend(l.pid)::text END"
		" FROM pg_locks l LEFT JOIN pg_stat_activity a USING (pid)"
		" WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2 AND (l.classid::bigint, "
		"l.objid::bigint) ="
		" (" LOCK ") AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
		" UNION ALL SELECT '', '', '' LIMIT 1",
		session->backend);
	done = ask(session, query, 3, answer);
	if (done <= 0)
		return 0;
	if (strcmp(answer[2], "waits") == 0)
		snprintf(why, sizeof(why), "the commit of the session that was lost waits for a standby");
	else if (answer[2][0])
		snprintf(why, sizeof(why), "the session that was lost is being ended");
	else
		snprintf(why, sizeof(why),
			 "another Uproar writes to this database, from %.40s since %.40s: end it, or use another "
			 "database",
			 answer[0], answer[1]);
	postgres_link_lose(&session->link, why);
	return 0;
}

/* Tells functions of one build from those of another. */
static uint64_t functions_mark(void)
{
	const char *const texts[] = { postgres_functions_write, postgres_functions_read };
	uint64_t mark = 0xcbf29ce484222325;

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		for (const char *at = texts[i]; *at; at++)
			mark = (mark ^ (uint8_t)*at) * 0x100000001b3;
	return mark >> 1;
}

static int make_schema(struct postgres_session *session)
{
	char answer[1][128];
	int done = ask(session, "SELECT to_regnamespace('uproar') IS NULL", 1, answer);

	if (done <= 0)
		return done;
	if (strcmp(answer[0], "t") == 0) {
		done = run(session, "CREATE SCHEMA uproar", STEP_MS);
		if (done < 0)
			snprintf(session->link.why, sizeof(session->link.why),
				 "this user may not make a schema: as an administrator, GRANT CREATE ON DATABASE ... "
				 "TO ...");
		if (done <= 0)
			return done;
	}
	return run(session,
		   "SET statement_timeout = 0;"
		   "CREATE TABLE IF NOT EXISTS uproar.version (number int PRIMARY KEY, functions bigint NOT NULL,"
		   " at timestamptz NOT NULL DEFAULT now())",
		   STEP_MS);
}

/* Each migration, with the functions that go with it, is a transaction. */
static int migrate(struct postgres_session *session)
{
	char answer[2][128], mark[256];
	int done = make_schema(session);

	if (done > 0)
		done = ask(session,
			   "SELECT number, functions FROM uproar.version UNION ALL SELECT 0, 0 ORDER BY number DESC "
			   "LIMIT 1",
			   2, answer);
	if (done <= 0)
		return done;
	long version = strtol(answer[0], NULL, 10);

	if (version > postgres_schema_version)
		return refuse(session, "this database was used by a newer Uproar: use that one");
	snprintf(mark, sizeof(mark), "%llu", (unsigned long long)functions_mark());
	if (version == postgres_schema_version && strcmp(mark, answer[1]) == 0)
		return 1;
	LOG(LOG_INFO, "store_migrates", LOG_U64("from", (uint64_t)version),
	    LOG_U64("to", (uint64_t)postgres_schema_version));
	done = run(session, "BEGIN", STEP_MS);
	for (; done > 0 && version < postgres_schema_version; version++)
		done = run(session, postgres_migrations[version], MIGRATE_MS);
	if (done > 0)
		done = run(session, postgres_functions_write, STEP_MS);
	if (done > 0)
		done = run(session, postgres_functions_read, STEP_MS);
	snprintf(mark, sizeof(mark),
		 "INSERT INTO uproar.version VALUES (%d, %llu) ON CONFLICT (number) DO UPDATE"
		 " SET functions = excluded.functions, at = now(); COMMIT",
		 postgres_schema_version, (unsigned long long)functions_mark());
	return done > 0 ? run(session, mark, STEP_MS) : done;
}

/* What was acknowledged is gone: a replica that was behind is the server now, or a backup. The seqs that are missing
 * will be given again, so each room gets a new epoch: its clients learn by it, from the process that starts next. */
static int go_back(struct postgres_session *session)
{
	int done = run(session, "SET statement_timeout = 0", STEP_MS);

	if (done > 0)
		done = run(session, "SELECT uproar.restored()", MIGRATE_MS);
	if (done <= 0)
		return done;
	if (session->link.unreplicated)
		return lose_unreplicated(session);
	session->stale = true;
	LOG(LOG_ERROR, "store_went_back", LOG_U64("batch", session->committed), LOG_U64("acknowledged", session->kept),
	    LOG_TEXT("did", "gave every room a new epoch, as uproar.restored() does"));
	return refuse(session, "the database has lost messages that were acknowledged");
}

/* The first session takes a new fence; the later ones prove that it is still theirs. They write, too: a commit that has
 * been awaited by the standbys says that all before it are there, also those whose own wait was given up. */
static int prove_fence(struct postgres_session *session)
{
	char answer[2][128];
	const bool first = session->fence == 0;
	const int done = ask(session,
			     first ? "UPDATE uproar.writer SET fence = fence + 1, since = now() RETURNING fence, batch"
				   : "UPDATE uproar.writer SET since = since RETURNING fence, batch",
			     2, answer);

	if (done <= 0)
		return done;
	if (session->link.unreplicated)
		return lose_unreplicated(session);
	const uint64_t fence = strtoull(answer[0], NULL, 10);

	session->committed = strtoull(answer[1], NULL, 10);
	if (!first && (fence < session->fence || (fence == session->fence && session->committed < session->kept)))
		return go_back(session);
	if (!first && fence != session->fence) {
		session->stale = true;
		return refuse(session, "another Uproar has become the writer of this database");
	}
	session->fence = fence;
	session->kept = session->committed;
	return 1;
}

static int prepare(struct postgres_session *session)
{
	const bool writer = session->worker == STORE_WRITER;

	for (size_t i = 0; i < sizeof(statements) / sizeof(*statements); i++) {
		if (writer ? !statements[i].writer : !statements[i].reader)
			continue;
		const int done = judge(session, postgres_link_prepare(&session->link, statements[i].name,
								      statements[i].text, STEP_MS));

		if (done <= 0)
			return done;
	}
	return 1;
}

int postgres_session_begin(struct postgres_session *session)
{
	const bool writer = session->worker == STORE_WRITER;
	int done = run(session, postgres_settings, STEP_MS);

	if (done > 0)
		done = judge_server(session);
	if (done > 0 && writer)
		done = take_lock(session);
	if (done > 0 && writer && session->fence == 0)
		done = migrate(session);
	if (done > 0 && writer)
		done = prove_fence(session);
	if (done > 0)
		done = prepare(session);
	if (done > 0)
		done = run(session,
			   writer ? "SET default_transaction_read_only = off; SET statement_timeout = '5s'"
				  : "SET default_transaction_read_only = on; SET statement_timeout = '5s'",
			   STEP_MS);
	if (done <= 0)
		return done;
	postgres_link_ready(&session->link);
	return 1;
}

int postgres_session_reach(struct postgres_session *session, uint32_t wait_ms)
{
	if (session->stale)
		return -EINVAL;
	/* What the server has ended since is noticed before anything is asked of it. */
	if (session->link.state == POSTGRES_READY && postgres_link_is_open(&session->link))
		return 1;
	return postgres_link_reach(&session->link, wait_ms) ? postgres_session_begin(session) : 0;
}
