#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/http/http_head.h"
#include "tools/load/worker.h"

struct parts {
	char name[128]; /* for the resolver: an IPv6 address without its brackets */
	char port[8];
};

static bool refuse(char why[160], const char *what, const char *url)
{
	snprintf(why, 160, "%s: \"%.60s\" (as in ws://127.0.0.1:8080/ws or tcp://127.0.0.1:4222)", what, url);
	return false;
}

/* host, host:port, [::1]:port; up to the path. */
static bool take_authority(struct parts *parts, const char *text, size_t size)
{
	const bool bracket = size > 0 && text[0] == '[';
	const char *const end = bracket ? memchr(text, ']', size) : memchr(text, ':', size);
	const size_t name_size = end ? (size_t)(end - text) - bracket : size;
	const char *port = end ? end + bracket : text + size;

	if ((bracket && !end) || name_size == 0 || name_size >= sizeof(parts->name))
		return false;
	memcpy(parts->name, text + bracket, name_size);
	parts->name[name_size] = '\0';
	if (port == text + size)
		return true;
	const size_t port_size = (size_t)(text + size - port) - 1;

	if (*port != ':' || port_size == 0 || port_size > 5 || strspn(port + 1, "0123456789") < port_size)
		return false;
	memcpy(parts->port, port + 1, port_size);
	parts->port[port_size] = '\0';
	return strtol(parts->port, NULL, 10) > 0 && strtol(parts->port, NULL, 10) < 65536;
}

static void take_address(struct target *target, const struct addrinfo *found)
{
	memset(target->address, 0, sizeof(target->address));
	if (found->ai_family == AF_INET6) {
		const struct sockaddr_in6 *const six = (const struct sockaddr_in6 *)found->ai_addr;

		memcpy(target->address, &six->sin6_addr, 16);
		target->port = ntohs(six->sin6_port);
		return;
	}
	const struct sockaddr_in *const four = (const struct sockaddr_in *)found->ai_addr;

	memset(target->address + 10, 0xff, 2);
	memcpy(target->address + 12, &four->sin_addr, 4);
	target->port = ntohs(four->sin_port);
}

bool target_parse(struct target *target, const char *url, char why[160])
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct parts parts = { .port = "80" };
	const char *text = url;
	struct addrinfo *found;

	if (strncmp(url, "ws://", 5) == 0)
		text += 5;
	else if (strncmp(url, "tcp://", 6) == 0)
		text += 6;
	else
		return refuse(why, "ws:// or tcp:// is needed", url);
	const size_t host_size = strcspn(text, "/?");
	const char *const path = text[host_size] == '/' ? text + host_size : "";

	if (strlen(url) >= sizeof(target->url) || strlen(path) >= sizeof(target->path) ||
	    host_size >= sizeof(target->host))
		return refuse(why, "too long", url);
	if (path[0] && !http_target_is_valid(span_of(path, strlen(path))))
		return refuse(why, "no path that a request may ask for", url);
	if (text[host_size] == '?' || !take_authority(&parts, text, host_size))
		return refuse(why, "no such host and port", url);
	memcpy(target->url, url, strlen(url) + 1);
	memcpy(target->host, text, host_size);
	target->host[host_size] = '\0';
	memcpy(target->path, path, strlen(path) + 1); /* empty: the dialect's own */

	const int error = getaddrinfo(parts.name, parts.port, &hints, &found);

	if (error != 0) {
		snprintf(why, 160, "%.80s: %s", parts.name, gai_strerror(error));
		return false;
	}
	take_address(target, found);
	freeaddrinfo(found);
	return true;
}
