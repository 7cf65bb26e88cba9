/* postgres_session.h - makes a fresh connection fit for work: settings, the writer's lock, schema, statements.
 * For postgres*.c alone.
 *
 * Two things keep a second writer out. The lock is the server's and lives as long as the session: a second Uproar is
 * refused at its start. The fence is a number in uproar.writer, one higher for each Uproar that came to be the writer,
 * and every transaction proves it: who lost its session, and its place to another, finds out with its next batch.
 */
#ifndef STORE_POSTGRES_SESSION_H
#define STORE_POSTGRES_SESSION_H

#include "engine/chat/store_job.h"
#include "engine/store/postgres_link.h"

struct postgres_session {
	struct postgres_link link;
	enum store_worker worker;
	uint64_t fence; /* of this process; 0 until the first session as writer */
	uint64_t committed; /* the last batch committed, as it was when this session began */
	uint64_t kept; /* the last batch known to be committed: it was when this session began, or is since */
	int backend; /* the server's process of the last session that had the lock, 0: none yet */
	bool stale; /* another Uproar is the writer now, or more is kept than this one knows of, or less: for good */
};

/* The link is CONNECTED; makes it READY. Returns 1; 0 when it was lost or the lock is another's for now (why says so),
 * to be tried again; -EINVAL when trying again is of no use: why says what to do. */
int postgres_session_begin(struct postgres_session *session);

/* Reaches a READY session within about wait_ms. Returns as postgres_session_begin. */
int postgres_session_reach(struct postgres_session *session, uint32_t wait_ms);

#endif
