/* The log in a file: what is kept, refused, found again after a crash, and dropped. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/core/log.h"
#include "engine/core/slab.h"
#include "engine/store/sqlite.h"
#include "engine/store/sqlite_query.h"
#include "tests/unit/engine/store/count_rows.h"

#define NOW 1000000

static char directory[64], why[256];
static struct store_backend backend;
static void *writer, *reader, *searcher;

static void *open_one(enum store_worker worker)
{
	void *handle = backend.open(backend.context, worker, why, sizeof(why));

	cr_assert(handle, "%s", why);
	return handle;
}

static void open_all(void)
{
	backend = sqlite_backend(directory);
	writer = open_one(STORE_WRITER);
	reader = open_one(STORE_READER);
	searcher = open_one(STORE_SEARCHER);
}

static void close_all(void)
{
	backend.close(searcher);
	backend.close(reader);
	backend.close(writer);
}

static void setup(void)
{
	log_setup(LOG_OFF, false);
	snprintf(directory, sizeof(directory), "/tmp/uproar-sqlite-XXXXXX");
	cr_assert(mkdtemp(directory));
	open_all();
}

static void remove_file(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	unlink(path);
}

static void remove_all(void)
{
	remove_file("uproar.db");
	remove_file("uproar.db-wal");
	remove_file("uproar.db-shm");
	cr_expect_eq(rmdir(directory), 0, "nothing else is left in %s", directory);
}

static void teardown(void)
{
	close_all();
	remove_all();
	cr_assert_eq(block_bytes_out(), 0, "every page is given back");
}

TestSuite(sqlite, .init = setup, .fini = teardown, .timeout = 60);

static struct span text(const char *string)
{
	return string ? span_of(string, strlen(string)) : SPAN_NONE;
}

static struct store_job message(const char *room, const char *from, const char *producer, uint64_t number,
				const char *data)
{
	return (struct store_job){
		.op = STORE_APPEND,
		.room = text(room),
		.epoch = text("abcdefghijkl"),
		.now_ms = NOW,
		.event = { .kind = CHAT_EV_msg,
			   .from = text(from),
			   .ts_ms = NOW,
			   .producer = text(producer),
			   .number = number,
			   .data = text(data) },
	};
}

static struct store_job change(enum chat_event_kind kind, const char *from, uint64_t target, const char *data)
{
	struct store_job job = message("r", from, NULL, 0, data);

	job.event.kind = kind;
	job.event.target = target;
	return job;
}

static int append_all(struct store_job *jobs, size_t count)
{
	struct store_job *list[1024];

	for (size_t i = 0; i < count; i++)
		list[i] = &jobs[i];
	return backend.append(writer, list, count);
}

static enum store_status append_one(struct store_job job, uint64_t *seq)
{
	cr_assert_eq(append_all(&job, 1), 0);
	if (seq)
		*seq = job.seq;
	return job.status;
}

/* Messages 1..count, whose data is their seq. */
static void fill(uint32_t count, const struct store_retention *kept)
{
	for (uint32_t i = 1; i <= count; i++) {
		char data[16];

		snprintf(data, sizeof(data), "%u", i);
		struct store_job job = message("r", "Ann", NULL, 0, data);

		if (kept)
			job.retention = *kept;
		cr_assert_eq(append_one(job, NULL), STORE_OK);
	}
}

static struct store_job page_of(enum store_op op, enum chat_page_from from, uint64_t seq, uint32_t limit)
{
	struct store_job job = { .op = op,
				 .room = text("r"),
				 .from = from,
				 .seq_asked = seq,
				 .limit = limit,
				 .page_bytes = 1 << 20,
				 .now_ms = NOW };

	backend.read(reader, &job);
	return job;
}

/* "from..to" of a page, with + for more; gives the page back. */
static const char *range(struct store_job job)
{
	static char out[64];

	if (job.status != STORE_OK)
		snprintf(out, sizeof(out), "status %d", job.status);
	else if (!job.page || job.page->count == 0)
		snprintf(out, sizeof(out), "none%s", job.page && job.page->more ? "+" : "");
	else
		snprintf(out, sizeof(out), "%llu..%llu%s", (unsigned long long)job.page->events[0].seq,
			 (unsigned long long)job.page->events[job.page->count - 1].seq, job.page->more ? "+" : "");
	if (job.page) {
		for (uint32_t i = 1; i < job.page->count; i++)
			cr_assert_eq(job.page->events[i].seq, job.page->events[i - 1].seq + 1);
		block_give(job.page, job.page->size);
	}
	return out;
}

static uint64_t page_last(struct store_job job)
{
	cr_assert_eq(job.status, STORE_OK);
	range(job);
	return job.last;
}

static void tend(uint64_t wall_ms)
{
	int more;

	while ((more = backend.maintain(writer, wall_ms)) > 0)
		;
	cr_assert_eq(more, 0);
}

static int64_t count_rows(const char *sql)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/uproar.db", directory);
	return count_rows_in(path, sql);
}

Test(sqlite, what_was_kept_is_there_after_a_restart)
{
	struct store_job jobs[] = { message("r", "Ann", "p", 1, "{\"text\":\"hi\"}"), message("s", "Bob", NULL, 0, "2"),
				    message("r", "Bob", NULL, 0, "\"there\"") };

	cr_assert_eq(append_all(jobs, 3), 0);
	cr_assert(jobs[0].seq == 1 && jobs[1].seq == 1 && jobs[2].seq == 2 && jobs[0].ts_ms == NOW);
	close_all();
	open_all();
	struct store_job job = page_of(STORE_LOAD, CHAT_PAGE_LATEST, 0, 10);

	cr_assert(job.status == STORE_OK && job.known && job.first == 1 && job.last == 2);
	cr_assert_str_eq(job.room_epoch, "abcdefghijkl");
	cr_assert(span_equal(job.page->events[0].data, SPAN("{\"text\":\"hi\"}")));
	cr_assert(span_equal(job.page->events[0].producer, SPAN("p")) && job.page->events[0].number == 1);
	cr_assert_null(job.page->events[1].producer.bytes);
	cr_assert_str_eq(range(job), "1..2");
	struct store_job unknown = { .op = STORE_LOAD, .room = text("nobody"), .limit = 5, .page_bytes = 100 };

	backend.read(reader, &unknown);
	cr_assert(unknown.status == STORE_OK && !unknown.known && unknown.first == 1 && unknown.last == 0);
}

static void copy_file(const char *name, const char *to)
{
	char from[128], path[128], buffer[65536];
	ssize_t got;

	snprintf(from, sizeof(from), "%s/%s", directory, name);
	snprintf(path, sizeof(path), "%s/%s", to, name);
	const int in = open(from, O_RDONLY), out = open(path, O_WRONLY | O_CREAT, 0600);

	while ((got = read(in, buffer, sizeof(buffer))) > 0)
		cr_assert_eq(write(out, buffer, (size_t)got), got);
	close(in);
	close(out);
}

Test(sqlite, a_copy_taken_in_the_middle_of_work_has_all_that_was_acknowledged)
{
	char other[80], kept[64];

	fill(300, NULL);
	snprintf(other, sizeof(other), "%s/copy", directory);
	cr_assert_eq(mkdir(other, 0700), 0);
	copy_file("uproar.db", other);
	copy_file("uproar.db-wal", other);
	close_all();
	snprintf(kept, sizeof(kept), "%s", directory);
	snprintf(directory, sizeof(directory), "%.50s/copy", kept);
	open_all();
	cr_assert_str_eq(range(page_of(STORE_PAGE, CHAT_PAGE_AFTER, 0, 1000)), "1..300");
	cr_assert_eq(append_one(message("r", "Ann", NULL, 0, "301"), NULL), STORE_OK);
	close_all();
	remove_all();
	snprintf(directory, sizeof(directory), "%s", kept);
	open_all();
}

Test(sqlite, a_cid_is_kept_once_in_its_room)
{
	uint64_t seq;
	struct store_job twice[] = { message("r", "Ann", "p", 2, "2"), message("r", "Ann", "p", 2, "2") };

	cr_assert_eq(append_one(message("r", "Ann", "p", 1, "1"), &seq), STORE_OK);
	cr_assert_eq(append_all(twice, 2), 0);
	cr_assert(twice[0].status == STORE_OK && twice[0].seq == 2);
	cr_assert(twice[1].status == STORE_DUPLICATE && twice[1].seq == 2);
	cr_assert_eq(append_one(message("r", "Ann", "p", 1, "other"), &seq), STORE_DUPLICATE);
	cr_assert_eq(seq, 1);
	cr_assert_eq(append_one(message("s", "Ann", "p", 1, "1"), &seq), STORE_OK, "another room");
	close_all();
	open_all();
	cr_assert_eq(append_one(message("r", "Ann", "p", 2, "x"), &seq), STORE_DUPLICATE);
	cr_assert_eq(seq, 2);
	cr_assert_eq(append_one(message("r", "Ann", "p", 3, "3"), &seq), STORE_OK);
	cr_assert_eq(seq, 3, "no seq is lost to a duplicate");
}

Test(sqlite, edits_deletions_and_reactions_are_judged_and_change_their_target)
{
	struct store_job edit;

	fill(2, NULL);
	cr_assert_eq(append_one(change(CHAT_EV_edit, "Bob", 1, "x"), NULL), STORE_FORBIDDEN);
	cr_assert_eq(append_one(change(CHAT_EV_del, "Bob", 1, NULL), NULL), STORE_FORBIDDEN);
	cr_assert_eq(append_one(change(CHAT_EV_edit, "Ann", 3, "x"), NULL), STORE_GONE);
	cr_assert_eq(append_one(change(CHAT_EV_react, "Bob", 1, NULL), NULL), STORE_OK); /* 3 */
	cr_assert_eq(append_one(change(CHAT_EV_edit, "Ann", 3, "x"), NULL), STORE_GONE, "not a message");
	for (uint32_t rev = 1; rev <= 2; rev++) { /* 4 5 */
		edit = change(CHAT_EV_edit, "Ann", 1, "\"new\"");
		cr_assert(append_all(&edit, 1) == 0 && edit.status == STORE_OK && edit.rev == rev);
	}
	struct store_job page = page_of(STORE_PAGE, CHAT_PAGE_AFTER, 0, 10);

	cr_assert(page.page->events[0].rev == 2 && span_equal(page.page->events[0].data, SPAN("1")));
	cr_assert(page.page->events[4].rev == 2 && span_equal(page.page->events[4].data, SPAN("\"new\"")));
	cr_assert_str_eq(range(page), "1..5");
	cr_assert_eq(append_one(change(CHAT_EV_del, "Ann", 1, NULL), NULL), STORE_OK); /* 6 */
	cr_assert_eq(append_one(change(CHAT_EV_edit, "Ann", 1, "x"), NULL), STORE_GONE, "deleted");
	cr_assert_eq(append_one(change(CHAT_EV_react, "Ann", 1, NULL), NULL), STORE_GONE);
	page = page_of(STORE_PAGE, CHAT_PAGE_AFTER, 0, 10);
	cr_assert(page.page->events[0].deleted && !page.page->events[0].data.bytes);
	cr_assert(!page.page->events[3].data.bytes && !page.page->events[4].data.bytes);
	cr_assert_str_eq(range(page), "1..6");
	cr_assert_eq(count_rows("SELECT count(*) FROM events WHERE data LIKE '%new%'"), 0, "gone from the file too");
}

Test(sqlite, pages_are_those_of_a_rooms_log)
{
	fill(50, NULL);
	cr_assert_str_eq(range(page_of(STORE_PAGE, CHAT_PAGE_LATEST, 0, 10)), "41..50+");
	cr_assert_str_eq(range(page_of(STORE_PAGE, CHAT_PAGE_LATEST, 0, 50)), "1..50");
	cr_assert_str_eq(range(page_of(STORE_PAGE, CHAT_PAGE_BEFORE, 11, 10)), "1..10");
	cr_assert_str_eq(range(page_of(STORE_PAGE, CHAT_PAGE_BEFORE, 12, 10)), "2..11+");
	cr_assert_str_eq(range(page_of(STORE_PAGE, CHAT_PAGE_BEFORE, 1, 10)), "none");
	cr_assert_str_eq(range(page_of(STORE_PAGE, CHAT_PAGE_BEFORE, 99, 3)), "48..50+");
	cr_assert_str_eq(range(page_of(STORE_PAGE, CHAT_PAGE_AFTER, 0, 10)), "1..10+");
	cr_assert_str_eq(range(page_of(STORE_PAGE, CHAT_PAGE_AFTER, 40, 10)), "41..50");
	cr_assert_str_eq(range(page_of(STORE_PAGE, CHAT_PAGE_AFTER, 50, 10)), "none");
	cr_assert_str_eq(range(page_of(STORE_PAGE, CHAT_PAGE_AROUND, 20, 10)), "15..24+");
	cr_assert_str_eq(range(page_of(STORE_PAGE, CHAT_PAGE_AROUND, 2, 10)), "1..6+");
	cr_assert_str_eq(range(page_of(STORE_PAGE, CHAT_PAGE_AROUND, 50, 10)), "45..50+");
	struct store_job job = { .op = STORE_PAGE,
				 .room = text("r"),
				 .from = CHAT_PAGE_AFTER,
				 .limit = 10,
				 .page_bytes = 12,
				 .now_ms = NOW };

	backend.read(reader, &job);
	cr_assert_str_eq(range(job), "1..3+", "each has four bytes");
	job.page_bytes = 1;
	job.page = NULL;
	backend.read(reader, &job);
	cr_assert_str_eq(range(job), "1..1+", "one at least");
}

Test(sqlite, only_so_many_are_kept_and_the_file_forgets_the_others)
{
	const struct store_retention kept = { .messages = 10 };
	uint64_t seq;
	struct store_job old = message("r", "Ann", "p", 1, "0");

	cr_assert_eq(append_one(old, NULL), STORE_OK);
	fill(9, &kept);
	cr_assert_str_eq(range(page_of(STORE_PAGE, CHAT_PAGE_LATEST, 0, 100)), "1..10");
	old.retention = kept;
	cr_assert_eq(append_one(old, &seq), STORE_DUPLICATE);
	fill(1, &kept);
	struct store_job page = page_of(STORE_PAGE, CHAT_PAGE_AFTER, 1, 100);

	cr_assert_eq(page.first, 2);
	cr_assert_str_eq(range(page), "2..11");
	cr_assert_eq(page_of(STORE_PAGE, CHAT_PAGE_AFTER, 0, 100).status, STORE_GONE);
	cr_assert_eq(append_one(old, &seq), STORE_OK, "its cid is forgotten with it");
	cr_assert_eq(append_one(change(CHAT_EV_react, "Ann", 2, NULL), NULL), STORE_GONE);
	cr_assert_eq(append_one(change(CHAT_EV_react, "Ann", 3, NULL), NULL), STORE_OK, "still kept");
	fill(100, &kept);
	tend(NOW);
	cr_assert_lt(count_rows("SELECT count(*) FROM events"), 10 + 64);
	cr_assert_lt(count_rows("SELECT count(*) FROM words"), 10 + 64);
	cr_assert_str_eq(range(page_of(STORE_PAGE, CHAT_PAGE_LATEST, 0, 100)), "104..113");
}

Test(sqlite, only_so_many_bytes_are_kept)
{
	const struct store_retention kept = { .bytes = 40 }; /* ten of four bytes */

	fill(9, &kept);
	cr_assert_str_eq(range(page_of(STORE_PAGE, CHAT_PAGE_LATEST, 0, 100)), "1..9");
	fill(1, &kept);
	cr_assert_str_eq(range(page_of(STORE_PAGE, CHAT_PAGE_LATEST, 0, 100)), "1..10");
	fill(1, &kept);
	cr_assert_str_eq(range(page_of(STORE_PAGE, CHAT_PAGE_LATEST, 0, 100)), "2..11");
}

Test(sqlite, what_is_too_old_is_not_shown_and_goes)
{
	const struct store_retention kept = { .age_ms = 1000 };
	struct store_job page = { .op = STORE_PAGE,
				  .room = text("r"),
				  .from = CHAT_PAGE_LATEST,
				  .limit = 10,
				  .page_bytes = 1000,
				  .retention = kept,
				  .now_ms = NOW + 999 };

	fill(3, &kept);
	backend.read(reader, &page);
	cr_assert_str_eq(range(page), "1..3");
	page.now_ms = NOW + 1000;
	page.page = NULL;
	backend.read(reader, &page);
	cr_assert_eq(page.first, 4);
	cr_assert_str_eq(range(page), "none");
	tend(NOW + 999);
	cr_assert_eq(count_rows("SELECT first FROM rooms"), 1);
	tend(NOW + 1000);
	cr_assert_eq(count_rows("SELECT first FROM rooms"), 4);
	cr_assert_eq(append_one(message("r", "Ann", NULL, 0, "4"), NULL), STORE_OK);
	page = page_of(STORE_LOAD, CHAT_PAGE_LATEST, 0, 10);
	cr_assert_eq(page.last, 4, "a number is never given twice");
	cr_assert_str_eq(range(page), "4..4");
}

static const char *found(const char *query, uint64_t before, uint32_t limit)
{
	static char out[256];
	size_t at = 0;
	struct store_job job = { .op = STORE_SEARCH,
				 .room = text("r"),
				 .query = text(query),
				 .seq_asked = before,
				 .limit = limit,
				 .page_bytes = 1 << 20 };

	backend.read(searcher, &job);
	if (job.status != STORE_OK)
		return job.status == STORE_BAD_QUERY ? "bad" : "error";
	out[0] = 0;
	for (uint32_t i = 0; i < job.page->count; i++)
		at += (size_t)snprintf(out + at, sizeof(out) - at, "%s%llu", i > 0 ? " " : "",
				       (unsigned long long)job.page->events[i].seq);
	if (job.page->more)
		snprintf(out + at, sizeof(out) - at, "+");
	block_give(job.page, job.page->size);
	return out;
}

Test(sqlite, messages_are_found_by_their_words)
{
	append_one(message("r", "Ann", NULL, 0, "{\"text\":\"Green tea, please\"}"), NULL);
	append_one(message("r", "Bob", NULL, 0, "{\"text\":\"tea is out; Caf\\u00e9 cr\xc3\xa8me?\"}"), NULL);
	append_one(message("s", "Bob", NULL, 0, "\"tea\""), NULL);
	append_one(message("r", "Ann", NULL, 0, "\"please wait\""), NULL);
	tend(NOW);
	cr_assert_str_eq(found("tea", 0, 10), "1 2");
	cr_assert_str_eq(found("TEA please", 0, 10), "1");
	cr_assert_str_eq(found("\"green tea\"", 0, 10), "1");
	cr_assert_str_eq(found("\"tea green\"", 0, 10), "");
	cr_assert_str_eq(found("ple*", 0, 10), "1 3");
	cr_assert_str_eq(found("cafe creme", 0, 10), "2");
	cr_assert_str_eq(found("text", 0, 10), "", "keys are no words");
	cr_assert_str_eq(found("tea", 2, 10), "1");
	cr_assert_str_eq(found("tea", 0, 1), "2+");
	cr_assert_str_eq(found("", 0, 1), "bad");
	cr_assert_str_eq(found("  \" ( ) \" * -", 0, 1), "bad");
	cr_assert_str_eq(found("tea AND OR NOT NEAR( \" ^ : {}", 0, 1), "");
	append_one(change(CHAT_EV_edit, "Ann", 1, "{\"text\":\"black coffee\"}"), NULL); /* 4 */
	append_one(change(CHAT_EV_del, "Bob", 2, NULL), NULL);
	cr_assert_str_eq(found("tea", 0, 10), "", "what is edited or deleted is not found, indexed or not");
	tend(NOW);
	cr_assert_str_eq(found("tea", 0, 10), "");
	cr_assert_str_eq(found("coffee", 0, 10), "1");
	struct store_job job = {
		.op = STORE_SEARCH, .room = text("r"), .query = text("coffee"), .limit = 1, .page_bytes = 1000
	};

	backend.read(searcher, &job);
	cr_assert(span_equal(job.page->events[0].data, SPAN("{\"text\":\"black coffee\"}")) &&
		  job.page->events[0].rev == 1);
	block_give(job.page, job.page->size);
}

/* The limit on a file's size stands for a full disk: what cannot be written is refused whole. */
Test(sqlite, a_full_disk_refuses_a_batch_and_heals_by_itself)
{
	static char data[8000];
	struct rlimit before, tight = { .rlim_cur = 400000, .rlim_max = RLIM_INFINITY };
	uint64_t seq = 0, acked = 0;
	int result = 0;

	memset(data, '1', sizeof(data) - 1);
	signal(SIGXFSZ, SIG_IGN);
	cr_assert_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
	tight.rlim_max = before.rlim_max;
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &tight), 0);
	for (int i = 0; i < 200 && result == 0; i++) {
		struct store_job job = message("r", "Ann", NULL, 0, data);

		result = append_all(&job, 1);
		acked = result == 0 ? job.seq : acked;
	}
	cr_assert_eq(result, -ENOSPC);
	cr_assert_gt(acked, 10);
	struct store_job again = message("r", "Ann", NULL, 0, data);

	cr_assert_eq(append_all(&again, 1), -ENOSPC, "still full");
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
	cr_assert_eq(append_one(message("r", "Ann", NULL, 0, "1"), &seq), STORE_OK);
	cr_assert_eq(seq, acked + 1);
	cr_assert_eq(page_last(page_of(STORE_LOAD, CHAT_PAGE_LATEST, 0, 3)), seq);
}

static void spoil(const char *sql)
{
	char path[128];
	sqlite3 *db;

	snprintf(path, sizeof(path), "%s/uproar.db", directory);
	cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK);
	cr_assert_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK, "%s", sqlite3_errmsg(db));
	sqlite3_close(db);
}

Test(sqlite, a_damaged_room_is_refused_and_the_others_are_not)
{
	fill(5, NULL);
	append_one(message("s", "Ann", NULL, 0, "1"), NULL);
	spoil("UPDATE events SET data = '9' WHERE data = '3'");
	cr_assert_eq(page_of(STORE_LOAD, CHAT_PAGE_LATEST, 0, 5).status, STORE_CORRUPT);
	cr_assert_str_eq(range(page_of(STORE_PAGE, CHAT_PAGE_AFTER, 3, 5)), "4..5", "what is sound is given");
	spoil("UPDATE events SET data = '3' WHERE data = '9'; DELETE FROM events WHERE data = '4'");
	cr_assert_eq(page_of(STORE_LOAD, CHAT_PAGE_LATEST, 0, 5).status, STORE_CORRUPT, "a hole");
	struct store_job jobs[] = { message("s", "Ann", NULL, 0, "2"), change(CHAT_EV_edit, "Ann", 4, "x"),
				    message("s", "Ann", NULL, 0, "3") };

	cr_assert_eq(append_all(jobs, 3), 0);
	cr_assert(jobs[0].status == STORE_OK && jobs[1].status == STORE_CORRUPT && jobs[2].status == STORE_OK);
	cr_assert_eq(jobs[2].seq, 3);
}

/* Whoever was banned must not come back because of a bit. */
Test(sqlite, a_damaged_state_is_refused)
{
	struct store_job job = message("r", "Ann", NULL, 0, "1");

	job.state = SPAN("{\"bans\":[]}");
	append_one(job, NULL);
	spoil("UPDATE states SET state = CAST('{\"bans\":{}}' AS BLOB)");
	cr_assert_eq(page_of(STORE_LOAD, CHAT_PAGE_LATEST, 0, 5).status, STORE_CORRUPT);
	cr_assert_str_eq(range(page_of(STORE_PAGE, CHAT_PAGE_AFTER, 0, 5)), "1..1", "pages have none");
	append_one(job, NULL);
	struct store_job load = page_of(STORE_LOAD, CHAT_PAGE_LATEST, 0, 5);

	cr_assert(load.status == STORE_OK && load.kept_state, "a new one is sound");
	block_give(load.kept_state, load.kept_state->size);
	cr_assert_str_eq(range(load), "1..2");
	spoil("UPDATE states SET room = 2; INSERT INTO states VALUES (1, '', 0)");
	cr_assert_eq(page_of(STORE_LOAD, CHAT_PAGE_LATEST, 0, 5).status, STORE_CORRUPT);
}

Test(sqlite, a_file_that_is_not_ours_is_refused)
{
	char path[128];

	close_all();
	spoil("PRAGMA user_version = 99");
	cr_assert_null(backend.open(backend.context, STORE_WRITER, why, sizeof(why)));
	cr_assert(strstr(why, "newer uproar"), "%s", why);
	spoil("PRAGMA user_version = 1; PRAGMA application_id = 7");
	cr_assert_null(backend.open(backend.context, STORE_WRITER, why, sizeof(why)));
	cr_assert(strstr(why, "is not a database of uproar"), "%s", why);
	remove_file("uproar.db");
	snprintf(path, sizeof(path), "%s/uproar.db", directory);
	FILE *file = fopen(path, "w");

	for (int i = 0; i < 1000; i++)
		fputs("this is no database", file);
	fclose(file);
	cr_assert_null(backend.open(backend.context, STORE_WRITER, why, sizeof(why)));
	cr_assert(strstr(why, "is not a database of uproar"), "%s", why);
	remove_file("uproar.db");
	open_all();
}
