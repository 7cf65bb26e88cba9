/* http_cookie.h - a cookie of a request, by its name (RFC 6265, 5.4).
 *
 * Pure; spans borrow.
 */
#ifndef HTTP_COOKIE_H
#define HTTP_COOKIE_H

#include "proto/http/http_head.h"

/* How many cookies have that name, case counts; *value is the last one's as it stands, quotes and all. */
size_t http_cookie_find(const struct http_head *head, struct span name, struct span *value);

#endif
