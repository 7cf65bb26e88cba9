#include "engine/ops/site.h"

#include <stdio.h>

#include "engine/core/check.h"
#include "engine/ops/assets.h"

#define SECURITY                                                                                                       \
	"Content-Security-Policy: default-src 'self'; connect-src 'self' ws: wss:; img-src 'self' data:; "             \
	"base-uri 'none'; frame-ancestors 'none'\r\nX-Content-Type-Options: nosniff\r\n"                               \
	"Referrer-Policy: no-referrer\r\n"
#define PAGE_FIELDS "Cache-Control: no-cache\r\n" SECURITY
#define PLAIN_FIELDS "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
#define TEXT "text/plain; charset=utf-8"

static bool span_is(struct span span, const char *text)
{
	return span_equal(span, span_of(text, strlen(text)));
}

static void text(struct http_answer *answer, uint16_t status, const char *body)
{
	answer->status = status;
	answer->content_type = TEXT;
	answer->fields = PLAIN_FIELDS;
	answer->body = (const uint8_t *)body;
	answer->body_size = strlen(body);
}

static bool asset_answer(const struct http_question *question, struct http_answer *answer)
{
	for (size_t i = 0; i < asset_count; i++) {
		const struct asset *asset = &assets[i];

		if (!span_is(question->path, asset->path))
			continue;
		answer->content_type = asset->content_type;
		answer->fields = PAGE_FIELDS;
		answer->etag = asset->etag;
		if (question->if_none_match.bytes && span_is(question->if_none_match, asset->etag)) {
			answer->status = 304;
			answer->content_type = NULL;
			return true;
		}
		answer->status = 200;
		answer->gzip = question->accepts_gzip && asset->gzip_size < asset->size;
		answer->body = answer->gzip ? asset->gzip : asset->bytes;
		answer->body_size = answer->gzip ? asset->gzip_size : asset->size;
		return true;
	}
	return false;
}

/* Prometheus' text format, every counter with one value a core. */
static size_t metrics(const struct site *site, char *out, size_t capacity)
{
	size_t at = 0;

	for (int counter = 0; counter < COUNTER_COUNT; counter++) {
		const char *name = counter_name((enum counter)counter);
		const char *kind = counter_kind((enum counter)counter);
		const char *suffix = strcmp(kind, "counter") == 0 ? "_total" : "";

		at += (size_t)snprintf(out + at, capacity - at, "# HELP uproar_%s%s %s\n# TYPE uproar_%s%s %s\n", name,
				       suffix, counter_help((enum counter)counter), name, suffix, kind);
		for (uint32_t core = 0; core < site->cores && at < capacity; core++)
			at += (size_t)snprintf(out + at, capacity - at, "uproar_%s%s{core=\"%u\"} %lu\n", name, suffix,
					       core, counter_read(site->counters[core], (enum counter)counter));
		if (at >= capacity)
			return 0;
	}
	return at;
}

void site_answer(void *context, const struct http_question *question, struct http_answer *answer, uint8_t *buffer,
		 size_t capacity)
{
	const struct site *site = context;

	if (span_is(question->path, "/healthz")) {
		text(answer, 200, "ok\n");
	} else if (span_is(question->path, "/readyz")) {
		text(answer, question->draining ? 503 : 200, question->draining ? "draining\n" : "ready\n");
	} else if (span_is(question->path, "/metrics")) {
		text(answer, 200, "");
		answer->content_type = "text/plain; version=0.0.4; charset=utf-8";
		answer->body = NULL;
		answer->body_size = metrics(site, (char *)buffer, capacity);
	} else if (!site->page || !asset_answer(question, answer)) {
		text(answer, 404, "There is nothing here. The page is at /, the WebSocket at /ws.\n");
	}
}
