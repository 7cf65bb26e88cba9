/* What tokens are judged by: a JWKS, PEM, or a secret. What is taken is whole, public and of one name each; what is
 * refused says why in a line. Input: a byte (which algorithm the source is for; none), and the text. */
#include <openssl/evp.h>

#include "engine/auth/keys.h"
#include "engine/core/log.h"
#include "tests/fuzz/fuzz.h"

static struct fuzz_exact exact;

static bool is_secret(const struct key *key)
{
	return jwt_algorithm_kind(key->algorithm) == JWT_KIND_HMAC;
}

static void judge_key(const struct key *key)
{
	check(key->algorithm < JWT_ALGORITHM_COUNT);
	check(is_secret(key) == (key->pkey == NULL) && is_secret(key) == (key->secret != NULL));
	check(!is_secret(key) || (key->secret_size >= 32 && key->secret_size <= KEY_SECRET_MAX));
	check(!key->has_kid || key->kid_size <= JWT_KID_SIZE_MAX);
	if (key->pkey && EVP_PKEY_get_base_id(key->pkey) == EVP_PKEY_RSA)
		check(EVP_PKEY_get_bits(key->pkey) >= KEY_RSA_BITS_LEAST &&
		      EVP_PKEY_get_bits(key->pkey) <= KEY_RSA_BITS_MOST);
}

static bool has_one_name(const struct key *a, const struct key *b)
{
	return a->algorithm == b->algorithm && a->has_kid && b->has_kid && a->kid_size == b->kid_size &&
	       memcmp(a->kid, b->kid, a->kid_size) == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct keys keys;
	char why[AUTH_WHY_MAX] = "";

	if (size < 1 || size > 4000)
		return 0;
	log_setup(LOG_OFF, false);
	const struct auth_source source = {
		.name = SPAN("set"),
		.text = span_of(fuzz_exact(&exact, data + 1, size - 1), size - 1),
		.algorithm = data[0] < JWT_ALGORITHM_COUNT
				     ? span_of(jwt_algorithm_name(data[0]), strlen(jwt_algorithm_name(data[0])))
				     : SPAN_NONE,
	};
	const int result = keys_read(&keys, &source, why);

	check((result == 0) == (why[0] == 0) && !strchr(why, '\n'));
	check(result == 0 || result == -1);
	check(result == 0 ? keys.count > 0 : true);
	check(keys.count <= KEYS_MAX);
	for (uint32_t i = 0; i < keys.count; i++) {
		judge_key(&keys.keys[i]);
		check(!source.algorithm.bytes || keys.keys[i].algorithm == data[0]);
		for (uint32_t j = 0; result == 0 && j < i; j++) {
			check(!has_one_name(&keys.keys[i], &keys.keys[j]));
			check(is_secret(&keys.keys[i]) == is_secret(&keys.keys[j]));
		}
	}
	keys_close(&keys);
	return 0;
}
