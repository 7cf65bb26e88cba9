/* attempts.h - calls that a server has no business to make, one function each.
 */
#ifndef TESTS_SANDBOX_ATTEMPTS_H
#define TESTS_SANDBOX_ATTEMPTS_H

#include <stdbool.h>

struct attempt {
	const char *name;
	bool ends; /* the process, when it is refused; otherwise it fails */
	long (*make)(void); /* what the call returned */
};

extern const struct attempt attempts[]; /* up to one without a name */

#endif
