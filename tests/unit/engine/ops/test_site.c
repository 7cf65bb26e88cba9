/* What a plain HTTP request gets. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "engine/ops/assets.h"
#include "engine/ops/site.h"

static struct counters counters[CORES_MAX];
static const struct counters *of_cores[CORES_MAX];
static struct site site;
static struct http_question question;
static struct http_answer answer;

static void setup(void)
{
	for (int i = 0; i < CORES_MAX; i++)
		of_cores[i] = &counters[i];
	site = (struct site){ .page = true, .figures = { .cores = 2, .counters = of_cores, .statm = -1 } };
	question = (struct http_question){ .method = SPAN("GET"), .if_none_match = SPAN_NONE };
}

TestSuite(site, .init = setup);

static void ask(const char *path)
{
	char *exact = malloc(strlen(path));

	memcpy(exact, path, strlen(path));
	question.path = span_of(exact, strlen(path));
	answer = (struct http_answer){ .status = 404 };
	site_answer(&site, &question, &answer);
	free(exact);
}

static bool body_is(const char *text)
{
	return answer.body_size == strlen(text) && memcmp(answer.body, text, answer.body_size) == 0;
}

Test(site, health_and_readiness)
{
	ask("/healthz");
	cr_assert_eq(answer.status, 200);
	cr_assert(body_is("ok\n"));
	ask("/readyz");
	cr_assert_eq(answer.status, 200);
	question.draining = true;
	ask("/readyz");
	cr_assert_eq(answer.status, 503);
	ask("/healthz");
	cr_assert_eq(answer.status, 200, "it is well, only on its way out");
}

Test(site, nothing_else)
{
	static const char *const paths[] = { "/healthz/", "/health",    "/metricsx",    "/..",
					     "//",        "/index.htm", "/uproar.js.gz" };

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		ask(paths[i]);
		cr_assert_eq(answer.status, 404, "%s", paths[i]);
		cr_assert_not_null(strstr(answer.fields, "nosniff"));
	}
}

/* The one for operators, too, and nothing says where they are. */
Test(site, pages_can_be_switched_off)
{
	ask("/status");
	cr_assert_eq(answer.status, 200);
	site.page = false;
	for (size_t i = 0; i < asset_count; i++) {
		ask(assets[i].path);
		cr_assert_eq(answer.status, 404, "%s", assets[i].path);
		cr_assert(body_is("There is nothing here. The WebSocket is at /ws.\n"));
	}
	ask("/healthz");
	cr_assert_eq(answer.status, 200);
}

Test(site, every_file_of_the_page)
{
	cr_assert_gt(asset_count, 3);
	for (size_t i = 0; i < asset_count; i++) {
		question.accepts_gzip = false;
		ask(assets[i].path);
		cr_assert_eq(answer.status, 200, "%s", assets[i].path);
		cr_assert_not(answer.gzip);
		cr_assert_eq(answer.body, assets[i].bytes);
		cr_assert_eq(answer.body_size, assets[i].size);
		cr_assert_str_eq(answer.content_type, assets[i].content_type);
		cr_assert_str_eq(answer.etag, assets[i].etag);
		cr_assert_not_null(strstr(answer.fields, "Cache-Control: no-cache\r\n"));
		cr_assert_not_null(strstr(answer.fields, "X-Content-Type-Options: nosniff\r\n"));
		cr_assert_not_null(strstr(answer.fields, "Vary: Accept-Encoding\r\n"));
		cr_assert_not_null(strstr(answer.fields,
					  "Content-Security-Policy: default-src 'self'; connect-src 'self' ws: wss:; "
					  "img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'\r\n"));
	}
	ask("/");
	cr_assert_eq(answer.status, 200);
}

Test(site, gzip_only_for_who_takes_it_and_where_it_is_smaller)
{
	size_t smaller = 0;

	for (size_t i = 0; i < asset_count; i++) {
		uint8_t *plain = malloc(assets[i].size + 1);
		z_stream stream = { 0 };

		question.accepts_gzip = true;
		ask(assets[i].path);
		cr_assert_eq(answer.gzip, assets[i].gzip_size < assets[i].size);
		smaller += answer.gzip;
		if (answer.gzip) {
			cr_assert_eq(inflateInit2(&stream, 16 + 15), Z_OK);
			stream.next_in = (uint8_t *)(uintptr_t)answer.body;
			stream.avail_in = (unsigned)answer.body_size;
			stream.next_out = plain;
			stream.avail_out = (unsigned)assets[i].size + 1;
			cr_assert_eq(inflate(&stream, Z_FINISH), Z_STREAM_END);
			cr_assert_eq(stream.total_out, assets[i].size);
			cr_assert_eq(memcmp(plain, assets[i].bytes, assets[i].size), 0);
			inflateEnd(&stream);
			cr_assert_null(strstr(answer.fields, "Vary"), "whoever writes Content-Encoding writes it");
		}
		free(plain);
	}
	cr_assert_gt(smaller, 0);
}

static void ask_with_tags(const char *format, const char *etag)
{
	char tags[256];
	const int size = snprintf(tags, sizeof(tags), format, etag);
	char *exact = malloc((size_t)size);

	memcpy(exact, tags, (size_t)size);
	question.if_none_match = span_of(exact, (size_t)size);
	ask("/");
	free(exact);
}

Test(site, what_the_browser_has_is_not_sent)
{
	const char *etag;

	ask("/");
	etag = answer.etag;
	static const char *const having[] = { "%s", "W/%s", "\"other\", %s", "%s,\"other\"", "*%.0s" };
	static const char *const lacking[] = { "\"other\"%.0s", "%.5s", "%.0s", "\"*\"%.0s" };

	for (size_t i = 0; i < sizeof(having) / sizeof(having[0]); i++) {
		ask_with_tags(having[i], etag);
		cr_assert_eq(answer.status, 304, "%s", having[i]);
		cr_assert_null(answer.body);
		cr_assert_eq(answer.body_size, 0);
		cr_assert_str_eq(answer.etag, etag);
	}
	for (size_t i = 0; i < sizeof(lacking) / sizeof(lacking[0]); i++) {
		ask_with_tags(lacking[i], etag);
		cr_assert_eq(answer.status, 200, "%s", lacking[i]);
	}
}

Test(site, metrics)
{
	counter_add(&counters[1], COUNTER_accepted, 7);
	ask("/metrics");
	cr_assert_eq(answer.status, 200);
	cr_assert_str_eq(answer.content_type, "text/plain; version=0.0.4; charset=utf-8");
	cr_assert_not_null(strstr(answer.fields, "no-store"));
	cr_assert_not_null(memmem(answer.body, answer.body_size, "\nuproar_accepted_total{core=\"1\"} 7\n", 35));
	ask("/metrics");
	cr_assert_eq(answer.status, 200, "again");
}
