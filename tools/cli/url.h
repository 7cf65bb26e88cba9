/* url.h - take a WebSocket's address apart (RFC 6455, 3).
 */
#ifndef CLI_URL_H
#define CLI_URL_H

#include "proto/base/span.h"

#define URL_NAME_SIZE_MAX 255
#define URL_PATH_SIZE_MAX 2047

struct url {
	char name[URL_NAME_SIZE_MAX + 1];       /* for the resolver: an IPv6 address without its brackets */
	char port[6];
	char host[URL_NAME_SIZE_MAX + 1 + 8];   /* for the Host field: as written, with a port that is not 80 */
	char path[URL_PATH_SIZE_MAX + 1];       /* with the query; never empty */
};

enum url_refusal {
	URL_SCHEME = 1, /* neither ws:// nor wss:// */
	URL_TLS,        /* wss://: TLS is a proxy's, in front */
	URL_HOST,
	URL_PORT,
	URL_PATH,       /* too long, a fragment, or what a request line cannot hold */
};

/* Returns 1, or -(enum url_refusal). The scheme may be left out. */
int url_parse(struct url *url, const char *text);

/* As url_parse(), and http:// is taken as well: the same server speaks both. One without a path, or an http:// whose
 * path is "/", has `usual_path`, if there is one (NULL: "/"). */
int url_parse_server(struct url *url, const char *text, const char *usual_path);

/* What a refusal means, for people. */
const char *url_refusal_text(int refusal);

#endif
