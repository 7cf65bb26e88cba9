/* coordinator.h - one run: forks the workers, walks them through the phases, samples every second.
 *
 *	RAMP ----------> WARMUP ------> HOLD -----------> DRAIN -----------> END
 *	 all connections   warmup over   hold over, or     nothing is under   all workers
 *	 stand or failed,                all messages      way any more, or   are gone
 *	 all joins are                   are sent          drain over
 *	 answered
 *
 * SIGINT and SIGTERM go to DRAIN from any phase before it, and a second one to END. Each phase has a bound.
 */
#ifndef LOAD_COORDINATOR_H
#define LOAD_COORDINATOR_H

#include "tools/load/options.h"
#include "tools/load/record.h"

/* False with why[] when it could not be run at all. What was recorded goes to `record`, which the caller closes. */
bool coordinator_run(struct record *record, const struct options *options, char why[200]);

#endif
