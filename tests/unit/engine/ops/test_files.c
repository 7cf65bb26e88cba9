/* What the reader reads, for whom, and when it is no more. */
#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/ops/files.h"

static char path[64];

static void write_file(const char *text)
{
	char other[80];

	snprintf(other, sizeof(other), "%s.new", path);
	FILE *file = fopen(other, "w");

	cr_assert(file);
	fputs(text, file);
	fclose(file);
	cr_assert_eq(rename(other, path), 0);
}

static void setup(void)
{
	snprintf(path, sizeof(path), "/tmp/uproar-files-%d", (int)getpid());
}

static void teardown(void)
{
	unlink(path);
}

TestSuite(files, .init = setup, .fini = teardown, .timeout = 30);

Test(files, what_was_read_is_read_again_and_nothing_else)
{
	static struct files files;
	char bytes[16];

	write_file("one");
	cr_assert_eq(files_read(&files, path, bytes, sizeof(bytes)), 3, "before the start all are read");
	cr_assert_eq(files_read(&files, path, bytes, sizeof(bytes)), 3);
	cr_assert_eq(files.count, 1);
	cr_assert_eq(files_start(&files), 0);
	cr_assert_eq(files_read(&files, path, bytes, sizeof(bytes)), 3);
	cr_assert_eq(memcmp(bytes, "one", 3), 0);
	write_file("another");
	cr_assert_eq(files_read(&files, path, bytes, sizeof(bytes)), 7, "another file by the same name");
	cr_assert_eq(files_read(&files, path, bytes, 7), 7);
	cr_assert_eq(files_read(&files, path, bytes, 6), -EFBIG);
	write_file("");
	cr_assert_eq(files_read(&files, path, bytes, sizeof(bytes)), 0);
	unlink(path);
	cr_assert_eq(files_read(&files, path, bytes, sizeof(bytes)), -ENOENT);
	write_file("back");
	cr_assert_eq(files_read(&files, path, bytes, sizeof(bytes)), 4);
	cr_assert_eq(files_read(&files, "/dev/null", bytes, sizeof(bytes)), -EACCES);
	files_end(&files);
}

Test(files, a_large_one_comes_whole)
{
	static struct files files;
	static char text[300 * 1024 + 1], bytes[sizeof(text)];

	memset(text, 'x', sizeof(text) - 1);
	write_file(text);
	cr_assert_eq(files_read(&files, path, bytes, sizeof(bytes)), sizeof(text) - 1);
	memset(bytes, 0, sizeof(bytes));
	cr_assert_eq(files_start(&files), 0);
	cr_assert_eq(files_read(&files, path, bytes, sizeof(bytes)), sizeof(text) - 1);
	cr_assert_eq(memcmp(bytes, text, sizeof(text) - 1), 0);
	files_end(&files);
}

Test(files, the_reader_ends_with_the_server)
{
	static struct files files;
	char bytes[16];
	int status;

	write_file("one");
	cr_assert_eq(files_read(&files, path, bytes, sizeof(bytes)), 3);
	cr_assert_eq(files_start(&files), 0);

	const pid_t reader = files.reader;

	cr_assert_gt(reader, 0);
	files_end(&files);
	cr_assert_eq(waitpid(reader, &status, 0), -1, "it ended when nobody could ask it any more, and was waited for");
	cr_assert_eq(errno, ECHILD);
	cr_assert_eq(files_read(&files, path, bytes, sizeof(bytes)), -EPIPE);
}

/* As one whose file system hangs. */
Test(files, a_late_answer_is_not_the_last)
{
	static struct files files;
	static char text[200 * 1024 + 1], bytes[sizeof(text)];

	memset(text, 'x', sizeof(text) - 1); /* more than a pipe holds */
	write_file(text);
	cr_assert_eq(files_read(&files, path, bytes, sizeof(bytes)), sizeof(text) - 1);
	cr_assert_eq(files_read(&files, "/dev/null", bytes, sizeof(bytes)), 0);
	signal(SIGPIPE, SIG_IGN);
	cr_assert_eq(files_start(&files), 0);
	cr_assert_eq(kill(files.reader, SIGSTOP), 0);
	cr_assert_eq(files_read(&files, path, bytes, sizeof(bytes)), -ETIMEDOUT);
	cr_assert_eq(kill(files.reader, SIGCONT), 0);
	cr_assert_eq(files_read(&files, "/dev/null", bytes, sizeof(bytes)), 0, "and not what came late");
	cr_assert_eq(files_read(&files, path, bytes, sizeof(bytes)), sizeof(text) - 1);

	const pid_t reader = files.reader;

	cr_assert_eq(kill(reader, SIGKILL), 0);
	cr_assert_eq(waitid(P_PID, (id_t)reader, NULL, WEXITED | WNOWAIT), 0);
	for (int i = 0; i < 2; i++)
		cr_assert_eq(files_read(&files, path, bytes, sizeof(bytes)), -EPIPE, "for good");
	files_end(&files);
}

Test(files, none_is_needed_where_nothing_was_read)
{
	struct files files = { 0 };
	char bytes[16];

	cr_assert_eq(files_start(&files), 0);
	cr_assert_eq(files.reader, 0);
	cr_assert_eq(files_read(&files, path, bytes, sizeof(bytes)), -EACCES);
	files_end(&files);
}

Test(files, so_many_and_so_long)
{
	static struct files files;
	char name[FILES_PATH_MAX + 1], bytes[16];

	memset(name, '/', sizeof(name));
	memcpy(name + FILES_PATH_MAX - 8, "dev/null", 9);
	cr_assert_eq(files_read(&files, name, bytes, sizeof(bytes)), -ENAMETOOLONG);
	for (size_t i = 1; i <= FILES_MAX; i++)
		cr_assert_eq(files_read(&files, name + i, bytes, sizeof(bytes)), 0, "%zu", i);
	cr_assert_eq(files_read(&files, name + FILES_MAX + 1, bytes, sizeof(bytes)), -EMFILE);
	cr_assert_eq(files_read(&files, name + FILES_MAX, bytes, sizeof(bytes)), 0, "which is there already");
}
