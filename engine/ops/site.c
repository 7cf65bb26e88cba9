#include "engine/ops/site.h"

#include "engine/core/check.h"
#include "engine/core/clock.h"
#include "engine/core/pages.h"
#include "engine/ops/api_figures.h"
#include "engine/ops/assets.h"
#include "engine/ops/metrics.h"

#define SECURITY                                                                                                       \
	"Content-Security-Policy: default-src 'self'; connect-src 'self' ws: wss:; img-src 'self' data:; "             \
	"base-uri 'none'; frame-ancestors 'none'\r\nX-Content-Type-Options: nosniff\r\n"                               \
	"Referrer-Policy: no-referrer\r\n"
#define PAGE_FIELDS "Cache-Control: no-cache\r\n" SECURITY
#define VARY "Vary: Accept-Encoding\r\n" /* gzip brings its own */
#define ANY_ORIGIN "Access-Control-Allow-Origin: *\r\n"
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

/* If-None-Match is *, or a list of tags; a tag brings its quotes, so none is a part of another. */
static bool etag_matches(struct span listed, const char *etag)
{
	if (!listed.bytes)
		return false;
	return span_is(listed, "*") || memmem(listed.bytes, listed.size, etag, strlen(etag));
}

/* The library is for apps of other origins too. */
static const char *asset_fields(const struct asset *asset, bool gzip)
{
	if (strcmp(asset->path, "/uproar.js") == 0)
		return gzip ? PAGE_FIELDS ANY_ORIGIN : PAGE_FIELDS ANY_ORIGIN VARY;
	return gzip ? PAGE_FIELDS : PAGE_FIELDS VARY;
}

static bool asset_answer(const struct http_question *question, struct http_answer *answer)
{
	for (size_t i = 0; i < asset_count; i++) {
		const struct asset *asset = &assets[i];

		if (!span_is(question->path, asset->path))
			continue;
		answer->fields = asset_fields(asset, false);
		answer->etag = asset->etag;
		if (etag_matches(question->if_none_match, asset->etag)) {
			answer->status = 304;
			return true;
		}
		answer->status = 200;
		answer->content_type = asset->content_type;
		answer->gzip = question->accepts_gzip && asset->gzip_size < asset->size;
		answer->fields = asset_fields(asset, answer->gzip);
		answer->body = answer->gzip ? asset->gzip : asset->bytes;
		answer->body_size = answer->gzip ? asset->gzip_size : asset->size;
		return true;
	}
	return false;
}

/* Who asks a hundred times at once is told what the first was told: to write it takes a hundred times what reading the
 * request does. */
#define METRICS_NS 1000000

/* The text is of a core's own until its bytes are copied to be sent, which is before the next request. */
static void metrics_answer(const struct site *site, struct http_answer *answer)
{
	static _Thread_local char *body;
	static _Thread_local uint64_t made_ns;
	static _Thread_local size_t size;
	const uint64_t now_ns = clock_mono_ns();
	const size_t bound = metrics_bound(site->figures.cores);

	if (!body)
		body = pages_reserve(bound);
	if (!body) {
		text(answer, 503, "no memory\n");
		return;
	}
	text(answer, 200, "");
	answer->content_type = METRICS_TYPE;
	answer->body = (const uint8_t *)body;
	if (size == 0 || now_ns - made_ns >= METRICS_NS) {
		size = metrics_text(&site->figures, body, bound);
		made_ns = now_ns;
	}
	answer->body_size = size;
	CHECK(answer->body_size > 0);
}

void site_answer(void *context, const struct http_question *question, struct http_answer *answer)
{
	const struct site *site = context;

	if (span_is(question->path, "/healthz")) {
		text(answer, 200, "ok\n");
	} else if (span_is(question->path, "/readyz")) {
		text(answer, question->draining ? 503 : 200, question->draining ? "draining\n" : "ready\n");
	} else if (span_is(question->path, "/metrics")) {
		metrics_answer(site, answer);
	} else if (api_figures_answer(&site->figures, question, answer)) {
		return;
	} else if (!__atomic_load_n(&site->page, __ATOMIC_RELAXED)) {
		text(answer, 404, "There is nothing here. The WebSocket is at /ws.\n");
	} else if (!asset_answer(question, answer)) {
		text(answer, 404, "There is nothing here. The page is at /, the WebSocket at /ws.\n");
	}
}
