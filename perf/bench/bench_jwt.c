/* bench_jwt - what it costs to judge a token, by its algorithm: CPU of this thread.
 *
 * A line: name, nanoseconds an operation, its floor, the signature's verification alone, and how many times that it is;
 * and nanoseconds of one that comes again, whose signature is known (auth/verified.h). */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "engine/auth/keys.h"
#include "engine/core/log.h"
#include "engine/core/slab.h"
#include "tests/identity/signer.h"

#define NOW_MS 1800000000000ull
#define ROUNDS 9
#define ROUND_NS 20000000.0

static double cpu_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
	return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

struct judged {
	struct auth *auth;
	struct keys keys;
	struct verified *verified;
	struct span token, message, signature;
	uint8_t raw[1024];
};

static void run_token(const struct judged *judged)
{
	struct identity *identity;

	signer_must(auth_token(judged->auth, NULL, judged->token, NOW_MS, &identity) == AUTH_OK);
	block_give(identity, identity->size);
}

static void run_again(const struct judged *judged)
{
	struct identity *identity;

	signer_must(auth_token(judged->auth, judged->verified, judged->token, NOW_MS, &identity) == AUTH_OK);
	block_give(identity, identity->size);
}

static void run_signature(const struct judged *judged)
{
	signer_must(key_verifies(&judged->keys.keys[0], judged->message, judged->signature));
}

/* The least of some rounds. */
static double measure(void (*run)(const struct judged *), const struct judged *judged)
{
	double least = 1e18;

	for (int round = 0; round < ROUNDS; round++) {
		const double from = cpu_ns();
		double took;
		uint32_t count = 0;

		do {
			run(judged);
			took = cpu_ns() - from;
			count++;
		} while (took < ROUND_NS);
		least = took / count < least ? took / count : least;
	}
	return least;
}

static void bench(enum jwt_algorithm algorithm)
{
	static char jwk[SIGNER_TEXT_MAX], token[SIGNER_TEXT_MAX];
	static struct judged judged;
	static struct counters counters;
	struct verified verified;
	char more[64], why[AUTH_WHY_MAX];
	struct signer signer;

	signer_make(&signer, algorithm);
	snprintf(more, sizeof(more), ",\"alg\":\"%s\"", jwt_algorithm_name(algorithm));
	const struct auth_source source = { .name = SPAN("key"), .text = span_of(jwk, signer_jwk(&signer, more, jwk)) };
	const struct auth_config config = { .rights = SPAN("*: member"), .sources = &source, .source_count = 1 };

	judged.auth = auth_make(&config, NULL, why);
	signer_must(judged.auth && keys_read(&judged.keys, &source, why) == 0);
	judged.token = span_of(token, signer_token(&signer,
						   "{\"iss\":\"https://id.example\",\"sub\":\"user-1234567\",\"iat\":"
						   "1799999990,\"exp\":1800000600,\"name\":\"Ann Example\"}",
						   token));
	judged.message = span_of(token, (size_t)(strrchr(token, '.') - token));
	size_t size = signer_raw(&signer, token, judged.message.size, judged.raw);
	uint8_t flat[132];

	if (jwt_algorithm_kind(algorithm) == JWT_KIND_EC) {
		size = signer_flat(flat, judged.raw, size, signer_coordinate(algorithm));
		memcpy(judged.raw, flat, size);
	}
	judged.signature = span_of(judged.raw, size);
	signer_must(verified_open(&verified, 1024, 1, &counters) == 0);
	judged.verified = &verified;
	const double floor_ns = measure(run_signature, &judged), token_ns = measure(run_token, &judged);
	const double again_ns = measure(run_again, &judged);

	printf("%-8s token %10.0f ns   signature alone %10.0f ns   %5.2f   again %10.0f ns\n",
	       jwt_algorithm_name(algorithm), token_ns, floor_ns, token_ns / floor_ns, again_ns);
	verified_close(&verified);
	auth_release(judged.auth);
	keys_close(&judged.keys);
	signer_end(&signer);
}

int main(void)
{
	log_setup(LOG_OFF, false);
	for (unsigned i = 0; i < JWT_ALGORITHM_COUNT; i++)
		bench((enum jwt_algorithm)i);
	return 0;
}
