#include "proto/http/http_url.h"

#include "proto/http/http_host.h"

#define PORT_OF_HTTP 80
#define PORT_OF_HTTPS 443
#define HOST_SIZE_MAX 255

static struct span behind(struct span text, size_t size)
{
	return span_of(text.bytes + size, text.size - size);
}

/* Takes ":8080" off the end. False for a colon without a port, or with none that there is. */
static bool take_port(struct span *host, uint16_t *port)
{
	size_t at = host->size;
	uint32_t number = 0;

	while (at > 0 && host->bytes[at - 1] >= '0' && host->bytes[at - 1] <= '9')
		at--;
	if (at == 0 || host->bytes[at - 1] != ':')
		return true;
	for (size_t i = at; i < host->size && number <= UINT16_MAX; i++)
		number = number * 10 + (host->bytes[i] - '0');
	*port = (uint16_t)number;
	host->size = at - 1;
	return number > 0 && number <= UINT16_MAX;
}

static bool is_visible(struct span text)
{
	for (size_t i = 0; i < text.size; i++)
		if (text.bytes[i] <= ' ' || text.bytes[i] >= 0x7f || text.bytes[i] == '#')
			return false;
	return true;
}

bool http_url_parse(struct http_url *url, struct span text)
{
	size_t end = 0;

	url->secure = span_begins(text, SPAN("https://"));
	if (!url->secure && !span_begins(text, SPAN("http://")))
		return false;
	text = behind(text, url->secure ? strlen("https://") : strlen("http://"));
	while (end < text.size && text.bytes[end] != '/' && text.bytes[end] != '?')
		end++;
	url->host = span_of(text.bytes, end);
	url->path = behind(text, end);
	url->port = url->secure ? PORT_OF_HTTPS : PORT_OF_HTTP;
	if (!http_host_is_valid(url->host) || !take_port(&url->host, &url->port))
		return false;
	return url->host.size > 0 && url->host.size <= HOST_SIZE_MAX && is_visible(url->path);
}
