/* site.h - what plain HTTP requests get: the page and its files, health, readiness, metrics.
 */
#ifndef OPS_SITE_H
#define OPS_SITE_H

#include "engine/gate/http_source.h"
#include "engine/ops/figures.h"

struct site {
	bool page; /* serve the files of the page; atomic */
	struct figures figures;
};

/* http_source's answer; context is a struct site. */
void site_answer(void *context, const struct http_question *question, struct http_answer *answer);

#endif
