#include "proto/http/http_response.h"

#include <assert.h>

#include "proto/http/http_out.h"

const char *http_status_text(int status)
{
	switch (status) {
/* clang-format off */
#define HTTP_STATUS(code, text) case code: return text;
/* clang-format on */
#include "proto/http/tbl/statuses.h"
#undef HTTP_STATUS
	default:
		return NULL;
	}
}

static bool has_length(int status)
{
	return status >= 200 && status != 204 && status != 304;
}

size_t http_response_head(uint8_t *out, size_t capacity, int status, const char *content_type, uint64_t content_length,
			  bool keep_alive, const char *extra_fields)
{
	struct http_out head = { .bytes = out, .capacity = capacity };
	const char *const text = http_status_text(status);

	assert(text);
	http_out_text(&head, "HTTP/1.1 ");
	http_out_number(&head, (uint64_t)status);
	http_out_text(&head, " ");
	http_out_text(&head, text);
	if (content_type) {
		http_out_text(&head, "\r\nContent-Type: ");
		http_out_text(&head, content_type);
	}
	if (has_length(status)) {
		http_out_text(&head, "\r\nContent-Length: ");
		http_out_number(&head, content_length);
	}
	http_out_text(&head, keep_alive ? "\r\nConnection: keep-alive" : "\r\nConnection: close");
	/* Upgrade, which its fields say, is for this connection alone (RFC 9110, 7.8). */
	http_out_text(&head, status == 426 ? ", upgrade\r\n" : "\r\n");
	if (extra_fields)
		http_out_text(&head, extra_fields);
	http_out_text(&head, "\r\n");
	return http_out_finish(&head);
}
