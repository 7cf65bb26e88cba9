#include "tests/unit/refused.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <poll.h>
#include <postgresql/libpq-fe.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MS 1000000ull

struct arm {
	uint32_t before, left; /* calls that still pass; calls that are still refused after them */
	int error;
};

static _Thread_local struct arm armed[REFUSED_CALLS];
static _Thread_local int last_error;
static _Thread_local uint64_t passed_ns; /* in which nothing happened */

void refused_arm(enum refused call, uint32_t at, uint32_t times, int error)
{
	armed[call] = (struct arm){ .before = at - 1, .left = times, .error = error };
}

bool refused_came(void)
{
	bool came = true;

	for (int call = 0; call < REFUSED_CALLS; call++) {
		came = came && armed[call].left == 0;
		armed[call].left = 0;
	}
	return came;
}

int refused_errno(void)
{
	return last_error;
}

static const char *said = "";

void refused_say(const char *text)
{
	said = text;
}

const char *refused_said(void)
{
	return said;
}

static bool is_refused(enum refused call)
{
	struct arm *const arm = &armed[call];

	if (arm->left == 0)
		return false;
	if (arm->before > 0) {
		arm->before--;
		return false;
	}
	arm->left--;
	last_error = errno = arm->error;
	return true;
}

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...)
{
	va_list rest;

	va_start(rest, flags);
	const mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;

	va_end(rest);
	return is_refused(REFUSED_open) ? -1 : __real_open(path, flags, mode);
}

int __real_poll(struct pollfd *on, nfds_t count, int wait_ms);
int __wrap_poll(struct pollfd *on, nfds_t count, int wait_ms);
int __wrap_poll(struct pollfd *on, nfds_t count, int wait_ms)
{
	if (!is_refused(REFUSED_poll) && (wait_ms <= 5000 || !is_refused(REFUSED_long_poll)))
		return __real_poll(on, count, wait_ms);
	if (errno != 0)
		return -1;
	passed_ns += (uint64_t)wait_ms * MS;
	return 0;
}

uint64_t __real_clock_mono_ns(void);
uint64_t __wrap_clock_mono_ns(void);
uint64_t __wrap_clock_mono_ns(void)
{
	if (is_refused(REFUSED_clock_mono_ns))
		passed_ns += (uint64_t)refused_errno() * MS;
	return __real_clock_mono_ns() + passed_ns;
}

#define REFUSED(name, type, parameters, arguments, failure)                                                            \
	type __real_##name parameters;                                                                                 \
	type __wrap_##name parameters;                                                                                 \
	type __wrap_##name parameters                                                                                  \
	{                                                                                                              \
		if (is_refused(REFUSED_##name))                                                                        \
			return failure;                                                                                \
		return __real_##name arguments;                                                                        \
	}
#include "tests/unit/tbl/refused.h"
#undef REFUSED
