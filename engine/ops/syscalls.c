#include "engine/ops/syscalls.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum need { NEED_ALWAYS, NEED_FILES, NEED_OPENS, NEED_DATABASE, NEED_NAMES, NEED_TALKS, NEED_NEVER };

static const struct row {
	int number;
	enum need need;
} rows[] = {
#define CALL(name, need) { SCMP_SYS(name), NEED_##need },
#include "engine/ops/tbl/syscalls.h"
#undef CALL
};

static const int fcntl_commands[] = {
	F_GETFD,  F_SETFD,     F_GETFL,     F_SETFL,      F_GETLK,         F_SETLK,
	F_SETLKW, F_OFD_GETLK, F_OFD_SETLK, F_OFD_SETLKW, F_DUPFD_CLOEXEC,
};

/* The first error stands; what an architecture does not have needs no rule (EDOM). */
static void add(scmp_filter_ctx filter, int *error, uint32_t action, int number, uint32_t count,
		const struct scmp_arg_cmp *arguments)
{
	const int result = seccomp_rule_add_array(filter, action, number, count, arguments);

	if (*error == 0 && result != 0 && result != -EDOM)
		*error = result;
}

static void add_if(scmp_filter_ctx filter, int *error, int number, struct scmp_arg_cmp argument)
{
	add(filter, error, SCMP_ACT_ALLOW, number, 1, &argument);
}

static void add_two(scmp_filter_ctx filter, int *error, int number, struct scmp_arg_cmp one, struct scmp_arg_cmp other)
{
	const struct scmp_arg_cmp both[] = { one, other };

	add(filter, error, SCMP_ACT_ALLOW, number, 2, both);
}

static bool is_wanted(const struct syscalls_wanted *wanted, enum need need)
{
	switch (need) {
	case NEED_ALWAYS:
		return true;
	case NEED_FILES:
		return wanted->files;
	case NEED_OPENS:
		return wanted->files || wanted->names;
	case NEED_DATABASE:
		return wanted->database;
	case NEED_NAMES:
		return wanted->database || wanted->names;
	case NEED_TALKS:
		return wanted->database || wanted->outbound;
	case NEED_NEVER:
		break;
	}
	return false;
}

static void add_rows(scmp_filter_ctx filter, int *error, const struct syscalls_wanted *wanted)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (is_wanted(wanted, rows[i].need))
			add(filter, error, SCMP_ACT_ALLOW, rows[i].number, 0, NULL);
		else if (rows[i].need == NEED_NEVER && !wanted->log_only)
			add(filter, error, SCMP_ACT_KILL_PROCESS, rows[i].number, 0, NULL);
	}
}

/* Calls that are allowed in some of their meanings. */
static void add_with_arguments(scmp_filter_ctx filter, int *error)
{
	const scmp_datum_t self = (scmp_datum_t)getpid();

	/* The cores tell the main thread that they have ended; abort() ends us. */
	add_if(filter, error, SCMP_SYS(kill), SCMP_A0(SCMP_CMP_EQ, self));
	add_if(filter, error, SCMP_SYS(tgkill), SCMP_A0(SCMP_CMP_EQ, self));
	/* Limits are looked at, one's own. */
	add_two(filter, error, SCMP_SYS(prlimit64), SCMP_A0(SCMP_CMP_EQ, 0), SCMP_A2(SCMP_CMP_EQ, 0));
	/* All else that is registered with a ring was so before; this one is done when a second lane is used. */
	add_if(filter, error, SCMP_SYS(io_uring_register), SCMP_A1(SCMP_CMP_EQ, IORING_REGISTER_EVENTFD));
	for (size_t i = 0; i < sizeof(fcntl_commands) / sizeof(fcntl_commands[0]); i++)
		add_if(filter, error, SCMP_SYS(fcntl),
		       SCMP_A1(SCMP_CMP_MASKED_EQ, UINT32_MAX, (scmp_datum_t)fcntl_commands[i]));
}

/* Modules that look names up are loaded when first needed; nothing else ever becomes code. */
static void add_memory(scmp_filter_ctx filter, int *error, bool code)
{
	const struct scmp_arg_cmp no_code = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);

	add(filter, error, SCMP_ACT_ALLOW, SCMP_SYS(mmap), code ? 0 : 1, &no_code);
	add(filter, error, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), code ? 0 : 1, &no_code);
}

/* Others by TCP. */
static void add_talks(scmp_filter_ctx filter, int *error)
{
	add_if(filter, error, SCMP_SYS(socket), SCMP_A0(SCMP_CMP_EQ, AF_INET));
	add_if(filter, error, SCMP_SYS(socket), SCMP_A0(SCMP_CMP_EQ, AF_INET6));
}

/* The database by its socket too; the resolver by UDP, and by netlink what addresses this machine has. */
static void add_names(scmp_filter_ctx filter, int *error)
{
	add_if(filter, error, SCMP_SYS(socket), SCMP_A0(SCMP_CMP_EQ, AF_UNIX));
	add_two(filter, error, SCMP_SYS(socket), SCMP_A0(SCMP_CMP_EQ, AF_NETLINK), SCMP_A2(SCMP_CMP_EQ, NETLINK_ROUTE));
	add_if(filter, error, SCMP_SYS(ioctl), SCMP_A1(SCMP_CMP_MASKED_EQ, UINT32_MAX, FIONREAD));
}

/* A reload may change how long the kernel waits for peers. */
static void add_timeout(scmp_filter_ctx filter, int *error)
{
	add_two(filter, error, SCMP_SYS(setsockopt), SCMP_A1(SCMP_CMP_MASKED_EQ, UINT32_MAX, IPPROTO_TCP),
		SCMP_A2(SCMP_CMP_MASKED_EQ, UINT32_MAX, TCP_USER_TIMEOUT));
}

int syscalls_limit(const struct syscalls_wanted *wanted)
{
	const scmp_filter_ctx filter = seccomp_init(wanted->log_only ? SCMP_ACT_LOG : SCMP_ACT_ERRNO(EPERM));
	int error = 0;

	if (!filter)
		return -ENOMEM;
	add_rows(filter, &error, wanted);
	add_with_arguments(filter, &error);
	add_memory(filter, &error, wanted->database);
	if (is_wanted(wanted, NEED_TALKS))
		add_talks(filter, &error);
	if (is_wanted(wanted, NEED_NAMES))
		add_names(filter, &error);
	if (!is_wanted(wanted, NEED_TALKS))
		add_timeout(filter, &error);
	if (error == 0)
		error = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1); /* all threads */
	if (error == 0)
		error = seccomp_attr_set(filter, SCMP_FLTATR_API_SYSRAWRC, 1);
	(void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_LOG, 1); /* refusals too, where the kernel does */
	if (error == 0)
		error = seccomp_load(filter);
	seccomp_release(filter);
	return error;
}
