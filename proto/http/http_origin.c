#include "proto/http/http_origin.h"

#include "proto/http/http_host.h"
#include "proto/http/http_text.h"

#define PORT_OF_HTTP 80
#define PORT_OF_HTTPS 443

/* What stands before the mark goes to the caller, what stands behind it stays. False without a mark. */
static bool split(struct span *text, struct span *before, const char *mark, size_t mark_size)
{
	for (size_t at = 0; at + mark_size <= text->size; at++) {
		if (memcmp(text->bytes + at, mark, mark_size) != 0)
			continue;
		*before = span_of(text->bytes, at);
		*text = span_of(text->bytes + at + mark_size, text->size - at - mark_size);
		return true;
	}
	return false;
}

static uint32_t port_of_scheme(struct span scheme)
{
	if (span_equal(scheme, SPAN("http")))
		return PORT_OF_HTTP;
	return span_equal(scheme, SPAN("https")) ? PORT_OF_HTTPS : 0;
}

/* Takes ":8080" off the end of a valid host; ours without one. */
static uint32_t take_port(struct span *host, uint32_t ours)
{
	uint32_t port = 0;
	size_t at = host->size;

	while (at > 0 && host->bytes[at - 1] >= '0' && host->bytes[at - 1] <= '9')
		at--;
	if (at == 0 || host->bytes[at - 1] != ':')
		return ours;
	for (size_t i = at; i < host->size; i++)
		port = port * 10 + (host->bytes[i] - '0');
	const bool said = at < host->size;

	host->size = at - 1;
	return said ? port : ours;
}

static bool is_scheme(struct span text)
{
	for (size_t i = 0; i < text.size; i++) {
		const uint8_t byte = text.bytes[i];
		const bool letter = byte >= 'a' && byte <= 'z';

		if (!letter && (i == 0 || !((byte >= '0' && byte <= '9') || memchr("+-.", byte, 3))))
			return false;
	}
	return text.size > 0;
}

static bool is_lower(struct span text)
{
	for (size_t i = 0; i < text.size; i++)
		if (text.bytes[i] >= 'A' && text.bytes[i] <= 'Z')
			return false;
	return true;
}

bool http_origin_is_valid(struct span origin)
{
	struct span host = origin, scheme;

	if (!split(&host, &scheme, "://", 3) || !is_scheme(scheme) || !is_lower(host) || !http_host_is_valid(host))
		return false;
	const size_t whole = host.size;
	const uint32_t port = take_port(&host, UINT32_MAX);

	/* A port is there and is not the scheme's own, or there is no colon either. */
	return port == UINT32_MAX ? host.size == whole : port != port_of_scheme(scheme);
}

bool http_origin_is_same(struct span origin, struct span host)
{
	struct span own = origin, scheme;

	if (!host.bytes || !http_origin_is_valid(origin) || !split(&own, &scheme, "://", 3))
		return false;
	const uint32_t standard = port_of_scheme(scheme);

	if (standard == 0 || take_port(&own, standard) != take_port(&host, standard))
		return false;
	return own.size == host.size && http_text_equal(own.bytes, (const char *)host.bytes, own.size);
}

static bool is_between(uint8_t byte)
{
	return byte == ' ' || byte == ',' || byte == '\t';
}

/* Takes the next word off the list; an empty one at its end. */
static struct span next_word(struct span *list)
{
	size_t from = 0, to;

	while (from < list->size && is_between(list->bytes[from]))
		from++;
	for (to = from; to < list->size && !is_between(list->bytes[to]);)
		to++;
	const struct span word = span_of(list->bytes + from, to - from);

	*list = span_of(list->bytes + to, list->size - to);
	return word;
}

bool http_origins_are_valid(struct span list)
{
	for (;;) {
		const struct span word = next_word(&list);

		if (word.size == 0)
			return true;
		if (!span_equal(word, SPAN("*")) && !span_equal(word, SPAN("same")) && !http_origin_is_valid(word))
			return false;
	}
}

bool http_origin_is_allowed(struct span list, struct span origin, struct span host)
{
	for (;;) {
		const struct span word = next_word(&list);

		if (word.size == 0)
			return false;
		const bool is_same = span_equal(word, SPAN("same"));

		/* Who says that it comes from "same" comes from nowhere. */
		if (is_same ? http_origin_is_same(origin, host)
			    : span_equal(word, SPAN("*")) || span_equal(word, origin))
			return true;
	}
}
