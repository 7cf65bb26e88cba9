/* refused.h - calls of the C library, of libpq and of SQLite that fail when a test says so.
 *
 * The unit tests are linked so that these calls of theirs, and of the engine in them, come by here (tbl/refused.h);
 * what libraries call among themselves does not. Counts of the thread that armed them alone.
 */
#ifndef REFUSED_H
#define REFUSED_H

#include <stdbool.h>
#include <stdint.h>

enum refused {
	REFUSED_open,
	REFUSED_poll, /* errno 0: nothing comes while it waits, and its time has passed at once */
	REFUSED_long_poll, /* the same of those alone that may wait for more than five seconds */
	REFUSED_clock_mono_ns, /* is refused nothing: so many milliseconds as `error` says have passed since the last */
#define REFUSED(name, type, parameters, arguments, failure) REFUSED_##name,
#include "tests/unit/tbl/refused.h"
#undef REFUSED
	REFUSED_CALLS
};

/* Call number `at` from now on is refused, with this errno, and `times` - 1 after it. Several may be armed at once. */
void refused_arm(enum refused call, uint32_t at, uint32_t times, int error);

/* Nothing is refused any more. Whether all that was armed came. */
bool refused_came(void);

int refused_errno(void); /* of the call that is being refused */

/* What a refused PQgetvalue() gives. */
void refused_say(const char *text);
const char *refused_said(void);

#endif
