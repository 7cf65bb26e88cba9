#include "engine/ops/policy.h"

#include <stdlib.h>

#include "engine/core/check.h"
#include "engine/ops/api_file.h"
#include "engine/store/choose.h"

/* Where only who has a key may read the metrics there must be keys, or nobody does. */
static int check_metrics(const struct options *options, char error[OPTION_ERROR_MAX])
{
	if (option_number(options, OPTION_metrics) == 0 || *option_text(options, OPTION_api_keys))
		return 0;
	snprintf(error, OPTION_ERROR_MAX, "%.*s: option 'metrics': key needs api-keys, or nobody could read them",
		 OPTION_WHERE_MAX, option_where(options, OPTION_metrics));
	return -1;
}

/* By its form: what it names is opened at the start alone. */
static int check_store(const struct options *options, char error[OPTION_ERROR_MAX])
{
	char why[OPTION_ERROR_MAX / 2];

	if (store_check(option_text(options, OPTION_store), why, sizeof(why)) == 0)
		return 0;
	snprintf(error, OPTION_ERROR_MAX, "%.*s: option 'store': %s", OPTION_WHERE_MAX,
		 option_where(options, OPTION_store), why);
	return -1;
}

int policy_check(const struct options *options, char error[OPTION_ERROR_MAX])
{
	struct room_classes *classes = malloc(sizeof(*classes));
	int result = classes ? plan_classes(options, classes, error) : -1;

	if (!classes)
		snprintf(error, OPTION_ERROR_MAX, "there is no memory for the options");
	free(classes);
	if (result == 0)
		result = check_store(options, error);
	if (result == 0)
		result = identity_check(options, error);
	return result == 0 ? check_metrics(options, error) : result;
}

/* Keeps a copy of what was fetched. Returns 0, or -1 with one line in error. */
static int keep_jwks(struct policy *policy, struct span jwks, char *error)
{
	uint8_t *copy = malloc(jwks.size + 1);

	if (!copy) {
		snprintf(error, OPTION_ERROR_MAX, "there is no memory for the keys of token-jwks");
		return -1;
	}
	memcpy(copy, jwks.bytes, jwks.size);
	free(policy->jwks);
	policy->jwks = copy;
	policy->jwks_size = jwks.size;
	return 0;
}

static int fill(struct policy *policy, const struct policy *before, struct files *files, char *error)
{
	const struct options *options = &policy->options;

	if (plan_classes(options, &policy->classes, error) != 0 || check_store(options, error) != 0 ||
	    check_metrics(options, error) != 0)
		return -1;
	if (api_file_read(options, files, &policy->api_keys, error) != 0)
		return -1;
	if (before && before->jwks && keep_jwks(policy, span_of(before->jwks, before->jwks_size), error) != 0)
		return -1;
	if (identity_read(&policy->key_files, options, files, error) != 0)
		return -1;
	policy->auth = identity_make(options, &policy->key_files, span_of(policy->jwks, policy->jwks_size),
				     before ? before->auth : NULL, error);
	if (!policy->auth)
		return -1;
	/* Judged when it was set. */
	CHECK(networks_parse(&policy->exempt, option_text(options, OPTION_address_exempt)) == 0);
	return 0;
}

struct policy *policy_make(const struct options *options, const struct policy *before, struct files *files,
			   char error[OPTION_ERROR_MAX])
{
	struct policy *policy = calloc(1, sizeof(*policy));

	if (!policy) {
		snprintf(error, OPTION_ERROR_MAX, "there is no memory for the options");
		return NULL;
	}
	policy->options = *options;
	if (fill(policy, before, files, error) == 0)
		return policy;
	policy_free(policy);
	return NULL;
}

void policy_free(struct policy *policy)
{
	if (!policy)
		return;
	auth_release(policy->auth);
	identity_forget(&policy->key_files);
	free(policy->jwks);
	free(policy);
}

int policy_fetched(struct policy *policy, struct span jwks, char error[OPTION_ERROR_MAX])
{
	struct auth *auth = identity_make(&policy->options, &policy->key_files, jwks, policy->auth, error);

	if (!auth || keep_jwks(policy, jwks, error) != 0) {
		auth_release(auth);
		return -1;
	}
	auth_release(policy->auth);
	policy->auth = auth;
	return 0;
}

struct shard_limits policy_limits(const struct policy *policy, const struct ring_features *features, uint32_t core,
				  uint32_t cores)
{
	struct shard_limits limits = plan_shard(&policy->options, features, core, cores);

	limits.net.address.exempt = &policy->exempt;
	limits.home.classes = &policy->classes;
	limits.session.classes = &policy->classes;
	limits.api.keys = &policy->api_keys;
	if (option_number(&policy->options, OPTION_metrics) == 1)
		limits.session.metrics_keys = &policy->api_keys;
	return limits;
}
