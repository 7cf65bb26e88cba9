/* backend_suite.h - one suite for every backend of the store: what it makes is opened, asked, closed, and opened again.
 *
 * A backend has its row by a file test_backend_NAME.c with a factory and
 *
 *	#define BACKEND_CASE(name) Test(backend_NAME, name) { backend_run(&factory, backend_case_##name); }
 *	#include "tests/unit/engine/store/tbl/backend_cases.h"
 *	#undef BACKEND_CASE
 */
#ifndef BACKEND_SUITE_H
#define BACKEND_SUITE_H

#include <criterion/criterion.h>

#include "engine/store/backend.h"

#define SUITE_NOW 1000000000000ull /* the time of what is appended, if not said otherwise */
#define SUITE_EPOCH "abcdefghijkl"

struct backend_factory {
	bool (*make)(struct store_backend *backend); /* an empty store; false: cannot be tested here, and was said */
	void (*drop)(struct store_backend *backend); /* after all its handles are closed */
};

typedef void backend_case_fn(void);

void backend_run(const struct backend_factory *factory, backend_case_fn *run);

#define BACKEND_CASE(name) backend_case_fn backend_case_##name;
#include "tests/unit/engine/store/tbl/backend_cases.h"
#undef BACKEND_CASE

/* For the cases. Closes all and opens it again. */
void suite_reopen(void);
struct span suite_text(const char *string); /* NULL: absent */

/* Jobs to be appended, in room "r" by Ann at SUITE_NOW. producer NULL: no cid. */
struct store_job suite_message(const char *data);
struct store_job suite_sent(const char *producer, uint64_t number, const char *data);
struct store_job suite_change(enum chat_event_kind kind, const char *from, uint64_t target, const char *data);

void suite_append(struct store_job *jobs, size_t count);
enum store_status suite_append_one(struct store_job job, uint64_t *seq); /* seq may be NULL */
void suite_fill(uint32_t count, const struct store_retention *kept); /* messages of 6 bytes by Ann, with her 9 */

/* A question to the reader about room "r", answered; its page is to be given back with suite_give(). */
struct store_job suite_page(enum chat_page_from from, uint64_t seq, uint32_t limit);
struct store_job suite_load(uint32_t limit);
void suite_read(struct store_job *job);
void suite_give(struct store_job *job);

/* "from..to", + for more, "none" or "status N"; gives the page back. */
const char *suite_range(struct store_job job);

/* The seqs found in room "r", + for more; "bad" for no query. */
const char *suite_found(const char *query, uint64_t before, uint32_t limit);
void suite_search(struct store_job *job);

/* From now on rooms keep what is no older than that, 0: of any age, but those whose names begin with "was-". */
void suite_go_by(uint64_t age_ms);

/* Housekeeping until there is nothing left to do. */
void suite_tend(uint64_t wall_ms);

#endif
