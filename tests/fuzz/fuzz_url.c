/* Where to connect to, as the tools read it: what is taken is made of what was given, and fits a request line. Input: a
 * byte of which reader, the address. */
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>

#include "proto/http/http_head.h"
#include "tests/fuzz/fuzz.h"
#include "tools/cli/url.h"
#include "tools/load/worker.h"

/* Nobody is asked: linked with --wrap. */
int __wrap_getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **found);
void __wrap_freeaddrinfo(struct addrinfo *found);

int __wrap_getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **found)
{
	static struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = 1 };
	static struct addrinfo one;

	(void)hints;
	check(strlen(node) > 0 && strlen(node) < 128 && strlen(service) > 0 && strlen(service) < 6);
	one = (struct addrinfo){ .ai_family = AF_INET6, .ai_addr = (struct sockaddr *)&six };
	*found = &one;
	return strchr(node, ':') ? EAI_NONAME : 0;
}

void __wrap_freeaddrinfo(struct addrinfo *found)
{
	(void)found;
}

static bool is_visible(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text <= ' ' || (unsigned char)*text >= 0x7f)
			return false;
	return true;
}

static bool is_port(const char *text)
{
	const long port = strtol(text, NULL, 10);

	return port > 0 && port < 65536 && text[strspn(text, "0123456789")] == 0;
}

/* A request to there must be one to us. */
static void check_request(const char *path, const char *host)
{
	static struct http_head head;
	char request[8192];
	const int size = snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", path, host);

	check(http_head_parse(&head, (const uint8_t *)request, (size_t)size, 0) == size);
	check(span_equal(head.target, span_of(path, strlen(path))));
	check(span_equal(head.host, span_of(host, strlen(host))));
}

static void read_by_cli(const char *text, bool any)
{
	struct url url;
	const int result = any ? url_parse_server(&url, text, "/ws") : url_parse(&url, text);

	check(result == 1 || (result < 0 && result >= -URL_PATH && url_refusal_text(result)[0]));
	if (result != 1)
		return;
	check(url.name[0] && is_visible(url.name) && is_visible(url.path) && url.path[0] == '/');
	check(is_port(url.port) && is_visible(url.host));
	if (strlen(url.path) < 2000)
		check_request(url.path, url.host);
}

static void read_by_load(const char *text)
{
	static struct target target;
	char why[160] = "";

	if (!target_parse(&target, text, why)) {
		check(why[0] && strlen(why) < sizeof(why));
		return;
	}
	check(strcmp(target.url, text) == 0 && target.host[0]);
	if (target.path[0] && strlen(target.path) < 2000)
		check_request(target.path, "h");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char text[8192];

	if (size < 1 || size > sizeof(text) - 1)
		return 0;
	memcpy(text, data + 1, size - 1);
	text[size - 1] = 0;
	if (data[0] & 1)
		read_by_cli(text, data[0] & 2);
	else
		read_by_load(text);
	return 0;
}
