#include "engine/ops/identity.h"

#include <string.h>

static struct span text_of(const struct options *options, enum option_id id)
{
	const char *text = option_text(options, id);

	return span_of(text, strlen(text));
}

struct auth *identity_make(const struct options *options, const struct auth *before, char error[OPTION_ERROR_MAX])
{
	const struct auth_config config = {
		.guests = (enum auth_guests)option_number(options, OPTION_guests),
		.rights = text_of(options, OPTION_rights),
	};
	char why[AUTH_WHY_MAX];
	struct auth *auth = auth_make(&config, before, why);

	if (!auth)
		snprintf(error, OPTION_ERROR_MAX, "identity: %s", why);
	return auth;
}
