/* Public keys and certificates in PEM (RFC 7468). A certificate is no more than a key here: who puts it into the file
 * trusts it, whatever its dates and issuers say. */
#include "engine/auth/keys.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>

static EVP_PKEY *of_certificate(const uint8_t **at, long size)
{
	X509 *certificate = d2i_X509(NULL, at, size);
	EVP_PKEY *pkey = certificate ? X509_get_pubkey(certificate) : NULL;

	X509_free(certificate);
	return pkey;
}

/* NULL with *why: static words. */
static EVP_PKEY *of_block(const char *label, const uint8_t *bytes, long size, const char **why)
{
	*why = "a block that cannot be read";
	if (strstr(label, "PRIVATE KEY")) {
		*why = "a private key; whoever judges tokens needs the public one alone (openssl pkey -pubout)";
		return NULL;
	}
	if (strcmp(label, "PUBLIC KEY") == 0)
		return d2i_PUBKEY(NULL, &bytes, size);
	if (strcmp(label, "RSA PUBLIC KEY") == 0)
		return d2i_PublicKey(EVP_PKEY_RSA, NULL, &bytes, size);
	if (strcmp(label, "CERTIFICATE") == 0)
		return of_certificate(&bytes, size);
	*why = "a block that is neither PUBLIC KEY nor CERTIFICATE";
	return NULL;
}

static const char *add(struct keys *keys, struct span issuer, enum jwt_algorithm algorithm, EVP_PKEY *pkey)
{
	if (keys->count == KEYS_MAX) {
		EVP_PKEY_free(pkey);
		return "more keys than there may be";
	}
	const char *why = key_public(&keys->keys[keys->count], algorithm, pkey);

	if (!why)
		keys->keys[keys->count++].issuer = issuer;
	return why;
}

int keys_read_pem(struct keys *keys, const struct auth_source *source, enum jwt_algorithm algorithm,
		  char why[AUTH_WHY_MAX])
{
	BIO *bio = BIO_new_mem_buf(source->text.bytes, (int)source->text.size);
	const char *wrong = bio ? NULL : "no memory";
	char *label, *header;
	unsigned char *bytes;
	uint32_t blocks = 0;
	long size;

	while (!wrong && PEM_read_bio(bio, &label, &header, &bytes, &size)) {
		EVP_PKEY *pkey = of_block(label, bytes, size, &wrong);

		blocks++;
		if (pkey)
			wrong = add(keys, source->issuer, algorithm, pkey);
		OPENSSL_free(label);
		OPENSSL_free(header);
		OPENSSL_free(bytes);
	}
	/* Behind the last block there may be anything but the beginning of another. */
	if (!wrong && (blocks == 0 || ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE))
		wrong = "PEM that cannot be read";
	BIO_free(bio);
	ERR_clear_error();
	if (!wrong)
		return 0;
	snprintf(why, AUTH_WHY_MAX, "%.*s: block %u: %s", (int)source->name.size, source->name.bytes, blocks, wrong);
	return -1;
}
