#include "engine/ops/api_figures.h"

#include <stdio.h>

#include "engine/chat/post.h"
#include "engine/core/check.h"
#include "engine/core/clock.h"
#include "engine/ops/assets.h"

#define VALUE_MAX 24 /* bytes of a number and its comma */

static bool is(struct span path, const char *text)
{
	return span_equal(path, span_of(text, strlen(text)));
}

static uint64_t total(const struct figures *figures, enum counter counter)
{
	uint64_t sum = 0;

	for (uint32_t core = 0; core < figures->cores; core++)
		sum += counter_read(figures->counters[core], counter);
	return sum;
}

static size_t put_common(const struct figures *figures, const struct http_question *question, char *out,
			 size_t capacity)
{
	const int size =
		snprintf(out, capacity,
			 "{\"server\":\"%s\",\"api\":\"v1\",\"time\":%lu,\"uptime_ms\":%lu,\"cores\":%u,"
			 "\"draining\":%s,\"connections\":%lu,\"sessions\":%lu,\"rooms\":%lu",
			 UPROAR_VERSION, clock_wall_ms(), clock_wall_ms() - figures->started_ms, figures->cores,
			 question->draining ? "true" : "false", total(figures, COUNTER_connections),
			 total(figures, COUNTER_sessions), total(figures, COUNTER_rooms));

	CHECK(size > 0 && (size_t)size < capacity);
	return (size_t)size;
}

/* Every counter, as "name":[of each core]. */
static size_t put_counters(const struct figures *figures, char *out, size_t capacity)
{
	size_t at = (size_t)snprintf(out, capacity, ",\"counters\":{");

	for (int i = 0; i < COUNTER_COUNT; i++) {
		const char *const name = counter_name((enum counter)i);

		CHECK(at + strlen(name) + 8 + (size_t)figures->cores * VALUE_MAX < capacity);
		at += (size_t)snprintf(out + at, capacity - at, "%s\"%s\":[", i > 0 ? "," : "", name);
		for (uint32_t core = 0; core < figures->cores; core++)
			at += (size_t)snprintf(out + at, capacity - at, "%s%lu", core > 0 ? "," : "",
					       counter_read(figures->counters[core], (enum counter)i));
		at += (size_t)snprintf(out + at, capacity - at, "]");
	}
	CHECK(at + 2 < capacity);
	memcpy(out + at, "}", 1);
	return at + 1;
}

static const struct asset *openapi(void)
{
	for (size_t i = 0; i < asset_count; i++)
		if (strcmp(assets[i].path, "/openapi.json") == 0)
			return &assets[i];
	return NULL;
}

bool api_figures_answer(const struct figures *figures, const struct http_question *question, struct http_answer *answer,
			uint8_t *buffer, size_t capacity)
{
	static _Thread_local char body[COUNTER_COUNT * (64 + CORES_MAX * VALUE_MAX) + 1024];
	const bool status = is(question->path, "/api/v1/status");

	(void)buffer; /* what is made here may be larger */
	(void)capacity;
	answer->content_type = "application/json";
	answer->status = 200;
	if (is(question->path, "/api/v1/openapi.json") && openapi()) {
		answer->body = openapi()->bytes;
		answer->body_size = openapi()->size;
		return true;
	}
	if (!status && !is(question->path, "/api/v1/info"))
		return false;
	size_t size = put_common(figures, question, body, sizeof(body) - 2);

	if (status)
		size += put_counters(figures, body + size, sizeof(body) - 2 - size);
	body[size++] = '}';
	answer->body = (const uint8_t *)body;
	answer->body_size = size;
	return true;
}
