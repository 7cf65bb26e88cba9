/* exposition.h - Prometheus' text format 0.0.4, line behind line.
 *
 * None of these knows where the text ends but by what it is given: what is full stays as it is, and says so.
 */
#ifndef OPS_EXPOSITION_H
#define OPS_EXPOSITION_H

#include "proto/base/span.h"

struct exposition {
	char *at, *end;
	bool full; /* something had no room: what is there is not to be used */
};

/* The two lines before a metric's own. Names are name_parts together: "uproar_", "turns", "_total". */
struct exposition_name {
	const char *prefix, *name, *suffix;
};
void exposition_head(struct exposition *out, const struct exposition_name *name, const char *kind, const char *help);

/* A line. A label: its name and value, the latter escaped; an absent one is left out. places: so many of the value's
 * last digits are behind the point. */
struct exposition_label {
	const char *name;
	struct span value;
};
void exposition_line(struct exposition *out, const struct exposition_name *name, const struct exposition_label *labels,
		     size_t label_count, uint64_t value, uint32_t places);

#endif
