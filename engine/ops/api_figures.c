#include "engine/ops/api_figures.h"

#include <stdio.h>

#include "engine/core/check.h"
#include "engine/core/clock.h"
#include "engine/core/pages.h"
#include "engine/ops/assets.h"
#include "engine/ops/status.h"

#define INFO_MAX 512

static bool is(struct span path, const char *text)
{
	return span_equal(path, span_of(text, strlen(text)));
}

static size_t write_info(const struct figures *figures, const struct http_question *question, char out[INFO_MAX])
{
	const uint64_t now_ms = clock_wall_ms();
	const int size = snprintf(out, INFO_MAX,
				  "{\"server\":\"%s\",\"api\":\"v1\",\"time\":%lu,\"uptime_ms\":%lu,\"cores\":%u,"
				  "\"draining\":%s,\"connections\":%lu,\"sessions\":%lu,\"rooms\":%lu}",
				  UPROAR_VERSION, now_ms, figures_uptime_ms(figures, now_ms), figures->cores,
				  question->draining ? "true" : "false", figures_total(figures, COUNTER_connections),
				  figures_total(figures, COUNTER_sessions), figures_total(figures, COUNTER_rooms));

	CHECK(size > 0 && size < INFO_MAX);
	return (size_t)size;
}

/* Of a core's own until its bytes are copied to be sent, which is before the next request. */
static uint8_t *status_body(const struct figures *figures)
{
	static _Thread_local uint8_t *body;

	if (!body)
		body = pages_reserve(status_bound(figures->cores));
	return body;
}

static const struct asset *openapi(void)
{
	for (size_t i = 0; i < asset_count; i++)
		if (strcmp(assets[i].path, "/openapi.json") == 0)
			return &assets[i];
	return NULL;
}

bool api_figures_answer(const struct figures *figures, const struct http_question *question, struct http_answer *answer)
{
	static _Thread_local char info[INFO_MAX];
	const bool status = is(question->path, "/api/v1/status");
	const struct asset *const description = is(question->path, "/api/v1/openapi.json") ? openapi() : NULL;

	if (!status && !description && !is(question->path, "/api/v1/info"))
		return false;
	answer->content_type = "application/json";
	answer->status = 200;
	if (description) {
		answer->body = description->bytes;
		answer->body_size = description->size;
	} else if (status) {
		answer->body = status_body(figures);
		if (answer->body)
			answer->body_size = status_json(figures, question->draining, status_body(figures));
		else
			answer->status = 503;
	} else {
		answer->body = (const uint8_t *)info;
		answer->body_size = write_info(figures, question, info);
	}
	return true;
}
