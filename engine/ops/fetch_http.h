/* fetch_http.h - one HTTP request to an address of ours, by libcurl: bounded in time and size, and to nowhere else.
 *
 * http and https alone, no redirect is followed, no proxy and no file of the environment is heeded, names are not
 * looked up here (fetch_names.h), and certificates are those read at the start (fetch_trust.h).
 */
#ifndef OPS_FETCH_HTTP_H
#define OPS_FETCH_HTTP_H

#include <curl/curl.h>
#include <openssl/ossl_typ.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FETCH_HEAD_SIZE_MAX (16 * 1024)

struct fetch_http {
	CURL *easy;
	struct curl_slist *resolve; /* of the request under way */
	uint8_t *body;
	size_t body_size, body_size_max;
	size_t head_size;
	char why[CURL_ERROR_SIZE];
};

/* Makes it ready for any number of requests, one after the other. trust may be NULL: no https. Keeps fields, of every
 * request. Returns false without memory. */
bool fetch_http_open(struct fetch_http *http, size_t body_size_max, struct curl_slist *fields, X509_STORE *trust);
void fetch_http_close(struct fetch_http *http);

/* The next request, of http->easy: a POST of text, borrowed until it is over, or a GET. host_port and addresses,
 * which may be empty, as in CURLOPT_RESOLVE. Returns false without memory. */
bool fetch_http_ask(struct fetch_http *http, const char *url, const char *host_port, const char *addresses,
		    uint32_t timeout_ms, const void *text, size_t text_size);

/* It is over: the status, or 0 with http->why. */
long fetch_http_status(struct fetch_http *http, CURLcode result);

#endif
