#include "tests/unit/refused.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <postgresql/libpq-fe.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static _Thread_local struct {
	enum refused call;
	uint32_t before, left; /* calls that still pass; calls that are still refused after them */
	int error;
} armed;

void refused_arm(enum refused call, uint32_t at, uint32_t times, int error)
{
	armed.call = call;
	armed.before = at - 1;
	armed.left = times;
	armed.error = error;
}

bool refused_came(void)
{
	const bool came = armed.left == 0;

	armed.left = 0;
	return came;
}

int refused_errno(void)
{
	return armed.error;
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
	if (armed.left == 0 || armed.call != call)
		return false;
	if (armed.before > 0) {
		armed.before--;
		return false;
	}
	armed.left--;
	errno = armed.error;
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
