/* admin_http.h - one request of HTTP/1.1 on a connection of its own, and the answer to it, whole.
 */
#ifndef CLI_ADMIN_HTTP_H
#define CLI_ADMIN_HTTP_H

#include "tools/cli/text.h"
#include "tools/cli/url.h"

struct admin_answer {
	int status; /* 100 to 599 */
	struct text text; /* head and body, */
	struct span body; /* of which this is the body; borrows */
};

/* request: head and body. timeout_s is for all of it; 0: for ever. Returns 1; 0 where there is no server, or no answer
 * that can be read, and why. */
int admin_ask(const struct url *url, struct span request, uint64_t timeout_s, struct admin_answer *answer, char *why,
	      size_t why_size);

#endif
