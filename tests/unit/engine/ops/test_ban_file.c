/* Who was banned is banned after a restart, whatever became of the file's end. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/core/log.h"
#include "engine/ops/ban_file.h"
#include "engine/shard/shard_internal.h"
#include "tests/unit/refused.h"

static char directory[64];
static struct ban_file file;

static struct span name(const char *text)
{
	return span_of(text, strlen(text));
}

static void make(void)
{
	log_setup(LOG_OFF, false);
	freopen("/dev/null", "w", stderr);
	snprintf(directory, sizeof(directory), "/tmp/uproar-bans-XXXXXX");
	cr_assert_not_null(mkdtemp(directory));
}

static void remove_all(void)
{
	char path[96];

	snprintf(path, sizeof(path), "%s/bans", directory);
	unlink(path);
	snprintf(path, sizeof(path), "%s/bans.new", directory);
	unlink(path);
	rmdir(directory);
}

static void open_at(uint64_t wall_ms)
{
	cr_assert_eq(ban_file_open(&file, directory, wall_ms), 0);
}

static void keep(const char *user, uint64_t until_ms)
{
	const struct ban_keeper keeper = ban_file_keeper(&file);

	keeper.keep(keeper.context, name(user), until_ms);
}

static void append(const char *text)
{
	char path[96];

	snprintf(path, sizeof(path), "%s/bans", directory);
	const int fd = open(path, O_WRONLY | O_APPEND);

	cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

Test(ban_file, kept_over_a_restart, .init = make, .fini = remove_all)
{
	open_at(1000);
	keep("ada lovelace", 5000);
	keep("bob", UINT64_MAX);
	keep("eve", 9000);
	keep("eve", 0);
	cr_assert(atomic_load(&file.written));
	ban_file_sync(&file);
	cr_assert(!atomic_load(&file.written));
	ban_file_close(&file);
	append("6000 cut off");
	for (int times = 0; times < 2; times++) {
		open_at(2000);
		cr_assert_eq(bans_until(&file.bans, name("ada lovelace"), 2000), 5000);
		cr_assert_eq(bans_until(&file.bans, name("bob"), 2000), UINT64_MAX);
		cr_assert_eq(bans_until(&file.bans, name("eve"), 2000), 0);
		cr_assert_eq(file.bans.entries.used, 2);
		ban_file_close(&file);
	}
	open_at(5000);
	cr_assert_eq(file.bans.entries.used, 1);
	ban_file_close(&file);
}

Test(ban_file, what_is_not_ours_is_passed_over, .init = make, .fini = remove_all)
{
	open_at(0);
	append("\nx\n12\n12 \n 7 \x01y\n9 bo\xff\xff"
	       "b\n18446744073709551615 ok\n");
	ban_file_close(&file);
	open_at(0);
	cr_assert_eq(file.bans.entries.used, 1);
	cr_assert_eq(bans_until(&file.bans, name("ok"), 0), UINT64_MAX);
	ban_file_close(&file);
}

Test(ban_file, without_a_directory_nothing_is_kept)
{
	cr_assert_eq(ban_file_open(&file, NULL, 0), 0);
	keep("ada", 1);
	cr_assert(!atomic_load(&file.written));
	ban_file_sync(&file);
	ban_file_close(&file);
}

/* As on a full disk, a write is cut at so many bytes of a file. */
static void cut_at(rlim_t bytes)
{
	struct rlimit limit;

	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &limit);
	limit.rlim_cur = bytes;
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

Test(ban_file, no_name_is_lost_where_the_new_file_has_no_room, .init = make, .fini = remove_all)
{
	open_at(1000);
	keep("ada", 5000);
	keep("bob", 6000);
	ban_file_close(&file);
	cut_at(12); /* in the middle of the second line */
	errno = 0;
	cr_assert_eq(ban_file_open(&file, directory, 2000), -ENOSPC);
	ban_file_close(&file);
	cut_at(RLIM_INFINITY);
	open_at(2000);
	cr_assert_eq(file.bans.entries.used, 2);
	ban_file_close(&file);
}

Test(ban_file, what_is_behind_a_line_that_was_cut_is_kept_and_nobody_else, .init = make, .fini = remove_all)
{
	open_at(1000);
	keep("ada", 5000);
	cut_at(15); /* "5000 ada", then "6000 b" of bob */
	keep("bob", 6000);
	cut_at(RLIM_INFINITY);
	keep("eve", 7000);
	keep("joe", 8000);
	ban_file_close(&file);
	open_at(2000);
	cr_assert_eq(bans_until(&file.bans, name("ada"), 2000), 5000);
	cr_assert_eq(bans_until(&file.bans, name("eve"), 2000), 7000);
	cr_assert_eq(bans_until(&file.bans, name("joe"), 2000), 8000);
	cr_assert_eq(file.bans.entries.used, 3, "a part of a name is nobody's");
	ban_file_close(&file);
}

/* Each call in its turn: the start is refused, and nobody who was banned is let in by the next one. */
Test(ban_file, what_the_system_refuses_at_the_start_is_told_and_nothing_is_lost, .init = make, .fini = remove_all)
{
	static const struct {
		enum refused call;
		uint32_t at;
	} rows[] = {
		{ REFUSED_mmap, 1 },   { REFUSED_malloc, 1 }, { REFUSED_open, 1 },  { REFUSED_fsync, 1 },
		{ REFUSED_rename, 1 }, { REFUSED_open, 2 },   { REFUSED_fsync, 2 },
	};

	open_at(1000);
	keep("ada", 5000);
	ban_file_close(&file);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		refused_arm(rows[i].call, rows[i].at, 1, ENOMEM);
		cr_assert_eq(ban_file_open(&file, directory, 2000), -ENOMEM, "row %zu", i);
		cr_assert(refused_came(), "row %zu", i);
		ban_file_close(&file);
		open_at(2000);
		cr_assert_eq(bans_until(&file.bans, name("ada"), 2000), 5000, "row %zu", i);
		ban_file_close(&file);
	}
}

Test(ban_file, a_file_that_cannot_be_read_is_no_empty_one, .init = make, .fini = remove_all)
{
	char path[96];

	snprintf(path, sizeof(path), "%s/bans", directory);
	cr_assert_eq(symlink(path, path), 0);
	cr_assert_eq(ban_file_open(&file, directory, 0), -ELOOP);
	ban_file_close(&file);
	unlink(path);
	cr_assert_eq(mkdir(path, 0700), 0);
	cr_assert_eq(ban_file_open(&file, directory, 0), -EIO, "it opens, and cannot be read");
	ban_file_close(&file);
	rmdir(path);
}

Test(ban_file, of_whom_there_is_no_memory_the_others_are_held, .init = make, .fini = remove_all)
{
	open_at(0);
	keep("ada", 5000);
	keep("bob", 6000);
	ban_file_close(&file);
	refused_arm(REFUSED_malloc, 2, 1, ENOMEM); /* the first is the table of all */
	open_at(1000);
	cr_assert(refused_came());
	cr_assert(bans_until(&file.bans, name("ada"), 1000) == 0 && bans_until(&file.bans, name("bob"), 1000) == 6000);
	ban_file_close(&file);
}

/* No room at all for a line, where the one before it was cut. */
Test(ban_file, a_line_that_finds_no_room_leaves_the_next_one_whole, .init = make, .fini = remove_all)
{
	open_at(1000);
	keep("ada", 5000);
	cut_at(12); /* "5000 ada", then "600" of bob */
	keep("bob", 6000);
	keep("eve", 7000);
	cut_at(RLIM_INFINITY);
	keep("joe", 8000);
	ban_file_close(&file);
	open_at(2000);
	cr_assert_eq(file.bans.entries.used, 2);
	cr_assert_eq(bans_until(&file.bans, name("joe"), 2000), 8000);
	ban_file_close(&file);
	open_at(2000);
	cut_at(1);
	keep("max", 9000); /* nothing was cut: the next one begins a line */
	cut_at(RLIM_INFINITY);
	keep("max", 9500);
	ban_file_close(&file);
	open_at(2000);
	cr_assert_eq(bans_until(&file.bans, name("max"), 2000), 9500);
	ban_file_close(&file);
}

/* It is tried again with the next change. */
Test(ban_file, a_sync_that_fails_is_no_end, .init = make, .fini = remove_all)
{
	open_at(0);
	ban_file_sync(&file);
	keep("ada", 5000);
	refused_arm(REFUSED_fdatasync, 1, 1, EIO);
	ban_file_sync(&file);
	cr_assert(refused_came());
	ban_file_close(&file);
	open_at(0);
	cr_assert_eq(file.bans.entries.used, 1);
	ban_file_close(&file);
}

Test(ban_file, each_core_is_given_all_or_does_not_start, .init = make, .fini = remove_all)
{
	static struct shard shard;

	open_at(0);
	keep("ada", 5000);
	keep("bob", 6000);
	ban_file_close(&file);
	open_at(0);
	for (uint32_t at = 0; at <= 2; at++) {
		cr_assert_eq(bans_open(&shard.gate.bans, 7), 0);
		if (at > 0)
			refused_arm(REFUSED_malloc, at, 1, ENOMEM);
		cr_assert_eq(ban_file_restore(&file, &shard, 1000), at > 0 ? -ENOMEM : 0, "%u", at);
		cr_assert_eq(shard.gate.bans.entries.used, at > 0 ? at - 1 : 2);
		cr_assert(refused_came());
		bans_close(&shard.gate.bans);
	}
	ban_file_close(&file);
}
