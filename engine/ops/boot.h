/* boot.h - from options to a running server, and to its end.
 */
#ifndef OPS_BOOT_H
#define OPS_BOOT_H

#include "engine/ops/policy.h"

/* Exit statuses; from 64 on as sysexits.h has them. docs/operate/exit-status.md says more. */
#define EXIT_CUT 1        /* a second signal came before all was in order */
#define EXIT_USAGE 64
#define EXIT_TAKEN 69     /* the address is in use */
#define EXIT_MEMORY 71    /* the system would not give memory, threads or rings */
#define EXIT_DATA 73      /* the data directory cannot be used */
#define EXIT_FAILED 74    /* the disk failed to keep what was written to it */
#define EXIT_DENIED 77    /* no right to that address */
#define EXIT_CONFIG 78    /* the file is wrong, or io_uring is not to be had */

/* Runs the server until it is told to end. Keeps config and options, those of the start; takes the policy made of
 * these. Returns the exit status. */
int boot(const struct config *config, struct files *files, const struct options *options, struct policy *policy);

#endif
