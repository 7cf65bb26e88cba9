#include "engine/net/lookup.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

bool lookup_is_literal(const char *name)
{
	struct in_addr address;

	return name[0] == '[' || inet_pton(AF_INET, name, &address) == 1;
}

void lookup_prepare(void)
{
	FILE *file = fopen("/etc/nsswitch.conf", "re");
	char line[512], library[96], *left;

	while (file && fgets(line, sizeof(line), file)) {
		if (strncmp(line, "hosts:", strlen("hosts:")) != 0)
			continue;
		for (char *word = strtok_r(line + strlen("hosts:"), " \t\n", &left); word;
		     word = strtok_r(NULL, " \t\n", &left)) {
			if (word[0] == '[')
				continue;
			snprintf(library, sizeof(library), "libnss_%.60s.so.2", word);
			(void)dlopen(library, RTLD_NOW | RTLD_GLOBAL);
		}
	}
	if (file)
		fclose(file);
}

/* As many as there is room for, in the order in which they are to be tried. */
static bool list(const struct addrinfo *from, char *out, size_t size)
{
	size_t at = 0;

	out[0] = 0;
	for (; from; from = from->ai_next) {
		char text[INET6_ADDRSTRLEN + 1];

		if (getnameinfo(from->ai_addr, from->ai_addrlen, text, sizeof(text), NULL, 0, NI_NUMERICHOST) != 0 ||
		    strchr(text, '%'))
			continue;
		const bool six = from->ai_family == AF_INET6;
		const int written =
			snprintf(out + at, size - at, "%s%s%s%s", at ? "," : "", six ? "[" : "", text, six ? "]" : "");

		if (written < 0 || (size_t)written >= size - at) {
			out[at] = 0;
			break;
		}
		at += (size_t)written;
	}
	return at > 0;
}

const char *lookup(const char *name, char *out, size_t size)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *result = NULL;
	const int error = getaddrinfo(name, NULL, &hints, &result);
	const char *why = error == EAI_SYSTEM ? strerror(errno) : error != 0 ? gai_strerror(error) : NULL;

	if (!why && !list(result, out, size))
		why = "it has no address";
	if (result)
		freeaddrinfo(result);
	return why;
}
