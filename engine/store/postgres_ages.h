/* postgres_ages.h - rooms whose events may grow older, or less old, than their last append said. For postgres*.c alone.
 *
 * A round goes through all rooms, some at a time, and writes another age into their rows. What is too old by an age of
 * before must not be dropped meanwhile: nothing expires until the round is over.
 */
#ifndef STORE_POSTGRES_AGES_H
#define STORE_POSTGRES_AGES_H

#include "engine/store/backend.h"
#include "engine/store/postgres_session.h"

struct postgres_ages {
	const struct store_ages *now; /* keeps; NULL: each room goes by its last append */
	uint32_t version; /* of them, when the last round began */
	bool going; /* it is not over, */
	uint64_t at; /* and this room was its last, by the server's number */
};

void postgres_ages_go_by(struct postgres_ages *ages, const struct store_ages *now);

/* Whether a round is to be gone on with. */
bool postgres_ages_due(struct postgres_ages *ages);

/* Some rooms of the round, each statement in at most wait_ms. Returns 0, or as postgres_error() with the reason in the
 * session's link. */
int postgres_ages_slice(struct postgres_ages *ages, struct postgres_session *session, uint32_t wait_ms);

#endif
