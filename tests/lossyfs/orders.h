/* orders.h - the socket at which tests give their orders to the disk, a line each (control.h).
 */
#ifndef LOSSYFS_ORDERS_H
#define LOSSYFS_ORDERS_H

#include <poll.h>

#include "tests/lossyfs/rig.h"

enum { TALKERS_MAX = 8, ORDERS_FDS_MAX = TALKERS_MAX + 1 };

/* Returns 0, or -1 with errno. */
int orders_open(const char *path);
void orders_close(const char *path);

/* Fills in what is to be polled; returns how many. */
size_t orders_listen(struct pollfd *polled);
/* Obeys what has come. */
void orders_take(const struct pollfd *polled, size_t count, struct rig *rig);
/* Answers those who wait for the cut, when it has come. */
void orders_tell(struct rig *rig);

#endif
