/* fetch_names.h - the addresses of the few hosts that are asked, looked up ahead of time by a thread of its own.
 *
 * A look-up waits as long as it likes, and libcurl would start a thread for each, which a confined process may not: so
 * they are made here, one after the other, now and then; who asks takes what was found last. A host written as an
 * address needs none, and without others there is no thread.
 */
#ifndef OPS_FETCH_NAMES_H
#define OPS_FETCH_NAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/base/span.h"

#define FETCH_HOSTS_MAX 3
#define FETCH_HOST_SIZE 256
#define FETCH_ADDRESSES_SIZE 512

struct fetch_names;

/* Loads what looking up needs, before the process may load nothing. hosts: as in URLs. NULL: no memory. */
struct fetch_names *fetch_names_open(const struct span *hosts, uint32_t count);

/* Before it is started. NULL is let pass. */
void fetch_names_close(struct fetch_names *names);

/* Starts the thread, if there is something to look up. found() is called from it when something new is known. Returns 0
 * or -errno. It cannot be ended: it may be waiting. The process ends it. */
int fetch_names_start(struct fetch_names *names, void (*found)(void *context), void *context);

/* Whether there is a host that has to be looked up. */
bool fetch_names_any(const struct fetch_names *names);

/* Writes the host's addresses, with commas between, or nothing for one that needs no looking up. Returns 1; 0: it is
 * not known yet; -1: it was not found. */
int fetch_names_of(struct fetch_names *names, uint32_t host, char addresses[FETCH_ADDRESSES_SIZE]);

#endif
