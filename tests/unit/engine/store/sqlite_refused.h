/* sqlite_refused.h - a store in a file, one thing at a time that it does, and what is true whatever was refused of it.
 *
 * Each test that includes it has its own of everything; Criterion gives each test a process.
 */
#ifndef TEST_SQLITE_REFUSED_H
#define TEST_SQLITE_REFUSED_H

#include <errno.h>
#include <string.h>

#include "engine/core/slab.h"
#include "engine/store/sqlite_row.h"
#include "tests/unit/engine/store/sqlite_files.h"
#include "tests/unit/refused.h"

#define NOW 1000000000000ull
#define AGE 1000 /* ms, where a room has a bound of age */

static const int codes[] = { SQLITE_BUSY,    SQLITE_FULL,       SQLITE_NOMEM,
			     SQLITE_CORRUPT, SQLITE_IOERR_READ, SQLITE_IOERR_FSYNC };

static uint64_t said, now_ms; /* messages so far, each with its own number; and the clock */
static uint64_t acked; /* the newest seq that was acknowledged in the room */
static const int *code; /* what is refused */

static inline void setup(void)
{
	files_make("/dev/shm/uproar-refused-XXXXXX");
	now_ms = NOW;
	open_all();
}

static inline void teardown(void)
{
	refused_came();
	close_all();
	files_remove();
	rmdir(directory);
}

static struct store_job job; /* what is appended, or asked */

static inline void append_job(enum chat_event_kind kind, uint64_t target)
{
	static char data[64];

	said++;
	snprintf(data, sizeof(data), "\"words of %llu\"", (unsigned long long)said);
	job = (struct store_job){
		.op = STORE_APPEND,
		.room = SPAN("r"),
		.epoch = SPAN("abcdefghijkl"),
		.now_ms = now_ms,
		.event = { .kind = kind,
			   .from = SPAN("Ann"),
			   .ts_ms = now_ms,
			   .producer = SPAN("p"),
			   .number = said,
			   .target = target,
			   .data = kind == CHAT_EV_del ? SPAN_NONE : span_of(data, strlen(data)) },
	};
}

static inline int append(void)
{
	struct store_job *list[] = { &job };

	return backend.append(handles[STORE_WRITER], list, 1);
}

static inline uint64_t say(enum chat_event_kind kind, uint64_t target)
{
	append_job(kind, target);
	cr_assert_eq(append(), 0);
	cr_assert_eq(job.status, STORE_OK, "%d", job.status);
	acked = job.seq;
	return job.seq;
}

static inline struct store_job ask(enum store_op op, enum chat_page_from from)
{
	struct store_job asked = { .op = op,
				   .room = SPAN("r"),
				   .query = op == STORE_SEARCH ? SPAN("words") : SPAN_NONE,
				   .from = from,
				   .seq_asked = from == CHAT_PAGE_AFTER && acked > 3 ? acked - 3 : acked,
				   .limit = 8,
				   .page_bytes = 1 << 20,
				   .retention = { .age_ms = AGE },
				   .now_ms = now_ms };

	backend.read(handles[op == STORE_SEARCH ? STORE_SEARCHER : STORE_READER], &asked);
	return asked;
}

static inline void give(struct store_job *answered)
{
	if (answered->page)
		block_give(answered->page, answered->page->size);
	if (answered->kept_state)
		block_give(answered->kept_state, answered->kept_state->size);
	answered->page = NULL;
	answered->kept_state = NULL;
}

/* The newest seq that is there, which is the newest acknowledged. */
static inline void expect_newest(uint32_t at)
{
	struct store_job load = ask(STORE_LOAD, CHAT_PAGE_LATEST);

	if (load.status == STORE_UNAVAILABLE) /* what a refused end has left open is ended by now */
		load = ask(STORE_LOAD, CHAT_PAGE_LATEST);
	cr_assert_eq(load.status, STORE_OK, "code %d at %u: %d", *code, at, load.status);
	cr_assert_eq(load.last, acked, "code %d at %u: %u is there, %u was acknowledged", *code, at,
		     (unsigned)load.last, (unsigned)acked);
	give(&load);
}

static inline void tend(void)
{
	while (backend.maintain(handles[STORE_WRITER], now_ms) > 0)
		;
}

#endif
