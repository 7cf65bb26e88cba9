/* http_source.h - where plain HTTP answers come from: pages, health, metrics. Made by ops, asked by gate.
 */
#ifndef GATE_HTTP_SOURCE_H
#define GATE_HTTP_SOURCE_H

#include "proto/base/span.h"

struct http_question {
	struct span method;        /* GET or HEAD; others are refused before */
	struct span path;          /* without the query */
	struct span if_none_match; /* absent without the field */
	bool accepts_gzip;
	bool draining;             /* this core is on its way out */
};

struct http_answer {
	uint16_t status;
	const char *content_type;  /* static; NULL without a body */
	const char *fields;        /* static; further whole field lines, each ended by CRLF; or NULL */
	const char *etag;          /* static; or NULL */
	bool gzip;                 /* body is so encoded */
	const uint8_t *body;       /* static, or of this core's thread until the next question; NULL: there is none */
	size_t body_size;
};

/* Never blocks. Called on any core's thread. */
struct http_source {
	void (*answer)(void *context, const struct http_question *question, struct http_answer *answer);
	void *context;
};

#endif
