/* fetch.h - the thread that asks others over HTTP: the key set of tokens, and who decides about connections and joins.
 *
 *	cores --questions--> asked (a list that any thread adds to) --> waiting --> requests --> answered: gate_call()
 *
 * A core never waits for it. What is asked for, and of whom, the options alone say: nothing that a client sends becomes
 * part of an address.
 */
#ifndef OPS_FETCH_H
#define OPS_FETCH_H

#include "engine/gate/hook.h"
#include "engine/ops/fetch_counters.h"
#include "engine/ops/options.h"
#include "engine/ops/sandbox.h"

struct fetch;

/* What the options ask for. Gives it, or NULL with *status: 0 when there is nobody to ask, else the exit status, having
 * said why. Reads what it needs of the file system. Keeps the options. */
struct fetch *fetch_open(const struct options *options, int *status);

/* What of the process it needs once that is confined. */
const struct outbound *fetch_outbound(const struct fetch *fetch);

/* Starts its threads. ring_bells: of the cores, which may be opened later; kept. Returns 0, or the exit status. */
int fetch_start(struct fetch *fetch, const int *ring_bells);

/* What it has done, while it lives. */
const struct fetch_counters *fetch_figures(const struct fetch *fetch);

/* For the cores; NULL where there is no such option. */
const struct hook_port *fetch_hooks(const struct fetch *fetch);

/* From any thread: a token names a key that is not known. Asks for the key set again, if it is time. */
void fetch_keys_wanted(struct fetch *fetch);

/* A key set that was fetched and is to be judged, else an absent span. For one thread, and borrowed until it says by
 * fetch_keys_judged() what came of it: one that was not adopted counts as a failure, and is fetched again soon. */
struct span fetch_keys_take(struct fetch *fetch);
void fetch_keys_judged(struct fetch *fetch, bool adopted);

/* No core runs any more. NULL is let pass. */
void fetch_end(struct fetch *fetch);

#endif
