/* Everything comes back as it went in, or nothing does. */
#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "engine/chat/store_job.h"
#include "engine/store/snapshot.h"
#include "tests/unit/refused.h"

static char directory[64], file[128], aside[128], fresh[128];

static void setup(void)
{
	snprintf(directory, sizeof(directory), "/tmp/test-snapshot-XXXXXX");
	cr_assert(mkdtemp(directory));
	snprintf(file, sizeof(file), "%s/rooms.snapshot", directory);
	snprintf(aside, sizeof(aside), "%s/rooms.snapshot.damaged", directory);
	snprintf(fresh, sizeof(fresh), "%s/rooms.snapshot.new", directory);
}

static void teardown(void)
{
	unlink(file);
	unlink(aside);
	unlink(fresh);
	rmdir(file);
	cr_assert_eq(rmdir(directory), 0, "nothing else is left there");
}

TestSuite(snapshot, .init = setup, .fini = teardown);

#define EPOCH SPAN("q7a8b9c0")

static const struct kept {
	struct span room, epoch;
	struct chat_event event;
} kept[] = {
	{ SPAN("general"),
	  EPOCH,
	  { .kind = CHAT_EV_msg,
	    .from = SPAN("Ann"),
	    .seq = 1,
	    .ts_ms = 1795229320123,
	    .producer = SPAN("p"),
	    .number = 9007199254740991,
	    .data = SPAN("{\"text\":\"h\xc3\xa9\"}") } },
	{ SPAN("general"),
	  EPOCH,
	  { .kind = CHAT_EV_edit,
	    .from = SPAN("Ann"),
	    .seq = 2,
	    .ts_ms = 2,
	    .data = SPAN("2"),
	    .target = 1,
	    .rev = 4294967295 } },
	{ SPAN("general"), EPOCH, { .kind = CHAT_EV_del, .from = SPAN("Ann"), .seq = 3, .ts_ms = 3, .target = 1 } },
	{ SPAN("r"),
	  SPAN("e2"),
	  { .kind = CHAT_EV_react,
	    .from = SPAN("Bob"),
	    .seq = UINT64_MAX,
	    .ts_ms = UINT64_MAX,
	    .target = UINT64_MAX - 1,
	    .key = SPAN("\xf0\x9f\x91\x8d"),
	    .on = true } },
	{ SPAN("r"),
	  SPAN("e2"),
	  { .kind = CHAT_EV_msg, .from = SPAN("Bob"), .seq = 5, .deleted = true, .data = SPAN("") } },
};
#define KEPT (sizeof(kept) / sizeof(kept[0]))

/* Of the last room there is no event. */
static const struct {
	struct span room, state;
} states[] = {
	{ SPAN("general"), SPAN("{\"slow\":3}") },
	{ SPAN("silent"), SPAN("\x00\xff\x01") },
};
#define STATES (sizeof(states) / sizeof(states[0]))

static void put_states(struct snapshot_writer *writer)
{
	for (size_t i = 0; i < STATES; i++)
		cr_assert_eq(snapshot_write_state(writer, states[i].room, states[i].state), 0);
}

static void save(size_t count)
{
	struct snapshot_writer *writer = snapshot_create(directory);

	cr_assert(writer);
	for (size_t i = 0; i < count; i++)
		cr_assert_eq(snapshot_write(writer, kept[i].room, kept[i].epoch, &kept[i].event), 0);
	put_states(writer);
	cr_assert_eq(snapshot_finish(writer), 0);
}

static void same(struct span got, struct span want)
{
	cr_assert_eq(!got.bytes, !want.bytes, "absent stays absent, empty stays empty");
	cr_assert(span_equal(got, want));
}

static void same_event(const struct chat_event *got, const struct chat_event *want)
{
	cr_assert_eq(got->kind, want->kind);
	cr_assert_eq(got->seq, want->seq);
	cr_assert_eq(got->ts_ms, want->ts_ms);
	cr_assert_eq(got->number, want->number);
	cr_assert_eq(got->target, want->target);
	cr_assert_eq(got->rev, want->rev);
	cr_assert_eq(got->deleted, want->deleted);
	cr_assert_eq(got->on, want->on);
	same(got->from, want->from);
	same(got->producer, want->producer);
	same(got->data, want->data);
	same(got->key, want->key);
}

static void expect_states(const struct snapshot *snapshot)
{
	struct span room, state;
	size_t at = 0;

	for (size_t i = 0; i < STATES; i++) {
		cr_assert_eq(snapshot_next_state(snapshot, &at, &room, &state), 1);
		same(room, states[i].room);
		same(state, states[i].state);
	}
	cr_assert_eq(snapshot_next_state(snapshot, &at, &room, &state), 0);
}

static void expect_all(size_t count)
{
	struct snapshot snapshot;
	struct chat_event event;
	struct span room, epoch;
	size_t at = 0;

	cr_assert_eq(snapshot_load(&snapshot, directory), 1);
	for (size_t i = 0; i < count; i++) {
		cr_assert_eq(snapshot_next(&snapshot, &at, &room, &epoch, &event), 1);
		same(room, kept[i].room);
		same(epoch, kept[i].epoch);
		same_event(&event, &kept[i].event);
	}
	cr_assert_eq(snapshot_next(&snapshot, &at, &room, &epoch, &event), 0);
	expect_states(&snapshot);
	snapshot_free(&snapshot);
}

static size_t read_file(uint8_t *bytes, size_t most)
{
	const int fd = open(file, O_RDONLY);
	const ssize_t size = read(fd, bytes, most);

	cr_assert(size > 0 && (size_t)size < most);
	close(fd);
	return (size_t)size;
}

static void write_file(const uint8_t *bytes, size_t size)
{
	const int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	cr_assert_eq(write(fd, bytes, size), (ssize_t)size);
	close(fd);
}

/* These bytes are refused, nothing of them is given, and the file is out of the way. */
static void expect_damaged(const uint8_t *bytes, size_t size, const char *how, size_t where)
{
	struct snapshot snapshot;

	write_file(bytes, size);
	cr_assert_eq(snapshot_load(&snapshot, directory), -EBADMSG, "%s at %zu", how, where);
	cr_assert_null(snapshot.bytes);
	cr_assert_eq(access(file, F_OK), -1);
	cr_assert_eq(access(aside, F_OK), 0);
	unlink(aside);
}

Test(snapshot, comes_back_as_it_went)
{
	struct stat status;

	save(KEPT);
	cr_assert_eq(access(fresh, F_OK), -1);
	cr_assert_eq(stat(file, &status), 0);
	cr_assert_eq(status.st_mode & 0777, 0600, "what people said is for nobody else of this machine");
	expect_all(KEPT);
	expect_all(KEPT); /* until it is removed */
}

Test(snapshot, of_nothing)
{
	save(0);
	expect_all(0);
}

Test(snapshot, none_is_not_an_error)
{
	struct snapshot snapshot;

	cr_assert_eq(snapshot_load(&snapshot, directory), 0);
	cr_assert_null(snapshot.bytes);
	cr_assert_eq(snapshot_remove(directory), -ENOENT);
}

Test(snapshot, removed_is_gone)
{
	struct snapshot snapshot;

	save(KEPT);
	cr_assert_eq(snapshot_remove(directory), 0);
	cr_assert_eq(snapshot_load(&snapshot, directory), 0);
}

Test(snapshot, any_byte_changed)
{
	static const uint8_t changes[] = { 0x01, 0x80, 0xff };
	uint8_t bytes[4096];

	save(KEPT);
	const size_t size = read_file(bytes, sizeof(bytes));

	for (size_t at = 0; at < size; at++)
		for (size_t i = 0; i < sizeof(changes); i++) {
			bytes[at] ^= changes[i];
			expect_damaged(bytes, size, "changed", at);
			bytes[at] ^= changes[i];
		}
	write_file(bytes, size);
	expect_all(KEPT);
}

Test(snapshot, cut_anywhere)
{
	uint8_t bytes[4096];

	save(KEPT);
	const size_t size = read_file(bytes, sizeof(bytes));

	for (size_t left = 0; left < size; left++)
		expect_damaged(bytes, left, "cut", left);
}

/* As file systems leave behind what was never written. */
Test(snapshot, zeros_from_anywhere)
{
	uint8_t bytes[4096];

	save(KEPT);
	const size_t size = read_file(bytes, sizeof(bytes));

	for (size_t from = size - 1; from-- > 0;) {
		memset(bytes + from, 0, size - from);
		expect_damaged(bytes, size, "zeros", from);
		expect_damaged(bytes, from + 8 < sizeof(bytes) ? from + 8 : from, "cut, then eight zeros", from);
	}
}

Test(snapshot, more_than_was_written)
{
	uint8_t bytes[4096] = { 0 };

	save(KEPT);
	const size_t size = read_file(bytes, sizeof(bytes) - 64);

	for (size_t more = 1; more <= 16; more++)
		expect_damaged(bytes, size + more, "longer", more);
}

Test(snapshot, a_block_left_out)
{
	uint8_t bytes[4096], cut[4096];

	save(KEPT);
	const size_t size = read_file(bytes, sizeof(bytes));

	for (size_t at = 0; at + 16 < size; at++) {
		memcpy(cut, bytes, at);
		memcpy(cut + at, bytes + at + 16, size - at - 16);
		expect_damaged(cut, size - 16, "without sixteen bytes", at);
	}
}

/* As "UPROAR2\n" had it: events alone. */
Test(snapshot, one_of_the_version_before)
{
	struct snapshot_writer *writer = snapshot_create(directory);
	struct snapshot snapshot;
	struct chat_event event;
	struct span room, epoch, state;
	uint8_t bytes[4096];
	size_t at = 0;

	cr_assert_eq(snapshot_write(writer, kept[0].room, kept[0].epoch, &kept[0].event), 0);
	cr_assert_eq(snapshot_finish(writer), 0);
	size_t size = read_file(bytes, sizeof(bytes));

	cr_assert_eq(memcmp(bytes, "UPROAR3\n", 8), 0);
	bytes[6] = '2';
	write_file(bytes, size);
	cr_assert_eq(snapshot_load(&snapshot, directory), 1);
	cr_assert_eq(snapshot_next(&snapshot, &at, &room, &epoch, &event), 1);
	same_event(&event, &kept[0].event);
	cr_assert_eq(snapshot_next(&snapshot, &at, &room, &epoch, &event), 0);
	at = 0;
	cr_assert_eq(snapshot_next_state(&snapshot, &at, &room, &state), 0);
	snapshot_free(&snapshot);
	bytes[6] = '1';
	expect_damaged(bytes, size, "version", 1);

	save(1);
	size = read_file(bytes, sizeof(bytes));
	bytes[6] = '2';
	expect_damaged(bytes, size, "a state in version", 2);
}

Test(snapshot, the_largest_state_and_one_byte_more)
{
	const size_t most = (1 << 20) - 1 - 8 - 1;
	uint8_t *bytes = calloc(1, most + 1);
	struct snapshot_writer *writer = snapshot_create(directory);
	struct snapshot snapshot;
	struct span room, state;
	size_t at = 0;

	cr_assert_eq(snapshot_write_state(writer, SPAN("r"), span_of(bytes, most)), 0);
	cr_assert_eq(snapshot_finish(writer), 0);
	cr_assert_eq(snapshot_load(&snapshot, directory), 1);
	cr_assert_eq(snapshot_next_state(&snapshot, &at, &room, &state), 1);
	cr_assert(state.size == most && most > STORE_STATE_SIZE_MAX);
	snapshot_free(&snapshot);
	unlink(file);
	writer = snapshot_create(directory);
	cr_assert_eq(snapshot_write_state(writer, SPAN("r"), span_of(bytes, most + 1)), -EMSGSIZE);
	cr_assert_eq(snapshot_finish(writer), -EMSGSIZE);
	free(bytes);
}

/* A right checksum does not make a right event. */
Test(snapshot, an_event_that_no_log_keeps)
{
	struct snapshot_writer *writer = snapshot_create(directory);
	struct snapshot snapshot;

	cr_assert_eq(snapshot_write(writer, SPAN("r"), EPOCH, &(struct chat_event){ .kind = CHAT_EV_typing, .seq = 1 }),
		     0);
	cr_assert_eq(snapshot_finish(writer), 0);
	cr_assert_eq(snapshot_load(&snapshot, directory), -EBADMSG);
}

Test(snapshot, the_largest_record_and_one_byte_more)
{
	/* What a record is besides its data, as written above: 39 bytes, six sizes, "r" and the epoch. */
	const size_t most = (1 << 20) - 39 - 24 - 1 - 8;
	uint8_t *data = malloc(most + 1);
	struct chat_event event = { .kind = CHAT_EV_msg, .seq = 1, .data = span_of(data, most) };
	struct snapshot_writer *writer = snapshot_create(directory);
	struct snapshot snapshot;
	struct span room, epoch;
	size_t at = 0;

	memset(data, 'x', most + 1);
	cr_assert_eq(snapshot_write(writer, SPAN("r"), EPOCH, &event), 0);
	cr_assert_eq(snapshot_finish(writer), 0);
	cr_assert_eq(snapshot_load(&snapshot, directory), 1);
	cr_assert_eq(snapshot_next(&snapshot, &at, &room, &epoch, &event), 1);
	cr_assert_eq(event.data.size, most);
	snapshot_free(&snapshot);
	unlink(file);

	writer = snapshot_create(directory);
	event.data = span_of(data, most + 1);
	cr_assert_eq(snapshot_write(writer, SPAN("r"), EPOCH, &event), -EMSGSIZE);
	cr_assert_eq(snapshot_finish(writer), -EMSGSIZE);
	cr_assert_eq(access(file, F_OK), -1);
	free(data);
}

/* Half of what was said must not become a snapshot, even when the disk has room again at the end. */
Test(snapshot, a_full_disk)
{
	const struct rlimit small = { 20000, RLIM_INFINITY }, large = { RLIM_INFINITY, RLIM_INFINITY };
	struct snapshot_writer *writer = snapshot_create(directory);
	uint8_t data[9000];
	const struct chat_event event = { .kind = CHAT_EV_msg, .seq = 1, .data = span_of(data, sizeof(data)) };
	int error = 0;

	memset(data, 'x', sizeof(data));
	signal(SIGXFSZ, SIG_IGN);
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
	for (int i = 0; i < 4 && error == 0; i++)
		error = snapshot_write(writer, SPAN("r"), EPOCH, &event);
	cr_assert_eq(error, -EFBIG);
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &large), 0);
	cr_assert_eq(snapshot_write(writer, SPAN("r"), EPOCH, &event), -EFBIG);
	const struct chat_event huge = { .kind = CHAT_EV_msg, .seq = 2, .data = span_of(data, 1 << 20) };

	cr_assert_eq(snapshot_write(writer, SPAN("r"), EPOCH, &huge), -EFBIG, "the first error is the one to tell");
	cr_assert_eq(snapshot_finish(writer), -EFBIG);
	cr_assert_eq(access(file, F_OK), -1);
	cr_assert_eq(access(fresh, F_OK), -1, "what is of no use does not fill the disk");
}

Test(snapshot, the_last_write_fails)
{
	const struct rlimit small = { 16, RLIM_INFINITY };
	struct snapshot_writer *writer = snapshot_create(directory);

	signal(SIGXFSZ, SIG_IGN);
	cr_assert_eq(snapshot_write(writer, kept[0].room, kept[0].epoch, &kept[0].event), 0, "still in the stream");
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
	cr_assert_eq(snapshot_finish(writer), -EFBIG);
	cr_assert_eq(access(file, F_OK), -1);
}

Test(snapshot, the_old_one_stays_until_the_new_one_is_whole)
{
	save(2);
	struct snapshot_writer *writer = snapshot_create(directory);

	for (size_t i = 0; i < KEPT; i++)
		cr_assert_eq(snapshot_write(writer, kept[i].room, kept[i].epoch, &kept[i].event), 0);
	expect_all(2);
	put_states(writer);
	cr_assert_eq(snapshot_finish(writer), 0);
	expect_all(KEPT);
}

Test(snapshot, what_is_no_file)
{
	struct snapshot snapshot;

	cr_assert_eq(mkdir(file, 0700), 0);
	cr_assert_eq(snapshot_load(&snapshot, directory), -EISDIR);
	cr_assert_null(snapshot.bytes);
	errno = 0;
	cr_assert_null(snapshot_create("/tmp/there/is/no/such/directory"));
	cr_assert_eq(errno, ENOENT);
}

/* A call of the system fails in its turn while a snapshot is made beside an older one. What is then there is one of
 * both, whole; and an error was told. */
static bool save_refused(enum refused call, uint32_t at, int error)
{
	int result = -1;

	save(2);
	refused_arm(call, at, 1, error);
	struct snapshot_writer *writer = snapshot_create(directory);

	for (size_t i = 0; writer && i < KEPT; i++)
		snapshot_write(writer, kept[i].room, kept[i].epoch, &kept[i].event);
	if (writer) {
		snapshot_write_state(writer, states[0].room, states[0].state);
		snapshot_write_state(writer, states[1].room, states[1].state);
		result = snapshot_finish(writer);
	}
	if (!refused_came()) {
		cr_assert_eq(result, 0);
		return false;
	}
	if (call == REFUSED_fwrite && result == 0) { /* the last one, of no bytes */
		cr_assert_eq(at, 2 * (1 + KEPT + STATES + 1) - 1);
		expect_all(KEPT);
		return true;
	}
	cr_assert_lt(result, 0, "call %d, number %u", call, at);
	cr_assert(!writer || error == 0 || result == -error, "%d", result);
	cr_assert_eq(access(fresh, F_OK), writer || call == REFUSED_malloc || call == REFUSED_open ? -1 : 0);
	if (writer && (call == REFUSED_open || (call == REFUSED_fsync && at == 2)))
		expect_all(KEPT); /* its name may not outlive a power cut, and that was told */
	else
		expect_all(2);
	return true;
}

Test(snapshot, whatever_fails_one_is_there_whole_and_it_is_told)
{
	static const enum refused calls[] = { REFUSED_malloc, REFUSED_open,  REFUSED_fdopen, REFUSED_fwrite,
					      REFUSED_fflush, REFUSED_fsync, REFUSED_rename };
	uint32_t met = 0;

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		for (uint32_t at = 1; save_refused(calls[i], at, EIO); at++)
			met++;
	cr_assert_geq(met, 20, "%u", met);
	cr_assert(save_refused(REFUSED_fwrite, 2, 0), "a stream that does not say why");
}

Test(snapshot, one_that_cannot_be_read_now_is_not_taken_for_damaged)
{
	static const struct {
		enum refused call;
		int error, result;
	} rows[] = {
		{ REFUSED_open, EACCES, -EACCES }, { REFUSED_fstat, EIO, -EIO }, { REFUSED_malloc, ENOMEM, -ENOMEM },
		{ REFUSED_read, EIO, -EIO },       { REFUSED_read, 0, -EIO },
	};
	struct snapshot snapshot;

	save(KEPT);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		refused_arm(rows[i].call, 1, 1, rows[i].error);
		cr_assert_eq(snapshot_load(&snapshot, directory), rows[i].result, "row %zu", i);
		cr_assert(refused_came() && !snapshot.bytes);
		expect_all(KEPT);
	}
}

Test(snapshot, that_cannot_be_removed_is_told)
{
	static const enum refused calls[] = { REFUSED_unlink, REFUSED_open, REFUSED_fsync };

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		save(KEPT);
		refused_arm(calls[i], 1, 1, EIO);
		cr_assert_eq(snapshot_remove(directory), -EIO);
		cr_assert(refused_came());
	}
}

static size_t put_record(uint8_t *at, const uint8_t *record, uint32_t size)
{
	uint8_t head[8];

	for (int i = 0; i < 4; i++)
		head[i] = (uint8_t)(size >> 8 * i);
	const uint32_t sum = (uint32_t)crc32(crc32(0, head, 4), record, size);

	for (int i = 0; i < 4; i++)
		head[4 + i] = (uint8_t)(sum >> 8 * i);
	memcpy(at, head, 8);
	memcpy(at + 8, record, size);
	return 8 + size;
}

static void expect_record(const char *magic, const uint8_t *record, uint32_t size, bool good, const char *what)
{
	uint8_t bytes[256];
	struct snapshot snapshot;
	size_t at = 8;

	memcpy(bytes, magic, 8);
	at += put_record(bytes + at, record, size);
	at += put_record(bytes + at, bytes, 0);
	if (!good) {
		expect_damaged(bytes, at, what, size);
		return;
	}
	write_file(bytes, at);
	cr_assert_eq(snapshot_load(&snapshot, directory), 1, "%s", what);
	snapshot_free(&snapshot);
}

/* Their sums are right: somebody wrote this, but not we. */
Test(snapshot, records_that_are_whole_and_no_records)
{
	static const uint8_t kinds[] = { CHAT_EV_typing, CHAT_EVENT_COUNT, 0xfe };
	uint8_t event[39 + 24 + 1] = { CHAT_EV_msg }, state[1 + 8 + 1] = { 0xff };

	expect_record("UPROAR3\n", event, sizeof(event) - 1, true, "an event");
	expect_record("UPROAR3\n", state, sizeof(state) - 1, true, "a state");
	for (uint32_t size = 1; size < sizeof(event) - 1; size++)
		expect_record("UPROAR3\n", event, size, false, "a part of an event");
	for (uint32_t size = 1; size < sizeof(state) - 1; size++)
		expect_record("UPROAR3\n", state, size, false, "a part of a state");
	expect_record("UPROAR3\n", event, sizeof(event), false, "more than an event");
	expect_record("UPROAR3\n", state, sizeof(state), false, "more than a state");
	expect_record("UPROAR2\n", state, sizeof(state) - 1, false, "a state in what had none");
	for (size_t i = 0; i < sizeof(kinds); i++) {
		event[0] = kinds[i];
		expect_record("UPROAR3\n", event, sizeof(event) - 1, false, "an event of no kind that is kept");
	}
	event[0] = CHAT_EV_msg;
	event[39] = 200;
	expect_record("UPROAR3\n", event, sizeof(event) - 1, false, "a name longer than all");
}
