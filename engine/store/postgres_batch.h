/* postgres_batch.h - the jobs of one transaction, sent in one go, and their answers. For postgres*.c alone.
 *
 * A batch has a number that is committed with it. When the connection is lost over a batch, whoever connects again
 * asks for the last number committed, and then either all of it is there, or nothing of it.
 */
#ifndef STORE_POSTGRES_BATCH_H
#define STORE_POSTGRES_BATCH_H

#include "engine/chat/store_job.h"
#include "engine/store/postgres_link.h"

/* What append() answers for a job. */
struct postgres_answer {
	enum store_status status;
	uint64_t seq, ts_ms, first;
	uint32_t rev;
};

struct postgres_batch {
	uint64_t fence; /* of the writer */
	uint64_t number; /* of the batch */
	struct store_job **jobs;
	size_t count;
	struct postgres_answer *answers; /* count of them */
	size_t answered; /* the first so many are known */
	uint8_t *scratch; /* scratch_size bytes, for the words of one job */
	size_t scratch_size;
};

enum postgres_outcome {
	POSTGRES_COMMITTED, /* every job is answered */
	POSTGRES_REFUSED, /* the server has undone it, and *error is why: as postgres_error() */
	/* The connection was lost over it: -ECONNRESET; -ETIMEDOUT when it took too long; -ECONNABORTED, by us, when
	 * its commit was kept from waiting for a standby. */
	POSTGRES_UNKNOWN,
};

/* Sends the batch and waits for its end, at most wait_ms. The link is READY; UNKNOWN leaves it lost. */
enum postgres_outcome postgres_batch_run(struct postgres_batch *batch, struct postgres_link *link, uint32_t wait_ms,
					 int *error);

/* Finds the answers that a committed batch has not received. Returns 0, or -EAGAIN with the link lost or an error. */
int postgres_batch_recall(struct postgres_batch *batch, struct postgres_link *link, uint32_t wait_ms);

/* Writes the answers into the jobs. */
void postgres_batch_answer(const struct postgres_batch *batch);

/* Bytes of scratch that any one job of these needs. */
size_t postgres_batch_scratch(struct store_job *const *jobs, size_t count);

#endif
