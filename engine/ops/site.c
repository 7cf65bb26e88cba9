#include "engine/ops/site.h"

#include <stdio.h>

#include "engine/chat/post.h"
#include "engine/core/check.h"
#include "engine/chat/store_job.h"
#include "engine/ops/assets.h"

#define SECURITY                                                                                                       \
	"Content-Security-Policy: default-src 'self'; connect-src 'self' ws: wss:; img-src 'self' data:; "             \
	"base-uri 'none'; frame-ancestors 'none'\r\nX-Content-Type-Options: nosniff\r\n"                               \
	"Referrer-Policy: no-referrer\r\n"
#define PAGE_FIELDS "Cache-Control: no-cache\r\n" SECURITY
#define PAGE_FIELDS_PLAIN PAGE_FIELDS "Vary: Accept-Encoding\r\n" /* gzip brings its own Vary */
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

static bool asset_answer(const struct http_question *question, struct http_answer *answer)
{
	for (size_t i = 0; i < asset_count; i++) {
		const struct asset *asset = &assets[i];

		if (!span_is(question->path, asset->path))
			continue;
		answer->fields = PAGE_FIELDS_PLAIN;
		answer->etag = asset->etag;
		if (etag_matches(question->if_none_match, asset->etag)) {
			answer->status = 304;
			return true;
		}
		answer->status = 200;
		answer->content_type = asset->content_type;
		answer->gzip = question->accepts_gzip && asset->gzip_size < asset->size;
		answer->fields = answer->gzip ? PAGE_FIELDS : PAGE_FIELDS_PLAIN;
		answer->body = answer->gzip ? asset->gzip : asset->bytes;
		answer->body_size = answer->gzip ? asset->gzip_size : asset->size;
		return true;
	}
	return false;
}

/* A line of a metric is a name, a core and a number; its head has the name twice and a sentence. */
#define METRIC_LINE_MAX 112
#define METRIC_HEAD_MAX 400
#define METRICS_STORE_MAX                                                                                              \
	((STORE_COUNTER_COUNT + 1) * METRIC_HEAD_MAX +                                                                 \
	 STORE_WORKERS * (STORE_COUNTER_COUNT + STORE_BUCKETS + 2) * METRIC_LINE_MAX)
#define METRICS_MAX (COUNTER_COUNT * (METRIC_HEAD_MAX + CORES_MAX * METRIC_LINE_MAX) + METRICS_STORE_MAX)

/* Prometheus' text format, every counter with one value a core. */
static size_t metrics(const struct site *site, char *out)
{
	size_t at = 0;

	for (int counter = 0; counter < COUNTER_COUNT; counter++) {
		const char *name = counter_name((enum counter)counter);
		const char *kind = counter_kind((enum counter)counter);
		const char *suffix = strcmp(kind, "counter") == 0 ? "_total" : "";

		at += (size_t)snprintf(out + at, METRIC_HEAD_MAX, "# HELP uproar_%s%s %s\n# TYPE uproar_%s%s %s\n",
				       name, suffix, counter_help((enum counter)counter), name, suffix, kind);
		for (uint32_t core = 0; core < site->cores; core++)
			at += (size_t)snprintf(out + at, METRIC_LINE_MAX, "uproar_%s%s{core=\"%u\"} %lu\n", name,
					       suffix, core, counter_read(site->counters[core], (enum counter)counter));
		CHECK(at < METRICS_MAX);
	}
	return at;
}

static size_t metric_head(char *out, const char *name, const char *suffix, const char *help, const char *kind)
{
	return (size_t)snprintf(out, METRIC_HEAD_MAX, "# HELP uproar_store_%s%s %s\n# TYPE uproar_store_%s%s %s\n",
				name, suffix, help, name, suffix, kind);
}

/* How long batches took, one histogram a thread of the store. */
static size_t metrics_took(const struct store_counters *store, const char *worker, char *out)
{
	uint64_t sum = 0;
	size_t at = 0;

	for (int i = 0; i < STORE_BUCKETS; i++) {
		char bound[24];

		sum += __atomic_load_n(&store->took[i], __ATOMIC_RELAXED);
		snprintf(bound, sizeof(bound), "%g", (double)(STORE_BUCKET_US << i) / 1e6);
		at += (size_t)snprintf(out + at, METRIC_LINE_MAX,
				       "uproar_store_batch_seconds_bucket{worker=\"%s\",le=\"%s\"} %lu\n", worker,
				       i < STORE_BUCKETS - 1 ? bound : "+Inf", sum);
	}
	at += (size_t)snprintf(out + at, METRIC_LINE_MAX, "uproar_store_batch_seconds_sum{worker=\"%s\"} %g\n", worker,
			       (double)store_counter_read(store, STORE_COUNTER_busy_us) / 1e6);
	return at + (size_t)snprintf(out + at, METRIC_LINE_MAX, "uproar_store_batch_seconds_count{worker=\"%s\"} %lu\n",
				     worker, sum);
}

static size_t metrics_store(const struct store_counters *const *stores, char *out)
{
	static const char *const workers[STORE_WORKERS] = { "writer", "reader", "searcher" };
	size_t at = 0;

	for (int counter = 0; counter < STORE_COUNTER_COUNT; counter++) {
		const enum store_counter which = (enum store_counter)counter;
		const char *suffix = strcmp(store_counter_kind(which), "counter") == 0 ? "_total" : "";

		at += metric_head(out + at, store_counter_name(which), suffix, store_counter_help(which),
				  store_counter_kind(which));
		for (uint32_t i = 0; i < STORE_WORKERS; i++)
			at += (size_t)snprintf(out + at, METRIC_LINE_MAX, "uproar_store_%s%s{worker=\"%s\"} %lu\n",
					       store_counter_name(which), suffix, workers[i],
					       store_counter_read(stores[i], which));
	}
	at += metric_head(out + at, "batch_seconds", "", "Time that a batch took in the backend.", "histogram");
	for (uint32_t i = 0; i < STORE_WORKERS; i++)
		at += metrics_took(stores[i], workers[i], out + at);
	CHECK(at < METRICS_STORE_MAX);
	return at;
}

static void metrics_answer(const struct site *site, struct http_answer *answer)
{
	static _Thread_local char body[METRICS_MAX];

	CHECK(site->cores <= CORES_MAX);
	text(answer, 200, body);
	answer->content_type = "text/plain; version=0.0.4; charset=utf-8";
	answer->body_size = metrics(site, body);
	if (site->stores)
		answer->body_size += metrics_store(site->stores, body + answer->body_size);
}

void site_answer(void *context, const struct http_question *question, struct http_answer *answer, uint8_t *buffer,
		 size_t capacity)
{
	const struct site *site = context;

	(void)buffer; /* what is made here may be larger */
	(void)capacity;
	if (span_is(question->path, "/healthz")) {
		text(answer, 200, "ok\n");
	} else if (span_is(question->path, "/readyz")) {
		text(answer, question->draining ? 503 : 200, question->draining ? "draining\n" : "ready\n");
	} else if (span_is(question->path, "/metrics")) {
		metrics_answer(site, answer);
	} else if (!site->page || !asset_answer(question, answer)) {
		text(answer, 404, "There is nothing here. The page is at /, the WebSocket at /ws.\n");
	}
}
