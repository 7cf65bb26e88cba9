#include "engine/ops/fetch_trust.h"

#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Where Debian, Fedora, SUSE and Alpine have it. */
static const char *const usual[] = {
	"/etc/ssl/certs/ca-certificates.crt",
	"/etc/pki/tls/certs/ca-bundle.crt",
	"/etc/ssl/ca-bundle.pem",
	"/etc/ssl/cert.pem",
};

static const char *choose(const char *path)
{
	const char *said = getenv("SSL_CERT_FILE");

	if (*path)
		return path;
	if (said && *said)
		return said;
	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
		if (access(usual[i], R_OK) == 0)
			return usual[i];
	return usual[0];
}

X509_STORE *fetch_trust_open(const char *path, char *why, size_t size)
{
	X509_STORE *store = X509_STORE_new();
	const char *file = choose(path);

	if (store && X509_STORE_load_file(store, file) == 1)
		return store;
	snprintf(why, size, "'%s' has no certificates that can be read; apt-get install ca-certificates", file);
	X509_STORE_free(store);
	return NULL;
}

void fetch_trust_close(X509_STORE *store)
{
	X509_STORE_free(store);
}

void fetch_trust_use(X509_STORE *store, SSL_CTX *context)
{
	SSL_CTX_set1_cert_store(context, store);
}
