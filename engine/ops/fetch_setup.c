#include "engine/ops/fetch_setup.h"

#include <stdio.h>
#include <string.h>

#include "engine/core/check.h"
#include "engine/ops/boot.h"
#include "proto/http/http_url.h"

#define KEY_SIZE_MAX 512

static const enum option_id options_of[FETCH_TARGETS] = {
	[FETCH_CONNECT] = OPTION_connect_url,
	[FETCH_JOIN] = OPTION_join_url,
	[FETCH_KEYS] = OPTION_token_jwks,
};

static int refused(const struct options *options, enum option_id id, const char *name, const char *why)
{
	fprintf(stderr, "uproar: %s: option '%s': %s\n", option_where(options, id), name, why);
	return EXIT_CONFIG;
}

bool fetch_setup_any(const struct fetch_setup *setup)
{
	for (int target = 0; target < FETCH_TARGETS; target++)
		if (setup->addresses[target].url)
			return true;
	return false;
}

static void add_port(struct outbound *outbound, uint16_t port)
{
	for (uint32_t i = 0; i < outbound->port_count; i++)
		if (outbound->ports[i] == port)
			return;
	CHECK(outbound->port_count < OUTBOUND_PORTS_MAX);
	outbound->ports[outbound->port_count++] = port;
}

/* The addresses and their ports. Returns whether one of them is https. */
static bool take_addresses(struct fetch_setup *setup, const struct options *options, struct span hosts[FETCH_TARGETS])
{
	bool secure = false;

	for (int target = 0; target < FETCH_TARGETS; target++) {
		const char *text = option_text(options, options_of[target]);
		struct fetch_address *address = &setup->addresses[target];
		struct http_url url;

		hosts[target] = SPAN("");
		if (!*text)
			continue;
		CHECK(http_url_parse(&url, span_of(text, strlen(text)))); /* judged before */
		hosts[target] = url.host;
		address->url = text;
		snprintf(address->host_port, sizeof(address->host_port), "%.*s:%u", (int)url.host.size,
			 (const char *)url.host.bytes, url.port);
		add_port(&setup->outbound, url.port);
		secure = secure || url.secure;
	}
	return secure;
}

/* The first line of the file, without what ends it. Returns its size, 0: there is none, or what may not stand in a
 * field. */
static size_t read_key(const char *path, char key[KEY_SIZE_MAX])
{
	FILE *file = fopen(path, "re");
	const bool read = file && fgets(key, KEY_SIZE_MAX, file);
	size_t size = 0;

	if (file)
		fclose(file);
	if (!read)
		return 0;
	while (key[size] > ' ' && key[size] < 0x7f)
		size++;
	if (size == KEY_SIZE_MAX - 1 || key[size + strspn(key + size, " \t\r\n")] != 0)
		return 0;
	key[size] = 0;
	return size;
}

static bool add_field(struct curl_slist **fields, const char *field)
{
	struct curl_slist *longer = curl_slist_append(*fields, field);

	if (longer)
		*fields = longer;
	return longer;
}

static int take_fields(struct fetch_setup *setup, const struct options *options)
{
	char field[KEY_SIZE_MAX + 32], key[KEY_SIZE_MAX];
	const char *path = option_text(options, OPTION_hook_key);

	if (!add_field(&setup->keys_fields, "Accept: application/json") ||
	    !add_field(&setup->fields, "Accept: application/json") ||
	    !add_field(&setup->fields, "Content-Type: application/json") || !add_field(&setup->fields, "Expect:"))
		return EXIT_MEMORY;
	if (!*path)
		return 0;
	if (read_key(path, key) == 0)
		return refused(options, OPTION_hook_key, "hook-key",
			       "the file's first line has to be a key of at most 510 visible characters");
	snprintf(field, sizeof(field), "Authorization: Bearer %s", key);
	return add_field(&setup->fields, field) ? 0 : EXIT_MEMORY;
}

static int take_trust(struct fetch_setup *setup, const struct options *options)
{
	char why[OPTION_ERROR_MAX / 2];

	setup->trust = fetch_trust_open(option_text(options, OPTION_outbound_ca), why, sizeof(why));
	return setup->trust ? 0 : refused(options, OPTION_outbound_ca, "outbound-ca", why);
}

int fetch_setup(struct fetch_setup *setup, const struct options *options)
{
	struct span hosts[FETCH_TARGETS];

	*setup = (struct fetch_setup){
		.timeout_ms = (uint32_t)option_number(options, OPTION_hook_timeout),
		.requests_max = (uint32_t)option_number(options, OPTION_hook_requests),
		.queue_max = (uint32_t)option_number(options, OPTION_hook_queue),
		.keys_every_ms = (uint32_t)option_number(options, OPTION_token_jwks_refresh),
		.keys_least_ms = (uint32_t)option_number(options, OPTION_token_jwks_pause),
		.lenient = option_number(options, OPTION_hook_failure) == 1,
	};
	const bool secure = take_addresses(setup, options, hosts);

	if (!fetch_setup_any(setup))
		return 0;
	if (curl_global_init(CURL_GLOBAL_ALL) != CURLE_OK)
		return EXIT_MEMORY;
	setup->names = fetch_names_open(hosts, FETCH_TARGETS);
	if (!setup->names)
		return EXIT_MEMORY;
	setup->outbound.names = fetch_names_any(setup->names);
	const int status = take_fields(setup, options);

	return status != 0 || !secure ? status : take_trust(setup, options);
}

void fetch_setup_undo(struct fetch_setup *setup)
{
	curl_slist_free_all(setup->fields);
	curl_slist_free_all(setup->keys_fields);
	fetch_names_close(setup->names);
	fetch_trust_close(setup->trust);
}
