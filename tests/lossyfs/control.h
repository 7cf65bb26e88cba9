/* control.h - the lines by which a test orders things of the disk, and what each is answered.
 *
 *   cut LOSS SEED              now; the disk is down then. LOSS: drop keep tear scatter any
 *   cut-at BORDER LOSS SEED    when so many borders, counted from now on, are reached; 0: not
 *   up                         the disk is there again, with what survived
 *   fail OP ERROR N once|on [NAME [OFFSET SIZE]]
 *                              the n-th OP from now on fails, and with `on` all after it. NAME is how the file's name
 *                              ends, * any; OFFSET and SIZE: of those that touch these bytes
 *                              OP: read write fsync truncate create remove rename fsyncdir open; border: any of
 *                              these but read, open and fsyncdir
 *                              ERROR: EIO ENOSPC EROFS EAGAIN EDQUOT ENOMEM
 *   heal                       no faults, no delays, space for all, not read-only
 *   fsync-ms MS                how long an fsync takes from now on
 *   space BYTES                so many more than now; -1: no bound
 *   read-only on|off
 *   save SLOT, load SLOT       0..7: keeps what is durable now; makes it what is there (all that was open is dead)
 *   sync                       all that is written is durable
 *   trace FILE|-               a line a border; -: no more
 *   state                      ok down=0 borders=12 cuts=1 loss=tear files=3 used=8192 pending=0 struck=0
 *   wait                       answered when the disk is down next, or is so already
 *
 * Answers: "ok", with more behind it where the table says so, or "error: " and why.
 */
#ifndef LOSSYFS_CONTROL_H
#define LOSSYFS_CONTROL_H

#include "tests/lossyfs/rig.h"

/* The line (with its end cut off) is changed. The answer is a line with its end. False: not before the disk is down. */
bool control_do(struct rig *rig, char *line, char *answer, size_t size);

#endif
