/* The data directory, and what of a snapshot each core takes back. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/chat/moderation.h"
#include "engine/chat/record.h"
#include "engine/ops/boot.h"
#include "engine/ops/data.h"
#include "tests/unit/refused.h"

#define EVENTS 20
#define NOW 1000000 /* ms, by both clocks */

static char directory[64];
static struct data data;
static struct directory names[2];
static struct post post;
static struct counters counters;
static struct home *homes[2];
static struct home_limits limits;

static void setup(void)
{
	snprintf(directory, sizeof(directory), "/tmp/test-data-XXXXXX");
	cr_assert(mkdtemp(directory));
	freopen("/dev/null", "w", stderr);
	limits = (struct home_limits){
		.rooms_max = 100,
		.members_max = 10,
		.roster_max = 100,
		.history_messages = 100,
		.history_bytes = 1 << 20,
		.history_age_ms = 3600000,
		.history_bytes_all = 1 << 20,
		.page_bytes = 65536,
	};
}

static void teardown(void)
{
	static const char *const files[] = { "lock", "rooms.snapshot", "rooms.snapshot.damaged", "rooms.snapshot.new" };
	char path[128];

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", directory, files[i]);
		unlink(path);
	}
	cr_assert_eq(rmdir(directory), 0);
}

TestSuite(data, .init = setup, .fini = teardown);

static const struct span rooms[2] = { SPAN("silent"), SPAN("general") };

/* EVENTS in each of two rooms, the second after the first, a second apart and the last one second old. */
static void write_snapshot(void)
{
	struct snapshot_writer *writer = snapshot_create(directory);

	for (int room = 0; room < 2; room++)
		for (int i = 1; i <= EVENTS; i++) {
			const struct chat_event event = {
				.kind = CHAT_EV_msg,
				.from = SPAN("Ann"),
				.seq = (uint64_t)(100 + i),
				.ts_ms = (uint64_t)(NOW - (EVENTS - i + 1) * 1000),
				.data = SPAN("1"),
			};

			cr_assert_eq(snapshot_write(writer, rooms[room], SPAN("abcdefghijkl"), &event), 0);
		}
	cr_assert_eq(snapshot_finish(writer), 0);
}

static void open_homes(uint32_t cores)
{
	for (uint32_t i = 0; i < cores; i++) {
		cr_assert_eq(directory_open(&names[i], 200, 7, cores), 0);
		homes[i] = home_open(&limits, &names[i], &post, &counters, 1 + i, NULL);
		cr_assert(homes[i]);
	}
}

static void close_homes(uint32_t cores)
{
	for (uint32_t i = 0; i < cores; i++) {
		home_close(homes[i]);
		directory_close(&names[i]);
	}
}

static struct found {
	uint64_t first, last, count;
} found[2];

static int note(void *context, struct span room, struct span epoch, const struct chat_event *event)
{
	struct found *of = &found[span_equal(room, rooms[1])];

	(void)context;
	cr_assert(span_equal(epoch, SPAN("abcdefghijkl")));
	cr_assert(of->count == 0 || event->seq == of->last + 1);
	if (of->count++ == 0)
		of->first = event->seq;
	of->last = event->seq;
	return 0;
}

/* Takes back on so many cores, and sees what is there. */
static void restore(uint32_t cores)
{
	memset(found, 0, sizeof(found));
	write_snapshot();
	cr_assert_eq(data_open(&data, directory), 0);
	open_homes(cores);
	for (uint32_t i = 0; i < cores; i++) {
		const struct data_core core = { i, cores, 7 };

		cr_assert_eq(data_restore(&data, homes[i], &core, &limits, NOW, NOW), 0);
		cr_assert_eq(home_save(homes[i], note, NULL), 0);
	}
	close_homes(cores);
	cr_assert_eq(data_forget(&data), 0);
	data_close(&data);
}

static void expect(int room, uint64_t first)
{
	cr_assert_eq(found[room].count, first == 0 ? 0 : 101 + EVENTS - first, "room %d has %lu", room,
		     found[room].count);
	cr_assert_eq(found[room].first, first);
	cr_assert_eq(found[room].last, first == 0 ? 0 : 100 + EVENTS);
}

Test(data, each_room_comes_back_once_whatever_the_cores)
{
	for (uint32_t cores = 1; cores <= 2; cores++) {
		restore(cores);
		expect(0, 101);
		expect(1, 101);
	}
}

Test(data, of_less_memory_the_newest)
{
	const uint64_t one = sizeof(struct record) + strlen("Ann") + strlen("1");

	limits.history_bytes_all = 2 * EVENTS * one;
	restore(1);
	expect(0, 101);
	limits.history_bytes_all = 2 * EVENTS * one - 1;
	restore(1);
	expect(0, 102);
	limits.history_bytes_all = EVENTS * one;
	restore(1);
	expect(0, 0);
	expect(1, 101);
	limits.history_bytes_all = one;
	restore(1);
	expect(0, 0);
	expect(1, 100 + EVENTS);
}

Test(data, what_is_too_old_is_left_out)
{
	limits.history_age_ms = EVENTS * 1000 + 1;
	restore(1);
	expect(0, 101);
	limits.history_age_ms = EVENTS * 1000;
	restore(1);
	expect(0, 102);
	limits.history_age_ms = 1000;
	restore(1);
	expect(0, 0);
	expect(1, 0);
}

/* A class of rooms may keep for longer than the others, or for less long. */
Test(data, what_is_too_old_for_its_class_is_left_out)
{
	static struct room_classes classes = {
		.classes = { { .presence = true }, { .prefix = "gen", .presence = true } },
		.count = 2,
	};

	limits.classes = &classes;
	limits.history_age_ms = 1000;
	classes.classes[1].kept.age_ms = EVENTS * 1000 + 1;
	restore(1);
	expect(0, 0);
	expect(1, 101);
	limits.history_age_ms = EVENTS * 1000 + 1;
	classes.classes[1].kept.age_ms = EVENTS * 1000;
	restore(1);
	expect(0, 101);
	expect(1, 102);
}

Test(data, made_held_and_let_go)
{
	struct data other;
	struct stat status;
	char path[80];

	snprintf(path, sizeof(path), "%s/made", directory);
	cr_assert_eq(data_open(&data, path), 0);
	cr_assert_eq(stat(path, &status), 0);
	cr_assert_eq(status.st_mode & 0777, 0700);
	cr_assert_eq(data_open(&other, path), EXIT_DATA, "one at a time");
	data_close(&other);
	data_close(&data);
	cr_assert_eq(data_open(&other, path), 0);
	data_close(&other);
	snprintf(path, sizeof(path), "%s/made/lock", directory);
	cr_assert_eq(data_open(&other, path), EXIT_DATA, "a file");
	unlink(path);
	snprintf(path, sizeof(path), "%s/made", directory);
	rmdir(path);
}

/* Whoever serves on although the snapshot is still there would give its positions out twice after a crash. */
Test(data, what_cannot_be_forgotten_is_an_error)
{
	char path[96];

	write_snapshot();
	cr_assert_eq(data_open(&data, directory), 0);
	snprintf(path, sizeof(path), "%s/rooms.snapshot", directory);
	unlink(path);
	cr_assert_eq(data_forget(&data), EXIT_DATA);
	data_close(&data);
}

Test(data, none)
{
	cr_assert_eq(data_open(&data, ""), 0);
	cr_assert_eq(data_forget(&data), 0);
	cr_assert_eq(data_finish(&data), 0);
	data_close(&data);
}

Test(data, two_cores_save_into_one)
{
	struct snapshot snapshot;

	write_snapshot();
	cr_assert_eq(data_open(&data, directory), 0);
	open_homes(2);
	for (uint32_t i = 0; i < 2; i++)
		cr_assert_eq(data_restore(&data, homes[i], &(struct data_core){ i, 2, 7 }, &limits, NOW, NOW), 0);
	cr_assert_eq(data_forget(&data), 0);
	cr_assert_eq(snapshot_load(&snapshot, directory), 0);
	data_save(&data, homes[1]);
	data_save(&data, homes[0]);
	cr_assert_eq(data_finish(&data), 0);
	close_homes(2);
	data_close(&data);
	cr_assert_eq(data_open(&data, directory), 0);
	open_homes(1);
	cr_assert_eq(data_restore(&data, homes[0], &(struct data_core){ 0, 1, 7 }, &limits, NOW, NOW), 0);
	memset(found, 0, sizeof(found));
	home_save(homes[0], note, NULL);
	close_homes(1);
	snapshot_free(&data.loaded);
	data_close(&data);
	expect(0, 101);
	expect(1, 101);
}

/* Who is banned in them, as the home of a room writes it. */
static struct span state_of(struct span whom, uint64_t until_ms)
{
	static uint8_t bytes[MODERATION_SIZE_MAX];
	struct moderation moderation = { .count = 0 };
	struct moderation_undo undo;
	const struct moderation_act act = { .act = CHAT_MOD_ban, .whom = whom, .until_ms = until_ms };

	cr_assert_eq(moderation_do(&moderation, &act, NOW, &undo), 0);
	const size_t size = moderation_encode(&moderation, NOW, bytes);

	moderation_forget(&moderation);
	return span_of(bytes, size);
}

static void write_states(const struct span *states)
{
	struct snapshot_writer *writer = snapshot_create(directory);

	for (int room = 0; room < 2; room++)
		cr_assert_eq(snapshot_write_state(writer, rooms[room], states[room]), 0);
	cr_assert_eq(snapshot_finish(writer), 0);
}

/* Takes back on two cores and saves again; how data_restore() ends. */
static int pass_on(void)
{
	int error = 0;

	cr_assert_eq(data_open(&data, directory), 0);
	open_homes(2);
	for (uint32_t i = 0; i < 2 && error == 0; i++)
		error = data_restore(&data, homes[i], &(struct data_core){ i, 2, 7 }, &limits, NOW, NOW);
	cr_assert_eq(data_forget(&data), 0);
	for (uint32_t i = 0; i < 2 && error == 0; i++)
		data_save(&data, homes[i]);
	cr_assert_eq(data_finish(&data), 0);
	close_homes(2);
	data_close(&data);
	return error;
}

Test(data, who_is_banned_still_is_in_rooms_without_a_log)
{
	struct span room, state, states[2];
	struct snapshot snapshot;
	uint8_t kept[256];
	int count = 0;

	states[0] = state_of(SPAN("Bob"), 0);
	memcpy(kept, states[0].bytes, states[0].size);
	states[0].bytes = kept;
	states[1] = state_of(SPAN("Eve"), NOW + 5000);
	write_states(states);
	cr_assert_eq(pass_on(), 0);
	cr_assert_eq(snapshot_load(&snapshot, directory), 1);
	for (size_t at = 0; snapshot_next_state(&snapshot, &at, &room, &state); count++)
		cr_assert(span_equal(state, states[span_equal(room, rooms[1])]));
	cr_assert_eq(count, 2);
	snapshot_free(&snapshot);
}

Test(data, what_is_no_state_lets_nobody_in)
{
	const struct span states[2] = { SPAN("no state"), SPAN("nor this") };

	write_states(states);
	cr_assert_eq(pass_on(), -EBADMSG);
}

/* The directory cannot be used: it is said, and nothing is served from it. */
Test(data, what_the_system_refuses_of_the_directory)
{
	static const struct {
		enum refused call;
		uint32_t at;
		int error;
	} rows[] = {
		{ REFUSED_stat, 1, EIO },  { REFUSED_access, 1, EACCES }, { REFUSED_open, 1, EACCES },
		{ REFUSED_flock, 1, EIO }, { REFUSED_open, 2, EIO }, /* the snapshot */
	};
	char path[96];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		refused_arm(rows[i].call, rows[i].at, 1, rows[i].error);
		cr_assert_eq(data_open(&data, directory), EXIT_DATA, "row %zu", i);
		cr_assert(refused_came());
		data_close(&data);
	}
	snprintf(path, sizeof(path), "%s/there/is/none", directory);
	cr_assert_eq(data_open(&data, path), EXIT_DATA);
	data_close(&data);
}

/* A power cut may take the name of a directory whose parent was not synced, and all that is in it. */
Test(data, one_that_is_made_is_synced_where_it_is)
{
	static const char *const paths[] = { "%s/new", "%s/new//" };
	char path[96];

	for (size_t i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), paths[i], directory);
		refused_arm(REFUSED_fsync, 1, 1, EIO);
		cr_assert_eq(data_open(&data, path), EXIT_DATA);
		data_close(&data);
		cr_assert(refused_came());
		cr_assert_eq(access(path, F_OK), -1, "the next start tries again");
	}
	cr_assert_eq(chdir(directory), 0);
	cr_assert_eq(data_open(&data, "new"), 0);
	data_close(&data);
	refused_arm(REFUSED_fsync, 1, 1, EIO);
	cr_assert_eq(data_open(&data, "new"), 0, "it was there");
	data_close(&data);
	cr_assert_not(refused_came());
	cr_assert_eq(unlink("new/lock"), 0);
	cr_assert_eq(rmdir("new"), 0);
}

Test(data, a_damaged_snapshot_is_put_aside_and_the_rooms_start_empty)
{
	char path[96];

	snprintf(path, sizeof(path), "%s/rooms.snapshot", directory);
	FILE *file = fopen(path, "w");

	fputs("UPROAR3\nno records", file);
	fclose(file);
	cr_assert_eq(data_open(&data, directory), 0);
	open_homes(1);
	cr_assert_eq(data_restore(&data, homes[0], &(struct data_core){ 0, 1, 7 }, &limits, NOW, NOW), 0);
	memset(found, 0, sizeof(found));
	cr_assert_eq(home_save(homes[0], note, NULL), 0);
	cr_assert(found[0].count == 0 && found[1].count == 0);
	close_homes(1);
	data_close(&data);
}

/* From a log of which a part is back nothing of the rest is left out: better no start than a hole. */
Test(data, without_memory_a_room_is_taken_back_whole_or_not_at_all)
{
	uint32_t whole = 0, none = 0, refused = 0;

	write_snapshot();
	for (uint32_t at = 1;; at++) {
		cr_assert_eq(data_open(&data, directory), 0);
		open_homes(1);
		refused_arm(REFUSED_malloc, at, 1, ENOMEM);
		const int error = data_restore(&data, homes[0], &(struct data_core){ 0, 1, 7 }, &limits, NOW, NOW);
		const bool came = refused_came();

		memset(found, 0, sizeof(found));
		cr_assert_eq(home_save(homes[0], note, NULL), 0);
		close_homes(1);
		snapshot_free(&data.loaded);
		data_close(&data);
		refused += error != 0;
		for (int room = 0; room < 2 && error == 0; room++) {
			cr_assert(found[room].count == 0 || found[room].last == 100 + EVENTS, "allocation %u", at);
			*(found[room].count == EVENTS ? &whole : &none) += 1;
		}
		if (!came)
			break;
	}
	cr_assert(whole > 2 && none > 0 && refused > 10, "%u %u %u", whole, none, refused);
}

/* What was said later than now by the clock is as new as can be. */
Test(data, a_clock_that_went_back_drops_nothing)
{
	write_snapshot();
	cr_assert_eq(data_open(&data, directory), 0);
	open_homes(1);
	cr_assert_eq(data_restore(&data, homes[0], &(struct data_core){ 0, 1, 7 }, &limits, NOW, NOW - 500000), 0);
	memset(found, 0, sizeof(found));
	cr_assert_eq(home_save(homes[0], note, NULL), 0);
	expect(0, 101);
	close_homes(1);
	snapshot_free(&data.loaded);
	data_close(&data);
}

Test(data, states_that_there_is_no_place_for_are_left_out)
{
	const struct span states[2] = { state_of(SPAN("Bob"), 0), state_of(SPAN("Bob"), 0) };

	limits.rooms_max = 1;
	write_states(states);
	cr_assert_eq(data_open(&data, directory), 0);
	open_homes(1);
	cr_assert_eq(data_restore(&data, homes[0], &(struct data_core){ 0, 1, 7 }, &limits, NOW, NOW), 0);
	close_homes(1);
	snapshot_free(&data.loaded);
	data_close(&data);
}

/* Its class is another one by now: what the store has of it holds. */
Test(data, the_state_of_a_room_that_is_on_disk_by_now_is_left_out)
{
	static const struct room_classes classes = { .classes = { { .disk = true } }, .count = 1 };
	const struct span states[2] = { state_of(SPAN("Bob"), 0), state_of(SPAN("Bob"), 0) };
	struct xring jobs;
	struct store_port port = { .to[STORE_READER] = &jobs, .jobs_max = 10, .bytes_max = 1 << 20 };
	size_t size;

	limits.classes = &classes;
	write_states(states);
	cr_assert_eq(data_open(&data, directory), 0);
	cr_assert_eq(xring_open(&jobs, 4096), 0);
	cr_assert_eq(directory_open(&names[0], 200, 7, 1), 0);
	homes[0] = home_open(&limits, &names[0], &post, &counters, 1, &port);
	cr_assert_eq(data_restore(&data, homes[0], &(struct data_core){ 0, 1, 7 }, &limits, NOW, NOW), 0);
	data_save(&data, homes[0]);
	cr_assert_eq(data_finish(&data), 0);
	close_homes(1);
	for (struct store_job **job; (job = xring_peek(&jobs, &size)) != NULL; xring_drop(&jobs))
		store_job_give(*job);
	xring_close(&jobs);
	snapshot_free(&data.loaded);
	cr_assert_eq(snapshot_load(&data.loaded, directory), 1);
	cr_assert(snapshot_next_state(&data.loaded, &(size_t){ 0 }, &(struct span){ 0 }, &(struct span){ 0 }) == 0);
	snapshot_free(&data.loaded);
	data_close(&data);
}

Test(data, a_snapshot_that_cannot_be_made_ends_in_an_error_and_the_old_one_stays)
{
	/* The second block is for the states: those of a room of which only the log is there would be let in. */
	static const struct {
		enum refused call;
		uint32_t at;
	} calls[] = {
		{ REFUSED_open, 1 },   { REFUSED_malloc, 1 }, { REFUSED_malloc, 2 },
		{ REFUSED_fwrite, 1 }, { REFUSED_fsync, 1 },
	};
	struct snapshot snapshot;

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		write_snapshot();
		cr_assert_eq(data_open(&data, directory), 0);
		open_homes(2);
		for (uint32_t core = 0; core < 2; core++)
			cr_assert_eq(
				data_restore(&data, homes[core], &(struct data_core){ core, 2, 7 }, &limits, NOW, NOW),
				0);
		refused_arm(calls[i].call, calls[i].at, 1, EIO);
		data_save(&data, homes[0]);
		data_save(&data, homes[1]);
		cr_assert_eq(data_finish(&data), -1, "call %zu", i);
		cr_assert(refused_came());
		cr_assert_eq(snapshot_load(&snapshot, directory), 1);
		cr_assert_eq(snapshot.size, data.loaded.size, "call %zu", i);
		snapshot_free(&snapshot);
		snapshot_free(&data.loaded);
		close_homes(2);
		data_close(&data);
	}
	cr_assert_eq(data_open(&data, ""), 0);
	data_save(&data, NULL);
	cr_assert_eq(data_restore(&data, NULL, &(struct data_core){ 0, 1, 7 }, &limits, NOW, NOW), 0);
	data_close(&data);
}
