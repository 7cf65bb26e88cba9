/* http_origin.h - where a page says that it comes from, and whether it may (RFC 6454, 6 and 7).
 *
 * Pure; spans borrow. An origin is compared as browsers write it, byte by byte; nothing is
 * made equal, so that no spelling gets past a list.
 */
#ifndef HTTP_ORIGIN_H
#define HTTP_ORIGIN_H

#include "proto/base/span.h"

/* True for what a browser sends for a page of a site: scheme://host or scheme://host:port, in lower case, without
 * the scheme's own port, and nothing behind it. False for "null". */
bool http_origin_is_valid(struct span origin);

/* True when the origin's host and port are those that the request was sent to. The scheme is not compared: a
 * proxy before us may have taken TLS off. */
bool http_origin_is_same(struct span origin, struct span host);

/* A list of those who may come has words with blanks or commas between them: `same` (http_origin_is_same),
 * `*` (all, also "null") and origins. True when each word is one of these; an empty list is right, and lets none. */
bool http_origins_are_valid(struct span list);

/* Whether a page of that origin may talk to this host. list is valid. */
bool http_origin_is_allowed(struct span list, struct span origin, struct span host);

#endif
