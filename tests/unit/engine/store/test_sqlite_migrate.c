/* A file of an older version becomes one of this, with all that is in it. */
#include <sqlite3.h>

#include "engine/core/log.h"
#include "engine/core/slab.h"
#include "tests/unit/engine/store/sqlite_files.h"
#include "tests/unit/engine/store/tbl/sqlite_version_1.h"

static const char *const steps[] = {
#define STORE_STEP(sql) sql,
#include "engine/store/tbl/sqlite_schema.h"
#undef STORE_STEP
};

static void run_sql(sqlite3 *db, const char *sql)
{
	char *error = NULL;

	cr_assert_eq(sqlite3_exec(db, sql, NULL, NULL, &error), SQLITE_OK, "%s", error);
}

/* As that Uproar left it. */
static void make_old(void)
{
	sqlite3 *db;

	cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK);
	run_sql(db, "PRAGMA journal_mode = WAL; PRAGMA user_version = 1; PRAGMA application_id = 1433432687");
	run_sql(db, steps[0]);
	run_sql(db, VERSION_1_ROWS);
	sqlite3_close(db);
}

static void setup(void)
{
	log_setup(LOG_OFF, false);
	files_make("/tmp/uproar-migrate-XXXXXX");
	make_old();
	open_all();
}

static void teardown(void)
{
	close_all();
	files_remove();
	cr_assert_eq(rmdir(directory), 0);
}

TestSuite(sqlite_migrate, .init = setup, .fini = teardown, .timeout = 60);

#define EPOCH "4iqftq9nq5hs"

static struct store_job read_one(enum store_op op, const char *query)
{
	struct store_job job = {
		.op = op, .room = SPAN("general"), .limit = 50, .page_bytes = 1 << 20, .now_ms = 1795284300000
	};

	job.query = span_of(query, strlen(query));
	backend.read(handles[op == STORE_SEARCH ? STORE_SEARCHER : STORE_READER], &job);
	cr_assert_eq(job.status, STORE_OK);
	return job;
}

static void give(const struct store_job *job)
{
	if (job->page)
		block_give(job->page, job->page->size);
	if (job->kept_state)
		block_give(job->kept_state, job->kept_state->size);
}

Test(sqlite_migrate, all_that_a_file_of_version_1_held_is_there)
{
	for (int i = 0; i < 2; i++) { /* and is not migrated twice */
		struct store_job load = read_one(STORE_LOAD, "");
		const struct chat_event *events = load.page->events;

		cr_assert(load.known && load.first == 1 && load.last == 6 && load.page->count == 6);
		cr_assert(!load.kept_state && strcmp(load.room_epoch, EPOCH) == 0);
		cr_assert(events[0].rev == 1 && span_equal(events[0].data, SPAN("{\"text\": \"green tea\"}")));
		cr_assert(events[2].kind == CHAT_EV_edit && span_equal(events[2].producer, SPAN("p")));
		cr_assert(events[3].kind == CHAT_EV_react && span_equal(events[3].key, SPAN("👍")));
		cr_assert(events[4].deleted && !events[4].data.bytes);
		give(&load);

		struct store_job found = read_one(STORE_SEARCH, "black");

		cr_assert(found.page->count == 1 && found.page->events[0].seq == 1);
		give(&found);
		found = read_one(STORE_SEARCH, "deleted");
		cr_assert(!found.page || found.page->count == 0);
		give(&found);
		close_all();
		open_all();
	}
}

Test(sqlite_migrate, a_file_of_version_1_goes_on)
{
	struct store_job job = { .op = STORE_APPEND,
				 .room = SPAN("general"),
				 .epoch = SPAN("another"),
				 .now_ms = 1795284300000,
				 .state = SPAN("state"),
				 .event = { .kind = CHAT_EV_msg,
					    .from = SPAN("Ann"),
					    .ts_ms = 1795284300000,
					    .producer = SPAN("p"),
					    .number = 1,
					    .data = SPAN("1") } };
	struct store_job *jobs[] = { &job };

	cr_assert_eq(backend.append(handles[STORE_WRITER], jobs, 1), 0);
	cr_assert(job.status == STORE_DUPLICATE && job.seq == 1 && job.ts_ms == 1795284223753);
	job.event.number = 3;
	cr_assert_eq(backend.append(handles[STORE_WRITER], jobs, 1), 0);
	cr_assert(job.status == STORE_OK && job.seq == 7);
	close_all();
	open_all();
	struct store_job load = read_one(STORE_LOAD, "");

	cr_assert(load.last == 7 && load.kept_state->count == 5 && strcmp(load.room_epoch, EPOCH) == 0);
	give(&load);
}
