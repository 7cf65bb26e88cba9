/* http_host.h - is this the name of a host, perhaps with a port (RFC 9110, 7.2; RFC 3986, 3.2.2).
 *
 * Pure. Narrower than the RFC, which lets a name hold all of %41!$&'()*+,;= :
 * no host is called so, and proxies differ over what it would mean.
 */
#ifndef HTTP_HOST_H
#define HTTP_HOST_H

#include "proto/base/span.h"

/* True for "example.org", "10.0.0.1:8080", "[::1]:8080"; false for an empty one. */
bool http_host_is_valid(struct span host);

#endif
