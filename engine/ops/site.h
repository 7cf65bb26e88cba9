/* site.h - what plain HTTP requests get: the page and its files, health, readiness, metrics.
 */
#ifndef OPS_SITE_H
#define OPS_SITE_H

#include "engine/core/counters.h"
#include "engine/gate/http_source.h"
#include "engine/store/store_counters.h"

struct site {
	bool page;                              /* serve the files of the page */
	uint32_t cores;
	const struct counters *const *counters; /* of each core; keeps */
	const struct store_counters *const *stores; /* of each thread of the store; keeps. NULL: there is none */
};

/* http_source's answer; context is a struct site. */
void site_answer(void *context, const struct http_question *question, struct http_answer *answer, uint8_t *buffer,
		 size_t capacity);

#endif
