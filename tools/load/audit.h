/* audit.h - the book of one worker: what each receiver got of each producer, and what was wrong with it.
 *
 * A track is one (receiver, room, producer), known by an index the caller keeps. Numbers run 1, 2, 3 ...
 * A number beyond the expected one makes those in between missing; one that comes after all was reordered;
 * one that is not missing and below the expected is a duplicate. What is still missing at the end is lost.
 */
#ifndef LOAD_AUDIT_H
#define LOAD_AUDIT_H

#include <stdbool.h>
#include <stdint.h>

struct audit;

struct audit_counts {
	uint64_t delivered; /* good ones, reordered included */
	uint64_t lost, duplicated, reordered;
	uint64_t corrupted, foreign; /* the caller counts these two: no track is theirs */
	uint64_t excused; /* missing, and the server said so (gap, lagged) */
};

struct audit *audit_open(uint32_t tracks); /* NULL: no memory */
void audit_close(struct audit *audit);
uint64_t audit_bytes(const struct audit *audit);

/* From now on the track expects everything after `sent`; what came between `asked` and `sent` (while the join
 * was under way) may come or not, but in order. Before that, whatever comes is foreign: audit_take says false. */
void audit_begin(struct audit *audit, uint32_t track, uint32_t asked, uint32_t sent);

/* One came. Returns true when it counts as delivered. */
bool audit_take(struct audit *audit, uint32_t track, uint32_t number);

/* The server has said that it could not give everything up to and including `number`: of what has not come there from
 * the expected number on, the first `most` are excused. A hole that was noticed before stays lost: nobody had announced
 * it. Returns how many were excused. */
uint32_t audit_excuse(struct audit *audit, uint32_t track, uint32_t number, uint32_t most);

/* How many of those up to `sent` that were sure to come may still do so in order: a hole is not among them. */
uint32_t audit_lacks(const struct audit *audit, uint32_t track, uint32_t sent);

/* False: it was sent while the join was under way, and need not have come. */
bool audit_was_sure(const struct audit *audit, uint32_t track, uint32_t number);

/* The receiver has left; everything up to `sent` should have come. A track may begin again afterwards. */
void audit_end(struct audit *audit, uint32_t track, uint32_t sent);

const struct audit_counts *audit_counts(const struct audit *audit); /* lost counts what is missing at this moment */

#endif
