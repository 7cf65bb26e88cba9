/* The log in a file where things go wrong: damage, a full disk, a torn end, somebody else's file. */
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/core/slab.h"
#include "tests/unit/engine/store/count_rows.h"
#include "tests/unit/engine/store/sqlite_files.h"

#define NOW 1000000
#define ROOMS 3
#define EVENTS 60 /* a room */

static void setup(void)
{
	files_make("/tmp/uproar-faults-XXXXXX");
}

static void teardown(void)
{
	char filler[96];

	umount2(directory, MNT_DETACH); /* of a test that mounted there, whatever became of it */
	files_remove();
	snprintf(filler, sizeof(filler), "%.60s/filler", directory);
	unlink(filler);
	rmdir(directory);
}

TestSuite(sqlite_faults, .init = setup, .fini = teardown, .timeout = 120);

static struct store_job message(const char *room, const char *data)
{
	return (struct store_job){
		.op = STORE_APPEND,
		.room = span_of(room, strlen(room)),
		.epoch = SPAN("abcdefghijkl"),
		.now_ms = NOW,
		.event = { .kind = CHAT_EV_msg,
			   .from = SPAN("Ann"),
			   .ts_ms = NOW,
			   .data = span_of(data, strlen(data)) },
	};
}

static int append(struct store_job *job)
{
	return backend.append(handles[STORE_WRITER], &job, 1);
}

static enum store_status say(const char *room, const char *data)
{
	struct store_job job = message(room, data);

	cr_assert_eq(append(&job), 0);
	return job.status;
}

static int tend(uint64_t wall_ms)
{
	int more, slices = 0;

	while ((more = backend.maintain(handles[STORE_WRITER], wall_ms)) > 0)
		cr_assert_lt(++slices, 10000, "there is always more to do");
	return more;
}

static struct store_job ask(enum store_op op, const char *room, const char *query)
{
	struct store_job job = { .op = op,
				 .room = span_of(room, strlen(room)),
				 .query = SPAN_NONE,
				 .limit = 200,
				 .page_bytes = 1 << 20,
				 .now_ms = NOW };

	if (query)
		job.query = span_of(query, strlen(query));
	backend.read(handles[op == STORE_SEARCH ? STORE_SEARCHER : STORE_READER], &job);
	return job;
}

static void give(struct store_job *job)
{
	if (job->page)
		block_give(job->page, job->page->size);
	job->page = NULL;
}

/* The last seq of a room that is whole. */
static uint64_t last_of(const char *room)
{
	struct store_job job = ask(STORE_LOAD, room, NULL);

	cr_assert_eq(job.status, STORE_OK);
	give(&job);
	return job.last;
}

static void run_sql(const char *sql)
{
	sqlite3 *db;
	char *error = NULL;

	cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK);
	cr_assert_eq(sqlite3_exec(db, sql, NULL, NULL, &error), SQLITE_OK, "%s", error);
	sqlite3_close(db);
}

static int64_t number(const char *sql)
{
	return count_rows_in(path, sql);
}

static const char *room_name(int room)
{
	static const char *const names[ROOMS] = { "lobby", "garden", "tower" };

	return names[room];
}

static const char *data_of(int room, uint64_t seq)
{
	static char data[160];

	snprintf(data, sizeof(data), "{\"text\":\"number %llu of %s, with some words to fill the page %0*d\"}",
		 (unsigned long long)seq, room_name(room), (int)(seq * 7 % 60) + 1, 5);
	return data;
}

static void fill(void)
{
	for (uint64_t seq = 1; seq <= EVENTS; seq++)
		for (int room = 0; room < ROOMS; room++)
			cr_assert_eq(say(room_name(room), data_of(room, seq)), STORE_OK);
}

static uint8_t *file_read(const char *name, size_t *size)
{
	struct stat status;
	const int file = open(name, O_RDONLY);

	cr_assert(file >= 0 && fstat(file, &status) == 0);
	uint8_t *bytes = malloc((size_t)status.st_size);

	cr_assert_eq(read(file, bytes, (size_t)status.st_size), status.st_size);
	close(file);
	*size = (size_t)status.st_size;
	return bytes;
}

static void file_write(const char *name, const uint8_t *bytes, size_t size)
{
	const int file = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	cr_assert_eq(write(file, bytes, size), (ssize_t)size);
	close(file);
}

/* Whatever is given of a room is what was kept, in its place. Whether it was given at all. */
static bool check_room(int room)
{
	struct store_job job = ask(STORE_LOAD, room_name(room), NULL);
	const bool whole = job.status == STORE_OK && job.known;

	if (whole) {
		cr_assert(job.first == 1 && job.last == EVENTS);
		cr_assert_eq(job.page->count, EVENTS);
	}
	for (uint32_t i = 0; job.page && i < job.page->count; i++) {
		const char *data = data_of(room, job.page->events[i].seq);

		cr_assert(span_equal(job.page->events[i].data, span_of(data, strlen(data))));
		cr_assert(span_equal(job.page->events[i].from, SPAN("Ann")));
		cr_assert(job.page->events[i].ts_ms == NOW && job.page->events[i].rev == 0);
	}
	give(&job);
	return whole;
}

/* Any one byte of the file. */
Test(sqlite_faults, damage_is_never_given_out)
{
	uint32_t refused = 0, damaged = 0, whole = 0, seed = 7;
	size_t size;

	open_all();
	fill();
	close_all();
	uint8_t *bytes = file_read(path, &size);

	for (int i = 0; i < 500; i++) {
		seed = seed * 1103515245 + 12345;
		const size_t at = ((size_t)(seed >> 8) * 4096 + (seed >> 5) % 4096) % size;

		bytes[at] ^= (uint8_t)(1 << (seed >> 29));
		files_remove();
		file_write(path, bytes, size);
		bytes[at] ^= (uint8_t)(1 << (seed >> 29));
		if (!try_open()) {
			refused++;
			continue;
		}
		for (int room = 0; room < ROOMS; room++)
			*(check_room(room) ? &whole : &damaged) += 1;
		struct store_job job = message(room_name(i % ROOMS), "1");
		const int result = append(&job);

		cr_assert(result == 0 || result == -EIO, "%d", result);
		cr_assert(result != 0 || job.status == STORE_OK || job.status == STORE_CORRUPT);
		close_all();
	}
	cr_assert(damaged > 50 && whole > 500, "%u refused, %u damaged, %u whole", refused, damaged, whole);
	free(bytes);
}

/* The log before the file is cut anywhere: what is there is the beginning of what was said, by whole batches. */
Test(sqlite_faults, a_torn_end_is_left_out)
{
	char wal[128];
	size_t size, wal_size;
	uint64_t most = 0;

	open_all();
	for (int i = 0; i < 40; i++) {
		struct store_job jobs[] = { message("lobby", "1"), message("garden", "2"), message("lobby", "3") };
		struct store_job *list[] = { &jobs[0], &jobs[1], &jobs[2] };

		cr_assert_eq(backend.append(handles[STORE_WRITER], list, 3), 0);
	}
	snprintf(wal, sizeof(wal), "%s-wal", path);
	uint8_t *bytes = file_read(path, &size), *wal_bytes = file_read(wal, &wal_size);

	close_all();
	for (size_t cut = wal_size; cut > wal_size / 2; cut -= 1777) {
		files_remove();
		file_write(path, bytes, size);
		file_write(wal, wal_bytes, cut);
		open_all();
		const uint64_t batches = last_of("garden");

		cr_assert_eq(last_of("lobby"), 2 * batches, "no half of a batch");
		most = batches > most ? batches : most;
		cr_assert_eq(say("lobby", "4"), STORE_OK);
		cr_assert_eq(last_of("lobby"), 2 * batches + 1);
		close_all();
	}
	cr_assert_eq(most, 40, "what was acknowledged is there");
	free(bytes);
	free(wal_bytes);
}

static int fill_disk(void)
{
	static uint8_t block[4096];
	char name[96];

	snprintf(name, sizeof(name), "%.60s/filler", directory);
	const int file = open(name, O_WRONLY | O_CREAT | O_APPEND, 0600);

	cr_assert_geq(file, 0);
	while (write(file, block, sizeof(block)) > 0)
		;
	return file;
}

static void check_full_disk(void)
{
	uint64_t acked = 1;

	open_all();
	cr_assert_eq(say("lobby", "\"first\""), STORE_OK);
	for (int cycle = 0; cycle < 4; cycle++) {
		const int file = fill_disk();
		int result;

		do {
			struct store_job job =
				message("lobby", "\"what there may be no room for, and this is some text\"");

			result = append(&job);
			acked = result == 0 ? job.seq : acked;
		} while (result == 0);
		cr_assert(result == -ENOSPC || result == -EAGAIN, "%d", result);
		const int tended = tend(NOW);

		cr_assert(tended == 0 || tended == -ENOSPC || tended == -EAGAIN, "%d", tended);
		cr_assert_eq(last_of("lobby"), acked, "reads go on, and nothing is there that was refused");
		cr_assert_eq(ftruncate(file, 0), 0);
		close(file);
		struct store_job job = message("lobby", "\"room again\"");

		cr_assert_eq(append(&job), 0);
		cr_assert_eq(job.seq, acked + 1, "no seq is lost");
		cr_assert_eq(tend(NOW), 0);
		acked = job.seq;
		if (cycle == 2) {
			close_all();
			open_all();
		}
		cr_assert_eq(last_of("lobby"), acked);
	}
	close_all();
}

Test(sqlite_faults, a_full_disk_refuses_and_heals)
{
	if (mount("none", directory, "tmpfs", 0, "size=1m") != 0) {
		fprintf(stderr, "SKIPPED: a small tmpfs cannot be mounted here (%s); root can\n", strerror(errno));
		cr_skip_test("no mount");
	}
	check_full_disk();
}

Test(sqlite_faults, a_damaged_room_does_not_stop_the_housekeeping)
{
	struct store_job job = message("garden", "\"tea\"");

	open_all();
	job.retention.age_ms = 1000;
	for (int i = 0; i < 100; i++) {
		job.room = i % 2 ? SPAN("garden") : SPAN("lobby");
		cr_assert_eq(append(&job), 0);
	}
	close_all();
	/* Its oldest is gone, and one has other words than it had. */
	run_sql("DELETE FROM events WHERE id = (SELECT id << 32 | 1 FROM rooms WHERE name = 'lobby');"
		"UPDATE events SET data = '\"cup\"' WHERE id = (SELECT id << 32 | 7 FROM rooms WHERE name = 'lobby')");
	open_all();
	cr_assert_eq(tend(NOW), 0);
	cr_assert_eq(number("SELECT count(*) FROM words"), 50, "those of the other room");
	cr_assert_eq(tend(NOW + 1000), 0);
	cr_assert_eq(number("SELECT first FROM rooms WHERE name = 'garden'"), 51);
	cr_assert_eq(
		number("SELECT count(*) FROM events WHERE id >> 32 = (SELECT id FROM rooms WHERE name = 'garden')"), 0);
	struct store_job page = ask(STORE_LOAD, "lobby", NULL);

	cr_assert_eq(page.status, STORE_CORRUPT);
	cr_assert_eq(say("garden", "1"), STORE_OK);
	close_all();
}

Test(sqlite_faults, a_damaged_room_does_not_stop_the_batches_of_others)
{
	open_all();
	cr_assert_eq(say("lobby", "1"), STORE_OK);
	close_all();
	run_sql("UPDATE rooms SET last = 9 WHERE name = 'lobby'");
	open_all();
	for (uint64_t round = 0; round < 3; round++) {
		struct store_job jobs[] = { message("garden", "1"), message("lobby", "2"), message("tower", "3"),
					    message("garden", "4") };
		struct store_job *list[] = { &jobs[0], &jobs[1], &jobs[2], &jobs[3] };

		cr_assert_eq(backend.append(handles[STORE_WRITER], list, 4), 0);
		cr_assert_eq(jobs[1].status, STORE_CORRUPT);
		cr_assert(jobs[0].status == STORE_OK && jobs[0].seq == 2 * round + 1);
		cr_assert(jobs[2].status == STORE_OK && jobs[2].seq == round + 1);
		cr_assert(jobs[3].status == STORE_OK && jobs[3].seq == 2 * round + 2);
	}
	cr_assert_eq(ask(STORE_LOAD, "lobby", NULL).status, STORE_CORRUPT, "a room knows its own sum");
	close_all();
	open_all();
	cr_assert(last_of("garden") == 6 && last_of("tower") == 3);
	close_all();
}

/* Numbers that nothing else would give away. */
Test(sqlite_faults, a_row_that_was_changed_is_noticed)
{
	static const char *const changes[][2] = {
		{ "UPDATE rooms SET first = 2 WHERE name = 'lobby'",
		  "UPDATE rooms SET first = 1 WHERE name = 'lobby'" },
		{ "UPDATE events SET rev = 1 WHERE data = '2'", "UPDATE events SET rev = 0 WHERE data = '2'" },
		{ "UPDATE events SET ts = ts + 1 WHERE data = '2'", "UPDATE events SET ts = ts - 1 WHERE data = '2'" },
		{ "UPDATE events SET sender = 'Bob' WHERE data = '2'",
		  "UPDATE events SET sender = 'Ann' WHERE data = '2'" },
	};

	open_all();
	cr_assert(say("lobby", "1") == STORE_OK && say("lobby", "2") == STORE_OK && say("lobby", "3") == STORE_OK);
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		close_all();
		run_sql(changes[i][0]);
		open_all();
		struct store_job load = ask(STORE_LOAD, "lobby", NULL);

		cr_assert(load.status == STORE_CORRUPT && !load.page, "%s", changes[i][0]);
		if (i == 0)
			cr_assert_eq(say("lobby", "4"), STORE_CORRUPT);
		run_sql(changes[i][1]);
		cr_assert_eq(last_of("lobby"), 3);
	}
	close_all();
}

Test(sqlite_faults, words_go_with_their_messages)
{
	struct store_job job = message("lobby", "\"tea\"");

	open_all();
	for (int i = 0; i < 200; i++)
		cr_assert_eq(append(&job), 0);
	cr_assert_eq(tend(NOW), 0);
	cr_assert_eq(number("SELECT count(*) FROM words"), 200);
	job.retention.messages = 10;
	cr_assert_eq(append(&job), 0);
	cr_assert_eq(tend(NOW), 0);
	cr_assert_eq(number("SELECT count(*) FROM words"), 10);
	cr_assert_eq(number("SELECT count(*) FROM events"), 10);
	close_all();
}

/* What it did before the damage was met is taken back, in the file and in what the writer remembers. */
Test(sqlite_faults, a_deletion_that_meets_damage_is_not_done)
{
	struct store_job edit = message("lobby", "\"two\""), deletion = message("lobby", ""),
			 more = message("lobby", "3");
	struct store_job other = message("garden", "1");
	struct store_job *list[] = { &other, &deletion, &more };

	open_all();
	cr_assert_eq(say("lobby", "\"one\""), STORE_OK);
	edit.event.kind = CHAT_EV_edit;
	edit.event.target = deletion.event.target = 1;
	deletion.event.kind = CHAT_EV_del;
	deletion.event.data = SPAN_NONE;
	cr_assert(append(&edit) == 0 && edit.status == STORE_OK);
	run_sql("UPDATE events SET data = '\"2\"' WHERE kind = 'edit'");
	cr_assert_eq(backend.append(handles[STORE_WRITER], list, 3), 0);
	cr_assert(other.status == STORE_OK && deletion.status == STORE_CORRUPT);
	cr_assert(more.status == STORE_OK && more.seq == 3, "%d %d", (int)more.status, (int)more.seq);
	cr_assert_eq(number("SELECT data = '\"one\"' AND deleted = 0 FROM events WHERE id & 4294967295 = 1"
			    " AND kind = 'msg' AND data LIKE '%one%'"),
		     1);
	run_sql("UPDATE events SET data = '\"two\"' WHERE kind = 'edit'");
	cr_assert_eq(last_of("lobby"), 3);
	close_all();
}

Test(sqlite_faults, an_index_that_is_damaged_stops_searches_alone)
{
	open_all();
	fill();
	cr_assert_eq(tend(NOW), 0);
	close_all();
	run_sql("UPDATE words_data SET block = x'ffffffff' WHERE id > 10");
	open_all();
	struct store_job found = ask(STORE_SEARCH, "lobby", "number");

	cr_assert_eq(found.status, STORE_CORRUPT, "%d", found.status);
	cr_assert_null(found.page);
	cr_assert(check_room(0));
	cr_assert_eq(say("lobby", "\"more\""), STORE_OK);
	cr_assert_eq(tend(NOW), 0);
	cr_assert_eq(say("lobby", "\"more\""), STORE_OK);
	close_all();
}

/* Nobody tends it: then an append does it. */
Test(sqlite_faults, the_log_before_the_file_stays_short)
{
	static struct store_job jobs[100];
	static struct store_job *list[100];
	static char data[15000];
	char wal[128];
	struct stat status;

	memset(data, '1', sizeof(data) - 1);
	teardown();
	files_make("/dev/shm/uproar-faults-XXXXXX");
	open_all();
	for (int batch = 0; batch < 120; batch++) {
		for (int i = 0; i < 100; i++) {
			jobs[i] = message("lobby", data);
			jobs[i].retention.messages = 50;
			list[i] = &jobs[i];
		}
		cr_assert_eq(backend.append(handles[STORE_WRITER], list, 100), 0);
		if (batch > 60)
			tend(NOW);
		if (batch != 60)
			continue;
		snprintf(wal, sizeof(wal), "%s-wal", path);
		cr_assert_eq(stat(wal, &status), 0);
		cr_assert_lt(status.st_size, 80 << 20, "90 MB were said");
	}
	cr_assert_eq(stat(wal, &status), 0);
	cr_assert_lt(status.st_size, 80 << 20);
	cr_assert_eq(stat(path, &status), 0);
	cr_assert_lt(status.st_size, 130 << 20, "what is trimmed is used again");
	close_all();
}
