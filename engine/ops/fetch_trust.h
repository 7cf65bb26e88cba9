/* fetch_trust.h - the certificates that https addresses are checked against: read once, before files are out of reach.
 */
#ifndef OPS_FETCH_TRUST_H
#define OPS_FETCH_TRUST_H

#include <openssl/ossl_typ.h>
#include <stddef.h>

/* path: a file of PEM certificates; empty: where SSL_CERT_FILE says, or else the system's. Gives them, or NULL with
 * one line in why. */
X509_STORE *fetch_trust_open(const char *path, char *why, size_t size);
void fetch_trust_close(X509_STORE *store);

/* Has an SSL_CTX check against these and no others. */
void fetch_trust_use(X509_STORE *store, SSL_CTX *context);

#endif
