/* lookup.h - the addresses of a host by its name, as the C library finds them.
 */
#ifndef NET_LOOKUP_H
#define NET_LOOKUP_H

#include <stdbool.h>
#include <stddef.h>

/* Whether it is an address already: 10.0.0.1 or [::1]. */
bool lookup_is_literal(const char *name);

/* Before nothing may be loaded any more: the C library loads a module for each word of the line `hosts:` of
 * nsswitch.conf, and one that is loaded already it finds by its name. */
void lookup_prepare(void);

/* Waits as long as the C library does. Writes the addresses with commas between, as many as fit, in the order in which
 * they are to be tried, those of IPv6 in brackets. NULL; or why there are none, and out may be written. */
const char *lookup(const char *name, char *out, size_t size);

#endif
