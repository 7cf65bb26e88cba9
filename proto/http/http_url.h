/* http_url.h - the address of something to be asked for over HTTP, cut into what a connection to it needs.
 *
 * Pure. Only http:// and https://, lower case, without user and password (a file has those) and without a fragment;
 * bytes of the path and query are visible ASCII. So nothing in it can end a line of a request or name another protocol.
 */
#ifndef HTTP_URL_H
#define HTTP_URL_H

#include "proto/base/span.h"

struct http_url {
	bool secure;
	struct span host; /* as written: a name, an IPv4 address, or an IPv6 address in brackets */
	uint16_t port; /* the scheme's own where none is given */
	struct span path; /* with the query; may be empty */
};

/* Borrows text. Returns whether it is such an address. */
bool http_url_parse(struct http_url *url, struct span text);

#endif
