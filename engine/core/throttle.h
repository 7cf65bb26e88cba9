/* throttle.h - which of many like events is told: the first of its rule and network in ten seconds.
 *
 * So that the log is not the next victim of an attack. The caller passes the
 * time, monotonic, and writes the lines; a count is never lost: it comes with the next event that is told, or
 * from throttle_over(). Networks beyond those that there is room for share an entry of their rule.
 */
#ifndef CORE_THROTTLE_H
#define CORE_THROTTLE_H

#include <stdbool.h>
#include <stdint.h>

#define THROTTLE_WINDOW_MS 10000
#define THROTTLE_RULES_MAX 64
#ifndef THROTTLE_ENTRIES /* few for a fuzzer, which has a tick in every other turn */
#define THROTTLE_ENTRIES 512           /* a power of two */
#endif
#define THROTTLE_OTHERS UINT64_MAX     /* the network of the shared entry */

struct throttle_entry {
	uint64_t network;
	uint64_t since_ms; /* when one was told; 0: the entry is free */
	uint32_t rule;
	uint32_t untold;   /* events since */
};

struct throttle {
	struct throttle_entry entries[THROTTLE_ENTRIES];
	struct throttle_entry others[THROTTLE_RULES_MAX];
	uint64_t over_ms; /* before it none of them is over; 0: there are none */
};

/* An event, at now_ms > 0. True: tell it, and that there were *untold more before that were not told. */
bool throttle_take(struct throttle *throttle, uint32_t rule, uint64_t network, uint64_t now_ms, uint32_t *untold);

/* The same of one kind of event alone, whose entry was zeros at first; throttle_over() does not know of it. */
bool throttle_one(struct throttle_entry *entry, uint64_t now_ms, uint32_t *untold);

/* Takes out a rule and network whose time is over with events untold; false when there is none (left). */
bool throttle_over(struct throttle *throttle, uint64_t now_ms, struct throttle_entry *over);

#endif
