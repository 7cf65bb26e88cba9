/* What is written to standard error is read back through a pipe. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "engine/core/log.h"

static int log_pipe, log_error;
static char text[65536];

static void redirect(void)
{
	int ends[2];

	cr_assert_eq(pipe(ends), 0);
	log_pipe = ends[0];
	log_error = dup(STDERR_FILENO);
	dup2(ends[1], STDERR_FILENO);
	close(ends[1]);
}

/* Ends the redirection and reads all that was logged. */
static const char *logged(void)
{
	size_t size = 0;
	ssize_t got;

	dup2(log_error, STDERR_FILENO);
	while ((got = read(log_pipe, text + size, sizeof(text) - 1 - size)) > 0)
		size += (size_t)got;
	text[size] = 0;
	return text;
}

static size_t count(const char *what)
{
	size_t times = 0;

	for (const char *at = text; (at = strstr(at, what)); at++)
		times++;
	return times;
}

static void log_value(const char *bytes, size_t size)
{
	char *exact = malloc(size);

	memcpy(exact, bytes, size);
	LOG(LOG_WARN, "event", LOG_SPAN("value", span_of(exact, size)));
	free(exact);
}

TestSuite(log, .init = redirect);

Test(log, a_line_for_people)
{
	log_setup(LOG_INFO, false);
	log_core(3);
	LOG(LOG_WARN, "accept_paused", LOG_U64("free", 18446744073709551615u), LOG_I64("change", -5),
	    LOG_TEXT("reason", "descriptors"));
	cr_assert_not_null(strstr(logged(), "Z warn  accept_paused core=3 free=18446744073709551615 change=-5 "
					    "reason=\"descriptors\"\n"),
			   "%s", text);
	cr_assert_eq(text[4], '-');
	cr_assert_eq(text[10], 'T');
}

Test(log, a_line_for_machines)
{
	log_setup(LOG_INFO, true);
	LOG(LOG_ERROR, "closed", LOG_U64("slot", 7), LOG_TEXT("why", "a \"b\" \\"));
	cr_assert_eq(strncmp(logged(), "{\"time\":\"20", 11), 0, "%s", text);
	cr_assert_not_null(strstr(text, "Z\",\"level\":\"error\",\"event\":\"closed\",\"slot\":7,"
					"\"why\":\"a \\\"b\\\" \\\\\"}\n"),
			   "%s", text);
}

Test(log, below_the_level_nothing_is_said)
{
	log_setup(LOG_WARN, false);
	LOG(LOG_INFO, "quiet", LOG_U64("a", 1));
	LOG(LOG_WARN, "loud", LOG_U64("a", 1));
	log_setup(LOG_OFF, false);
	LOG(LOG_ERROR, "off", LOG_U64("a", 1));
	cr_assert_eq(count("\n"), 0);
	logged();
	cr_assert_eq(count("\n"), 1);
	cr_assert_eq(count("loud"), 1);
}

Test(log, a_pipe_that_is_full_costs_lines_and_no_time, .timeout = 20)
{
	static char filling[65536];

	log_setup(LOG_INFO, false);
	cr_assert_gt(fcntl(STDERR_FILENO, F_SETPIPE_SZ, 4096), 0);
	LOG(LOG_INFO, "first", LOG_U64("a", 1));
	cr_assert_eq(log_lost(), 0);
	cr_assert_eq(fcntl(STDERR_FILENO, F_SETFL, O_NONBLOCK), 0);
	while (write(STDERR_FILENO, filling, 1) == 1)
		;
	cr_assert_eq(fcntl(STDERR_FILENO, F_SETFL, 0), 0);
	for (int i = 0; i < 3; i++)
		LOG(LOG_INFO, "lost", LOG_U64("a", 1));
	LOG(LOG_AUDIT, "lost", LOG_U64("a", 1));
	cr_assert_eq(log_lost(), 4);
	cr_assert_gt(read(log_pipe, filling, sizeof(filling)), 0);
	LOG(LOG_INFO, "lost", LOG_U64("a", 2));
	LOG(LOG_INFO, "lost", LOG_U64("a", 3));
	logged();
	cr_assert_not_null(strstr(text, "lost suppressed=4 a=2\n"), "%s", text);
	cr_assert_not_null(strstr(text, "lost a=3\n"), "%s", text);
	cr_assert_eq(log_lost(), 4);
}

/* Where this is set it is a kernel before Linux 6.4, and who was told that there is room goes on when the other of two
 * threads was told so too, or has done with its line. */
static atomic_bool older;
static _Atomic int told, done;

ssize_t pwritev2(int fd, const struct iovec *parts, int count, off_t at, int flags)
{
	if (!older)
		return syscall(SYS_pwritev2, fd, parts, count, at, 0, flags);
	errno = EOPNOTSUPP;
	return -1;
}

int ppoll(struct pollfd *files, nfds_t count, const struct timespec *wait, const sigset_t *mask)
{
	const int result = (int)syscall(SYS_ppoll, files, count, wait, mask, sizeof(long));

	if (older && ++told)
		while (told < 2 && done < 1)
			sched_yield();
	return result;
}

/* Two such do not go into one page of a pipe. */
static void *log_long(void *argument)
{
	char value[1000];

	memset(value, 'x', sizeof(value));
	LOG(LOG_INFO, "long", LOG_SPAN("a", span_of(value, 1000)), LOG_SPAN("b", span_of(value, 1000)),
	    LOG_SPAN("c", span_of(value, 1000)));
	done++;
	return argument;
}

Test(log, a_pipe_with_room_for_one_line_stops_neither_of_two_threads, .timeout = 20)
{
	pthread_t threads[2];

	log_setup(LOG_INFO, false);
	cr_assert_gt(fcntl(STDERR_FILENO, F_SETPIPE_SZ, 4096), 0);
	older = true;
	for (size_t i = 0; i < 2; i++)
		cr_assert_eq(pthread_create(&threads[i], NULL, log_long, NULL), 0);
	for (size_t i = 0; i < 2; i++)
		cr_assert_eq(pthread_join(threads[i], NULL), 0);
	cr_assert_eq(log_lost(), 1);
	logged();
	cr_assert_eq(count("long"), 1);
}

Test(log, what_could_forge_a_line_is_escaped)
{
	log_setup(LOG_INFO, true);
	log_value("a\nb\r\0c\x1b[31m\x7f", 13);
	log_value("\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xae\xe2\x81\xa6\xc2\x85", 14);
	log_value("caf\xc3\xa9 \xf0\x9f\x98\x80", 10);
	logged();
	cr_assert_eq(count("\n"), 3);
	cr_assert_eq(count("a\\u000ab\\u000d\\u0000c\\u001b[31m\\u007f"), 1, "%s", text);
	cr_assert_eq(count("\\u2028\\u2029\\u202e\\u2066\\u0085"), 1, "%s", text);
	cr_assert_eq(count("caf\xc3\xa9 \xf0\x9f\x98\x80"), 1, "%s", text);
}

Test(log, what_is_no_utf8_is_shown_as_bytes)
{
	log_setup(LOG_INFO, true);
	log_value("\xff\xc3", 2);
	log_value("\xc0\xaf", 2);
	log_value("\xed\xa0\x80", 3);
	log_value("\xe2\x80", 2);
	logged();
	cr_assert_eq(count("\"\\\\xff\\\\xc3\""), 1, "%s", text);
	cr_assert_eq(count("\"\\\\xc0\\\\xaf\""), 1, "%s", text);
	cr_assert_eq(count("\"\\\\xed\\\\xa0\\\\x80\""), 1, "%s", text);
	cr_assert_eq(count("\"\\\\xe2\\\\x80\""), 1, "%s", text);
}

Test(log, a_value_too_long_is_cut_and_a_line_too_long_loses_fields)
{
	static char big[5000], control[1024];

	log_setup(LOG_INFO, true);
	memset(big, 'x', sizeof(big));
	memset(control, 1, sizeof(control));
	LOG(LOG_INFO, "long", LOG_SPAN("big", span_of(big, sizeof(big))), LOG_U64("after", 1));
	LOG(LOG_INFO, "wide", LOG_SPAN("control", span_of(control, sizeof(control))), LOG_U64("after", 2));
	logged();
	cr_assert_eq(count("x...\",\"after\":1}\n"), 1, "%s", text);
	cr_assert_eq(count("\"event\":\"wide\",\"after\":2}\n"), 1, "%s", text);
}

Test(log, of_one_event_twenty_lines_a_second_and_then_a_count)
{
	log_setup(LOG_INFO, false);
	for (int i = 0; i < 1000; i++)
		LOG(LOG_INFO, "flood", LOG_U64("i", 1));
	LOG(LOG_INFO, "other", LOG_U64("i", 1));
	usleep(1100000);
	LOG(LOG_INFO, "flood", LOG_U64("i", 2));
	LOG(LOG_INFO, "flood", LOG_U64("i", 3));
	logged();
	/* The thousand may straddle the turn of a second. */
	cr_assert(count("i=1\n") == 21 || count("flood i=1\n") <= 40, "%s", text);
	cr_assert_eq(count("other"), 1);
	cr_assert_geq(count("flood"), 22);
	cr_assert_eq(count(" suppressed="), count("suppressed="));
	cr_assert_geq(count("suppressed=9"), 1, "%s", text);
	cr_assert_eq(count("flood i=3\n"), 1, "the count is told once");
}

Test(log, the_level_by_its_name)
{
	static const char *const names[] = { "debug", "info", "warn", "error", "off" };

	for (int level = LOG_DEBUG; level <= LOG_OFF; level++) {
		cr_assert_str_eq(log_level_name((enum log_level)level), names[level]);
		cr_assert_eq(log_level_named(span_of(names[level], strlen(names[level]))), level);
		cr_assert_eq(log_level_named(span_of(names[level], strlen(names[level]) - 1)), -1);
	}
	cr_assert_eq(log_level_named(SPAN("")), -1);
	log_level_set(LOG_ERROR);
	cr_assert_eq(log_level(), LOG_ERROR);
	redirect();
	LOG(LOG_WARN, "quiet", LOG_U64("n", 1));
	log_level_set(LOG_DEBUG);
	LOG(LOG_DEBUG, "loud", LOG_U64("n", 1));
	logged();
	cr_assert_eq(count("quiet"), 0);
	cr_assert_eq(count("loud"), 1);
}

/* Whatever the level, however many, and in the file of their own, too. */
Test(log, audit_lines_are_always_written)
{
	int ends[2];
	char file[8192];

	cr_assert_eq(pipe(ends), 0);
	log_setup(LOG_OFF, false);
	for (int i = 0; i < 25; i++)
		LOG(LOG_AUDIT, "audit", LOG_TEXT("act", "ban"));
	log_audit_to(ends[1]);
	LOG(LOG_AUDIT, "audit", LOG_TEXT("act", "kick"));
	LOG(LOG_ERROR, "other", LOG_TEXT("act", "none"));
	log_audit_to(-1);
	logged();
	close(ends[1]);
	cr_assert_eq(count("audit audit act=\"ban\""), 25);
	cr_assert_eq(count("act=\"kick\""), 1);
	cr_assert_eq(count("other"), 0);
	const ssize_t size = read(ends[0], file, sizeof(file) - 1);

	cr_assert_gt(size, 0);
	file[size] = 0;
	cr_assert(strstr(file, "act=\"kick\"\n") && !strstr(file, "ban"));
}

/* A file may grow by `more` bytes from here on, as on a disk that is nearly full; -1: as it likes. */
static void let_grow(int fd, off_t more)
{
	const rlim_t most = more < 0 ? RLIM_INFINITY : (rlim_t)(lseek(fd, 0, SEEK_END) + more);

	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &(struct rlimit){ most, RLIM_INFINITY }), 0);
}

/* Two lines come to a disk that takes a part of the first; then there is room again. */
static void say_over_the_edge(enum log_level level, int fd)
{
	LOG(level, "audit", LOG_TEXT("say", "whole"));
	let_grow(fd, 30);
	LOG(level, "audit", LOG_TEXT("say", "in part"));
	let_grow(fd, 0);
	LOG(level, "audit", LOG_TEXT("say", "not at all"));
	let_grow(fd, -1);
	LOG(level, "audit", LOG_TEXT("say", "again"));
}

/* It has two lines, and between them the first 30 bytes of one. */
static void expect_a_part(int fd)
{
	char file[1024];
	const ssize_t size = pread(fd, file, sizeof(file) - 1, 0);

	cr_assert_gt(size, 0);
	file[size] = 0;
	const char *part = strstr(file, "say=\"whole\"\n"), *again = part ? strchr(part, '\n') + 1 : NULL;

	cr_assert(again && again[30] == '\n' && strstr(again + 31, "say=\"again\"\n"), "%s", file);
	cr_assert(!strstr(file, "in part") && !strstr(file, "not at all"));
}

Test(log, what_a_full_disk_takes_in_part_is_lost_and_no_line_is_joined_to_it)
{
	const int fd = fileno(tmpfile());

	signal(SIGXFSZ, SIG_IGN);
	log_setup(LOG_INFO, false);
	cr_assert_eq(dup2(fd, STDERR_FILENO), STDERR_FILENO);
	say_over_the_edge(LOG_INFO, fd);
	logged();
	cr_assert_eq(log_lost(), 2);
	expect_a_part(fd);
}

Test(log, what_the_audit_log_does_not_take_is_told)
{
	const int fd = fileno(tmpfile());

	signal(SIGXFSZ, SIG_IGN);
	log_setup(LOG_INFO, false);
	log_audit_to(fd);
	say_over_the_edge(LOG_AUDIT, fd);
	log_audit_to(-1);
	logged();
	cr_assert_eq(log_lost(), 2);
	expect_a_part(fd);
	cr_assert_eq(count("error audit_not_kept reason=\"File too large\"\n"), 2, "%s", text);
	cr_assert_eq(count("Z audit audit "), 4, "%s", text);
}
