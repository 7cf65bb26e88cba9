/* bench_http - request heads and the handshake, against a copy of the head in the same run. */
#include <string.h>

#include "perf/bench/measure.h"
#include "proto/http/http_head.h"
#include "proto/http/http_response.h"
#include "proto/ws/ws_handshake.h"

static const char small[] = "GET /healthz HTTP/1.1\r\nHost: localhost:8080\r\n\r\n";

/* What a browser of today sends. */
static const char browser[] = "GET /ws HTTP/1.1\r\n"
			      "Host: chat.example.org\r\n"
			      "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n"
			      "Accept: */*\r\n"
			      "Accept-Language: en-US,en;q=0.5\r\n"
			      "Accept-Encoding: gzip, deflate, br, zstd\r\n"
			      "Sec-WebSocket-Version: 13\r\n"
			      "Origin: https://chat.example.org\r\n"
			      "Sec-WebSocket-Protocol: uproar.v1\r\n"
			      "Sec-WebSocket-Extensions: permessage-deflate\r\n"
			      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
			      "Connection: keep-alive, Upgrade\r\n"
			      "Cookie: session=0123456789abcdef0123456789abcdef; theme=dark\r\n"
			      "Sec-Fetch-Dest: empty\r\n"
			      "Sec-Fetch-Mode: websocket\r\n"
			      "Sec-Fetch-Site: same-origin\r\n"
			      "Pragma: no-cache\r\n"
			      "Cache-Control: no-cache\r\n"
			      "Upgrade: websocket\r\n\r\n";

static uint8_t text[HTTP_HEAD_SIZE_MAX], out[HTTP_HEAD_SIZE_MAX];
static size_t text_size;
static struct http_head head;

static void run_copy(void)
{
	memcpy(out, text, text_size);
	measure_touch(out);
}

static void run_parse(void)
{
	if (http_head_parse(&head, text, text_size, 0) != (int)text_size)
		abort();
	measure_touch(&head);
}

static void run_parse_scalar(void)
{
	if (http_head_parse_scalar(&head, text, text_size, 0) != (int)text_size)
		abort();
	measure_touch(&head);
}

static void run_check(void)
{
	struct ws_handshake handshake;

	if (ws_handshake_check(&head, &handshake) != 101 || !ws_handshake_offers(&head, "uproar.v1"))
		abort();
	measure_touch(&handshake);
}

static void run_response(void)
{
	if (http_response_head(out, sizeof(out), 200, "text/html", 12345, true, NULL) == 0)
		abort();
	measure_touch(out);
}

static void bench_head(const char *name, const char *request, size_t size)
{
	char label[64];

	memcpy(text, request, size);
	text_size = size;
	const double floor_ns = measure(run_copy);

	printf("# %s: %zu bytes\n", name, size);
	measure_report("copy", size, floor_ns, floor_ns);
	snprintf(label, sizeof(label), "head_%s", name);
	measure_report(label, size, measure(run_parse), floor_ns);
	snprintf(label, sizeof(label), "head_%s_scalar", name);
	measure_report(label, size, measure(run_parse_scalar), floor_ns);
}

int main(void)
{
	bench_head("small", small, sizeof(small) - 1);
	bench_head("browser", browser, sizeof(browser) - 1);
	const double floor_ns = measure(run_copy);

	measure_report("handshake_check", text_size, measure(run_check), floor_ns);
	text_size = http_response_head(out, sizeof(out), 200, "text/html", 12345, true, NULL);
	measure_report("response_head", text_size, measure(run_response), measure(run_copy));
	return 0;
}
