#include "tools/cli/admin_http.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

#include "engine/core/clock.h"
#include "tools/cli/dial.h"

/* Behind the head; NULL: it is not whole. */
static const uint8_t *body_of(const struct text *text)
{
	const uint8_t *end = memmem(text_span(text).bytes, text->size, "\r\n\r\n", 4);

	return end ? end + 4 : NULL;
}

/* How large the body is; -1: as large as it comes, since the head does not say. */
static long long length_of(const struct text *text, const uint8_t *body)
{
	const char *at = (const char *)text->bytes, *end = (const char *)body;

	while ((at = memchr(at, '\n', (size_t)(end - at))) != NULL && ++at < end)
		if (end - at > 15 && strncasecmp(at, "content-length:", 15) == 0)
			return strtoll(at + 15, NULL, 10);
	return -1;
}

/* 100 to 599, or 0. */
static int status_of(const struct text *text)
{
	int status = 0;

	if (text->size < 12 || memcmp(text->bytes, "HTTP/1.", 7) != 0 || text->bytes[8] != ' ')
		return 0;
	for (size_t i = 9; i < 12; i++) {
		if (text->bytes[i] < '0' || text->bytes[i] > '9')
			return 0;
		status = status * 10 + (text->bytes[i] - '0');
	}
	return status >= 100 && status < 600 ? status : 0;
}

static int judge(struct admin_answer *answer, char *why, size_t why_size)
{
	const uint8_t *body = body_of(&answer->text);
	const size_t size = body ? answer->text.size - (size_t)(body - answer->text.bytes) : 0;
	const long long length = body ? length_of(&answer->text, body) : -1;

	answer->status = status_of(&answer->text);
	if (!body || answer->status == 0) {
		snprintf(why, why_size, "what answers there does not speak HTTP");
		return 0;
	}
	if (length >= 0 && (unsigned long long)length > size) {
		snprintf(why, why_size, "the connection was lost in the middle of the answer");
		return 0;
	}
	answer->body = span_of(body, size);
	return 1;
}

int admin_ask(const struct url *url, struct span request, uint64_t timeout_s, struct admin_answer *answer, char *why,
	      size_t why_size)
{
	const uint64_t until_ns = timeout_s > 0 ? clock_mono_ns() + timeout_s * 1000000000 : UINT64_MAX;
	const int fd = dial_connect(url, until_ns, why, why_size);

	if (fd < 0)
		return 0;

	const int done = dial_exchange(fd, request, until_ns, &answer->text, why, why_size);

	close(fd);
	return done < 0 ? 0 : judge(answer, why, why_size);
}
