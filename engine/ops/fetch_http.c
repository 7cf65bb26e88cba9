#include "engine/ops/fetch_http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/core/check.h"
#include "engine/ops/fetch_trust.h"

#define URL_SIZE_MAX 1024

/* Less than was given is a refusal: the request fails. */
static size_t take_body(char *bytes, size_t one, size_t size, void *context)
{
	struct fetch_http *http = context;

	(void)one;
	if (size > http->body_size_max - http->body_size)
		return 0;
	memcpy(http->body + http->body_size, bytes, size);
	http->body_size += size;
	return size;
}

static size_t take_head(char *bytes, size_t one, size_t size, void *context)
{
	struct fetch_http *http = context;

	(void)bytes;
	(void)one;
	http->head_size += size;
	return http->head_size <= FETCH_HEAD_SIZE_MAX ? size : 0;
}

static CURLcode use_trust(CURL *easy, void *context, void *trust)
{
	(void)easy;
	if (!trust)
		return CURLE_SSL_CACERT_BADFILE;
	fetch_trust_use(trust, context);
	return CURLE_OK;
}

static bool set_up(struct fetch_http *http, struct curl_slist *fields, X509_STORE *trust)
{
	CURL *easy = http->easy;
	CURLcode error = 0;

	error |= curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	error |= curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	error |= curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	error |= curl_easy_setopt(easy, CURLOPT_PROXY, "");
	error |= curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	error |= curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	error |= curl_easy_setopt(easy, CURLOPT_USERAGENT, "uproar/" UPROAR_VERSION);
	error |= curl_easy_setopt(easy, CURLOPT_HTTPHEADER, fields);
	error |= curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, http->why);
	error |= curl_easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)http->body_size_max);
	error |= curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
	error |= curl_easy_setopt(easy, CURLOPT_WRITEDATA, http);
	error |= curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_head);
	error |= curl_easy_setopt(easy, CURLOPT_HEADERDATA, http);
	error |= curl_easy_setopt(easy, CURLOPT_PRIVATE, http);
	error |= curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	error |= curl_easy_setopt(easy, CURLOPT_CAINFO, NULL);
	error |= curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	error |= curl_easy_setopt(easy, CURLOPT_CA_CACHE_TIMEOUT, 0L);
	error |= curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, use_trust);
	error |= curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, trust);
	return error == CURLE_OK;
}

bool fetch_http_open(struct fetch_http *http, size_t body_size_max, struct curl_slist *fields, X509_STORE *trust)
{
	*http = (struct fetch_http){
		.easy = curl_easy_init(),
		.body = malloc(body_size_max),
		.body_size_max = body_size_max,
	};
	if (http->easy && http->body && set_up(http, fields, trust))
		return true;
	fetch_http_close(http);
	return false;
}

void fetch_http_close(struct fetch_http *http)
{
	if (http->easy)
		curl_easy_cleanup(http->easy);
	curl_slist_free_all(http->resolve);
	free(http->body);
	*http = (struct fetch_http){ 0 };
}

/* What was found last takes the place of what libcurl remembers. */
static bool resolve_to(struct fetch_http *http, const char *host_port, const char *addresses)
{
	char entry[URL_SIZE_MAX];

	curl_slist_free_all(http->resolve);
	http->resolve = NULL;
	if (*addresses) {
		const int size = snprintf(entry, sizeof(entry), "%s:%s", host_port, addresses);

		CHECK(size > 0 && (size_t)size < sizeof(entry));
		http->resolve = curl_slist_append(NULL, entry);
		if (!http->resolve)
			return false;
	}
	return curl_easy_setopt(http->easy, CURLOPT_RESOLVE, http->resolve) == CURLE_OK;
}

bool fetch_http_ask(struct fetch_http *http, const char *url, const char *host_port, const char *addresses,
		    uint32_t timeout_ms, const void *text, size_t text_size)
{
	CURL *easy = http->easy;
	CURLcode error = 0;

	http->body_size = 0;
	http->head_size = 0;
	http->why[0] = 0;
	if (!resolve_to(http, host_port, addresses))
		return false;
	error |= curl_easy_setopt(easy, CURLOPT_URL, url);
	error |= curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
	error |= curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)timeout_ms);
	if (text) {
		error |= curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)text_size);
		error |= curl_easy_setopt(easy, CURLOPT_POSTFIELDS, text);
	} else {
		error |= curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
	}
	return error == CURLE_OK;
}

long fetch_http_status(struct fetch_http *http, CURLcode result)
{
	long status = 0;

	if (result == CURLE_OK)
		curl_easy_getinfo(http->easy, CURLINFO_RESPONSE_CODE, &status);
	else if (!http->why[0])
		snprintf(http->why, sizeof(http->why), "%s", curl_easy_strerror(result));
	return status;
}
