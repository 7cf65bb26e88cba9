/* The calls that SQLite makes of the system, and those that we make of SQLite, failing in their turn: while a store is
 * opened that was not closed in good order, while it keeps, tends and reads. What was acknowledged is there afterwards;
 * what is not known is settled by saying it again. Of the later faults some are tried: after number n the next is n /
 * SWEEP further, of the environment; with 0 each is. */
#include <dirent.h>
#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/core/slab.h"
#include "tests/unit/engine/store/faulty.h"
#include "tests/unit/engine/store/sqlite_files.h"
#include "tests/unit/refused.h"

#define NOW 1000000000000ull
#define ROOMS 2
#define ROUNDS 4
#define BATCH 4
#define NUMBERS 200
#define KEPT 12 /* events that the second room keeps */

/* What the process that met the fault tells the one that looks afterwards. */
struct told {
	uint64_t seq[ROOMS][NUMBERS]; /* of number n, once acknowledged */
	uint32_t numbers; /* used so far */
	bool fired;
	bool stopped; /* a write or sync failed: the process ended, as it must */
	char wrong[256];
};

static struct told *told;
/* What fails: a call of the system of some kind, or if none one of ours, with this code of SQLite. */
struct fault {
	enum faulty_kind kind;
	enum refused call;
	int code;
	bool lasting;
};

static char base[64];

#define WRONG(...) (snprintf(told->wrong, sizeof(told->wrong), __VA_ARGS__), _exit(3))

static void each_file(const char *from, const char *to)
{
	DIR *files = opendir(from);
	char name[400], copy[400], block[65536];
	struct dirent *entry;

	cr_assert(files);
	while ((entry = readdir(files))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "%.60s/%.250s", from, entry->d_name);
		if (!to) {
			unlink(name);
			continue;
		}
		snprintf(copy, sizeof(copy), "%.60s/%.250s", to, entry->d_name);
		FILE *in = fopen(name, "rb"), *out = fopen(copy, "wb");
		size_t size;

		cr_assert(in && out);
		while ((size = fread(block, 1, sizeof(block), in)) > 0)
			cr_assert_eq(fwrite(block, 1, size, out), size);
		fclose(in);
		fclose(out);
	}
	closedir(files);
}

static void setup(void)
{
	snprintf(base, sizeof(base), "/dev/shm/uproar-sweep-base-XXXXXX");
	cr_assert(mkdtemp(base));
	files_make("/dev/shm/uproar-sweep-XXXXXX");
	faulty_install();
	told = mmap(NULL, sizeof(*told), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	cr_assert_neq(told, MAP_FAILED);
}

static void teardown(void)
{
	each_file(directory, NULL);
	each_file(base, NULL);
	rmdir(directory);
	rmdir(base);
}

TestSuite(sqlite_sweep, .init = setup, .fini = teardown, .timeout = 3600);

static struct span room_name(uint32_t room)
{
	return room == 0 ? SPAN("attic") : SPAN("brook");
}

static struct span data_of(uint32_t number)
{
	static char data[ROUNDS * BATCH + 8][64];
	char *text = data[number % (ROUNDS * BATCH + 8)];

	snprintf(text, sizeof(data[0]), "\"the words of %u\"", number);
	return span_of(text, strlen(text));
}

static struct store_job message(uint32_t room, uint32_t number)
{
	return (struct store_job){
		.op = STORE_APPEND,
		.room = room_name(room),
		.epoch = SPAN("abcdefghijkl"),
		.now_ms = NOW + number,
		.retention = { .messages = room == 1 ? KEPT : 0, .bytes = room == 1 ? 900 : 0, .age_ms = room * 50 },
		.event = { .kind = CHAT_EV_msg,
			   .from = SPAN("Ann"),
			   .ts_ms = NOW + number,
			   .producer = SPAN("p"),
			   .number = number,
			   .data = data_of(number) },
	};
}

/* The newest message of the room is edited, reacted to or deleted. */
static struct store_job change(uint32_t room, uint32_t number)
{
	static const enum chat_event_kind kinds[] = { CHAT_EV_edit, CHAT_EV_react, CHAT_EV_del };
	struct store_job job = message(room, number);

	for (uint32_t n = 1; n < number; n++)
		if (told->seq[room][n] > job.event.target)
			job.event.target = told->seq[room][n];
	job.event.kind = kinds[number % 3];
	if (job.event.kind == CHAT_EV_react)
		job.event.key = SPAN("+1");
	if (job.event.kind != CHAT_EV_edit)
		job.event.data = SPAN_NONE;
	return job;
}

static int append(const struct store_job *template)
{
	struct store_job jobs[BATCH], *list[BATCH];

	memcpy(jobs, template, sizeof(jobs));
	for (int i = 0; i < BATCH; i++)
		list[i] = &jobs[i];
	const int result = backend.append(handles[STORE_WRITER], list, BATCH);

	for (int i = 0; i < BATCH && result == 0; i++) {
		const uint32_t room = span_equal(jobs[i].room, room_name(1));
		uint64_t *seq = &told->seq[room][jobs[i].event.number];

		if (jobs[i].status != STORE_OK && jobs[i].status != STORE_DUPLICATE)
			continue;
		if (jobs[i].seq == 0 || (*seq != 0 && *seq != jobs[i].seq))
			WRONG("number %u is seq %u, then %u", (unsigned)jobs[i].event.number, (unsigned)*seq,
			      (unsigned)jobs[i].seq);
		*seq = jobs[i].seq;
	}
	return result;
}

/* The process ends where it must, and tries again where it may: once, as the fault was one, or gives up if it lasts. */
static void keep_batch(bool lasting)
{
	struct store_job jobs[BATCH];

	for (int i = 0; i < BATCH; i++) {
		const uint32_t number = ++told->numbers;

		jobs[i] = i < 3 ? message((uint32_t)i & 1, number) : change((uint32_t)(number / BATCH) & 1, number);
	}
	int result = append(jobs);

	if (result == -EAGAIN || result == -ENOSPC) {
		result = append(jobs);
		if ((result == -EAGAIN || result == -ENOSPC) && !lasting)
			WRONG("after a fault that is over: %d", result);
	}
	if (result == -EIO)
		told->stopped = true;
	else if (result != 0 && result != -EAGAIN && result != -ENOSPC)
		WRONG("append gives %d", result);
}

static void tend(void)
{
	int more = 1;

	for (int slice = 0; slice < 100 && more > 0; slice++)
		more = backend.maintain(handles[STORE_WRITER], NOW + 10 * told->numbers);
	if (more == -EIO)
		told->stopped = true;
	else if (more < 0 && more != -EAGAIN && more != -ENOSPC)
		WRONG("maintain gives %d", more);
}

/* What a page gives is what was kept, and there; `all`: from the oldest to the newest. */
static void check_page(uint32_t room, const struct store_job *job)
{
	for (uint32_t i = 0; job->page && i < job->page->count; i++) {
		const struct chat_event *event = &job->page->events[i];

		if (i > 0 && job->op != STORE_SEARCH && event->seq != job->page->events[i - 1].seq + 1)
			WRONG("a hole after seq %u", (unsigned)event->seq - 1);
		if (event->number >= NUMBERS ||
		    (told->seq[room][event->number] != 0 && told->seq[room][event->number] != event->seq))
			WRONG("seq %u has number %u", (unsigned)event->seq, (unsigned)event->number);
	}
}

static struct store_job ask(enum store_op op, uint32_t room)
{
	struct store_job job = { .op = op,
				 .room = room_name(room),
				 .limit = 200,
				 .page_bytes = 1 << 20,
				 .query = op == STORE_SEARCH ? SPAN("words") : SPAN_NONE,
				 .from = CHAT_PAGE_AFTER,
				 .now_ms = NOW };

	backend.read(handles[op == STORE_SEARCH ? STORE_SEARCHER : STORE_READER], &job);
	if (job.status == STORE_OK)
		check_page(room, &job);
	if (job.status == STORE_OK && op == STORE_LOAD && !job.known)
		WRONG("room %u is not known any more", room);
	return job;
}

static void give(struct store_job *job)
{
	if (job->page)
		block_give(job->page, job->page->size);
}

/* The life of a process that meets the fault. */
static void live(const struct fault *fault, bool good_end)
{
	const bool lasting = fault->lasting;
	bool open = try_open();

	if (!open && why[0] == 0)
		WRONG("does not open, and does not say why");
	if (!open && !lasting)
		open = try_open();
	if (!open && !lasting)
		WRONG("does not open after a fault that is over: %.200s", why);
	for (int round = 0; round < ROUNDS && open && !told->stopped; round++) {
		keep_batch(lasting);
		for (uint32_t room = 0; room < ROOMS && !told->stopped; room++) {
			struct store_job load = ask(STORE_LOAD, room), page = ask(STORE_PAGE, room),
					 search = ask(STORE_SEARCH, room);

			give(&load);
			give(&page);
			give(&search);
		}
		if (!told->stopped)
			tend();
	}
	if (open && good_end)
		close_all();
	told->fired = faulty_fired() || (fault->code != SQLITE_OK && refused_came());
	_exit(0);
}

static void in_a_process(const struct fault *fault, uint32_t at, bool good_end)
{
	const bool lasting = fault->lasting;
	const pid_t pid = fork();
	int status;

	cr_assert_geq(pid, 0);
	if (pid == 0) {
		faulty_arm(fault->kind, at, lasting);
		if (fault->code != SQLITE_OK)
			refused_arm(fault->call, at, 1, fault->code);
		live(fault, good_end);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0, "fault %d %d at %u%s: status %x, %s", fault->kind,
		  fault->code, at, lasting ? ", lasting" : "", (unsigned)status, told->wrong);
}

/* All that was acknowledged and not dropped for its age or number is there, under its seq; and the store goes on. */
static void look(const struct fault *fault, uint32_t at)
{
	cr_assert(try_open(), "fault %d %d at %u: %s", fault->kind, fault->code, at, why);
	for (uint32_t room = 0; room < ROOMS; room++) {
		struct store_job job = ask(STORE_LOAD, room);
		uint32_t found = 0, wanted = 0;

		cr_assert_eq(job.status, STORE_OK, "fault %d %d at %u: room %u is %d", fault->kind, fault->code, at,
			     room, job.status);
		for (uint32_t n = 1; n < NUMBERS; n++)
			wanted += told->seq[room][n] != 0 && told->seq[room][n] >= job.first;
		for (uint32_t i = 0; job.page && i < job.page->count; i++)
			found += told->seq[room][job.page->events[i].number] != 0;
		cr_assert_eq(found, wanted, "fault %d %d at %u: %u of %u are in room %u, %u..%u", fault->kind,
			     fault->code, at, found, wanted, room, (unsigned)job.first, (unsigned)job.last);
		give(&job);
	}
	told->stopped = false;
	keep_batch(false);
	tend();
	cr_assert(!told->stopped);
	close_all();
}

/* A store whose process ended without a word, its log still to be moved into the file. */
static void prepare(struct told *before)
{
	in_a_process(&(struct fault){ .kind = FAULTY_NONE }, 0, false);
	cr_assert(!told->stopped && told->numbers == ROUNDS * BATCH);
	each_file(directory, base);
	*before = *told;
}

static uint32_t sweep(const struct fault *fault, const struct told *before)
{
	const char *dense = getenv("SWEEP");
	const uint32_t part = dense ? (uint32_t)strtoul(dense, NULL, 10) : fault->code != SQLITE_OK ? 2 : 24;
	uint32_t met = 0;

	for (uint32_t at = 1;; at += part > 0 ? 1 + at / part : 1) {
		*told = *before;
		each_file(directory, NULL);
		each_file(base, directory);
		in_a_process(fault, at, at % 2);
		if (!told->fired)
			return met;
		met++;
		look(fault, at);
	}
}

static void expect_met(const struct fault *fault, uint32_t least)
{
	struct told before;

	prepare(&before);
	const uint32_t met = sweep(fault, &before);

	cr_assert_geq(met, least, "%u faults were met", met);
}

#define SWEEP(name, fails, lasts, least)                                                                               \
	Test(sqlite_sweep, name)                                                                                       \
	{                                                                                                              \
		expect_met(&(struct fault){ .kind = fails, .lasting = lasts }, least);                                 \
	}

SWEEP(a_read_fails, FAULTY_READ, false, 20)
SWEEP(a_write_fails, FAULTY_WRITE, false, 15)
SWEEP(all_writes_fail, FAULTY_WRITE, true, 15)
SWEEP(the_disk_is_full_once, FAULTY_FULL, false, 15)
SWEEP(the_disk_stays_full, FAULTY_FULL, true, 15)
SWEEP(a_sync_fails, FAULTY_SYNC, false, 5)
SWEEP(an_open_fails, FAULTY_OPEN, false, 4)
SWEEP(no_shared_memory, FAULTY_SHARED, false, 2)
SWEEP(no_shared_memory_ever_again, FAULTY_SHARED, true, 2)
SWEEP(somebody_has_the_lock, FAULTY_LOCK, false, 20)
SWEEP(an_allocation_fails, FAULTY_MEMORY, false, 100)
SWEEP(no_memory_any_more, FAULTY_MEMORY, true, 100)

/* Whatever SQLite may say to a statement of ours, where nothing of the kind is the matter beneath. */
#define SWEEP_SAID(name, fails, says, least)                                                                           \
	Test(sqlite_sweep, name)                                                                                       \
	{                                                                                                              \
		expect_met(&(struct fault){ .call = fails, .code = says }, least);                                     \
	}

SWEEP_SAID(a_statement_is_not_taken, REFUSED_sqlite3_prepare_v3, SQLITE_ERROR, 8)
SWEEP_SAID(a_command_fails, REFUSED_sqlite3_exec, SQLITE_IOERR_WRITE, 3)
SWEEP_SAID(a_number_is_not_told, REFUSED_sqlite3_prepare_v2, SQLITE_BUSY, 3)
SWEEP_SAID(the_file_is_not_opened, REFUSED_sqlite3_open_v2, SQLITE_CANTOPEN, 2)
SWEEP_SAID(it_is_said_to_be_busy, REFUSED_sqlite3_step, SQLITE_BUSY, 10)
SWEEP_SAID(it_is_said_to_be_full, REFUSED_sqlite3_step, SQLITE_FULL, 10)
SWEEP_SAID(it_is_said_to_be_damaged, REFUSED_sqlite3_step, SQLITE_CORRUPT, 10)
SWEEP_SAID(it_is_said_to_be_unreadable, REFUSED_sqlite3_step, SQLITE_IOERR_READ, 10)
SWEEP_SAID(a_sync_is_said_to_have_failed, REFUSED_sqlite3_step, SQLITE_IOERR_FSYNC, 10)
SWEEP_SAID(memory_is_said_to_be_short, REFUSED_sqlite3_step, SQLITE_NOMEM, 10)
SWEEP_SAID(an_allocation_of_ours_fails, REFUSED_malloc, ENOMEM, 6)
SWEEP_SAID(a_cleared_allocation_of_ours_fails, REFUSED_calloc, ENOMEM, 3)
SWEEP_SAID(a_block_of_ours_does_not_grow, REFUSED_realloc, ENOMEM, 2)

/* SQLite knows one of them. */
Test(sqlite_sweep, that_there_is_no_room_has_several_names)
{
	static const struct {
		int error, result;
	} rows[] = { { ENOSPC, -ENOSPC }, { EDQUOT, -ENOSPC }, { EFBIG, -ENOSPC }, { EIO, -EIO } };

	for (uint32_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct store_job job = message(0, i + 1), *list[] = { &job };

		cr_assert(try_open(), "%s", why);
		faulty_write_errno = rows[i].error;
		faulty_arm(FAULTY_WRITE, 1, false);
		cr_assert_eq(backend.append(handles[STORE_WRITER], list, 1), rows[i].result, "%u", i);
		cr_assert(faulty_fired());
		if (rows[i].result == -ENOSPC)
			cr_assert(backend.append(handles[STORE_WRITER], list, 1) == 0 && job.seq == i + 1);
		close_all();
	}
}

/* SQLite takes the whole transaction back then, and no job of it can be taken back alone. */
Test(sqlite_sweep, a_read_fails_while_each_job_is_taken_back_by_itself)
{
	static struct store_job jobs[400], *list[400];
	struct store_job *one = jobs;
	static const char sql[] = "UPDATE rooms SET crc = crc + 1 WHERE name = 'attic'";
	sqlite3 *db;

	for (uint32_t i = 0; i < 400; i++) {
		jobs[i] = message(i > 0, i + 1);
		jobs[i].retention = (struct store_retention){ 0 };
		list[i] = &jobs[i];
	}
	cr_assert(try_open() && backend.append(handles[STORE_WRITER], list, 400) == 0);
	close_all();
	cr_assert(sqlite3_open(path, &db) == SQLITE_OK && sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK);
	sqlite3_close(db);
	cr_assert(try_open(), "%s", why);
	jobs[0] = message(0, 500);
	cr_assert_eq(backend.append(handles[STORE_WRITER], &one, 1), 0);
	cr_assert_eq(jobs[0].status, STORE_CORRUPT);
	jobs[0] = message(1, 501);
	faulty_arm(FAULTY_READ, 1, true);
	cr_assert_eq(backend.append(handles[STORE_WRITER], &one, 1), -EIO);
	cr_assert(faulty_fired());
	faulty_arm(FAULTY_NONE, 0, false);
	close_all();
	cr_assert(try_open() && backend.append(handles[STORE_WRITER], &one, 1) == 0);
	cr_assert(jobs[0].status == STORE_OK && jobs[0].seq == 400, "%u", (unsigned)jobs[0].seq);
	close_all();
}
