#include "tools/cli/url.h"

#include <stdio.h>
#include <strings.h>

#include "proto/http/http_head.h"
#include "proto/http/http_host.h"

static bool copy(char *out, size_t capacity, const char *bytes, size_t size)
{
	if (size >= capacity)
		return false;
	memcpy(out, bytes, size);
	out[size] = 0;
	return true;
}

static int path_parse(struct url *url, const char *text)
{
	const char *const path = *text == 0 ? "/" : text;
	const int size = snprintf(url->path, sizeof(url->path), "%s%s", *path == '?' ? "/" : "", path);

	if (size < 0 || (size_t)size >= sizeof(url->path))
		return -URL_PATH;
	return http_target_is_valid(span_of(url->path, (size_t)size)) ? 1 : -URL_PATH;
}

static int port_parse(struct url *url, const char *text, size_t size)
{
	uint32_t port = 0;

	if (size == 0 || size > 5)
		return -URL_PORT;
	for (size_t i = 0; i < size; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -URL_PORT;
		port = port * 10 + (uint32_t)(text[i] - '0');
	}
	if (port == 0 || port > 65535)
		return -URL_PORT;
	snprintf(url->port, sizeof(url->port), "%u", (unsigned)port);
	return 1;
}

/* host[:port], where an IPv6 address stands in brackets. */
static int host_parse(struct url *url, const char *text, size_t size)
{
	const bool bracket = size > 0 && text[0] == '[';
	const char *const shut = bracket ? memchr(text, ']', size) : NULL;
	const char *const colon = memchr(shut ? shut : text, ':', size - (size_t)(shut ? shut - text : 0));
	const size_t host_size = colon ? (size_t)(colon - text) : size;
	const size_t inside = bracket ? 1 : 0;
	int done = 1;

	if (host_size <= 2 * inside || (bracket && !shut) || !http_host_is_valid(span_of(text, host_size)) ||
	    !copy(url->name, sizeof(url->name), text + inside, host_size - 2 * inside))
		return -URL_HOST;
	done = colon ? port_parse(url, colon + 1, size - host_size - 1) : port_parse(url, "80", 2);
	if (done < 0)
		return done;
	snprintf(url->host, sizeof(url->host), "%.*s%s%s", (int)host_size, text, strcmp(url->port, "80") ? ":" : "",
		 strcmp(url->port, "80") ? url->port : "");
	return 1;
}

int url_parse(struct url *url, const char *text)
{
	const char *const scheme_end = strstr(text, "://");
	const char *host = text;
	size_t host_size;
	int done;

	*url = (struct url){ .name = "" };
	if (strncasecmp(text, "wss://", 6) == 0)
		return -URL_TLS;
	if (strncasecmp(text, "ws://", 5) == 0)
		host = text + 5;
	else if (scheme_end && scheme_end < text + strcspn(text, "/?"))
		return -URL_SCHEME;
	host_size = strcspn(host, "/?#");
	done = host_parse(url, host, host_size);
	return done < 0 ? done : path_parse(url, host + host_size);
}

int url_parse_server(struct url *url, const char *text, const char *usual_path)
{
	const bool http = strncasecmp(text, "http://", 7) == 0;
	const char *const host = http ? text + 7 : strncasecmp(text, "ws://", 5) == 0 ? text + 5 : text;
	const char *const path = host + strcspn(host, "/?#");
	const int done = strncasecmp(text, "https://", 8) == 0 ? -URL_TLS : url_parse(url, http ? host : text);

	if (done > 0 && usual_path && (!*path || (http && strcmp(path, "/") == 0)))
		snprintf(url->path, sizeof(url->path), "%s", usual_path);
	return done;
}

const char *url_refusal_text(int refusal)
{
	switch (-refusal) {
	case URL_SCHEME:
		return "an address begins with ws:// or http://";
	case URL_TLS:
		return "wss:// and https:// are a proxy's: TLS is not spoken here; name the server's own port, or a "
		       "tunnel (ssh -L)";
	case URL_HOST:
		return "that is not the name of a host";
	case URL_PORT:
		return "a port is a number from 1 to 65535";
	default:
		return "that is not a path one can ask for";
	}
}
