/* admin_tell.h - what an answer of the HTTP API is for people, and for the exit status.
 */
#ifndef CLI_ADMIN_TELL_H
#define CLI_ADMIN_TELL_H

#include "tools/cli/admin_http.h"

/* Exit status besides those of options.h: the server has refused it. */
#define EXIT_REFUSED 1

/* Prints the answer, with json as it came, and what was refused. lines: of a batch, a uint64_t for each command,
 * the line of input it stood on; else empty. Returns the exit status. */
int admin_tell(const struct admin_answer *answer, bool json, struct span lines);

#endif
