/* fetch_setup.h - what the options say about asking others over HTTP, read and made ready before the process is
 * confined.
 */
#ifndef OPS_FETCH_SETUP_H
#define OPS_FETCH_SETUP_H

#include <curl/curl.h>

#include "engine/ops/fetch_names.h"
#include "engine/ops/fetch_trust.h"
#include "engine/ops/options.h"
#include "engine/ops/sandbox.h"
#include "proto/hook/hook_question.h"

enum fetch_target { FETCH_CONNECT = HOOK_CONNECT, FETCH_JOIN = HOOK_JOIN, FETCH_KEYS, FETCH_TARGETS };

struct fetch_address {
	const char *url; /* NULL: not asked */
	char host_port[FETCH_HOST_SIZE + 8]; /* as in CURLOPT_RESOLVE */
};

struct fetch_setup {
	struct fetch_address addresses[FETCH_TARGETS];
	struct fetch_names *names; /* host i is that of addresses[i] */
	X509_STORE *trust; /* NULL: no address is https */
	struct curl_slist *fields, *keys_fields; /* of requests */
	uint32_t timeout_ms, requests_max, queue_max;
	uint32_t keys_every_ms, keys_least_ms;
	bool lenient;
	struct outbound outbound;
};

/* Keeps the options. Returns 0, or the exit status, having said why. */
int fetch_setup(struct fetch_setup *setup, const struct options *options);

/* Of one that nothing has been started with. */
void fetch_setup_undo(struct fetch_setup *setup);

/* Whether there is anybody to ask; without, nothing was made. */
bool fetch_setup_any(const struct fetch_setup *setup);

#endif
