#include "engine/ops/identity.h"

#include <stdlib.h>
#include <string.h>

#define KEYS_FILE_MAX (64 * 1024)

_Static_assert(FILES_MAX >= IDENTITY_FILES_MAX + 2, "a reload can read them all, and those of -c and api-keys");

static const char *const blanks = " \t\r\n";

static struct span text_of(const struct options *options, enum option_id id)
{
	const char *text = option_text(options, id);

	return span_of(text, strlen(text));
}

static bool is_set(const struct options *options, enum option_id id)
{
	return text_of(options, id).size > strspn(option_text(options, id), blanks);
}

static int refuse(const struct options *options, enum option_id id, const char *why, char error[OPTION_ERROR_MAX])
{
	snprintf(error, OPTION_ERROR_MAX, "%.*s: option '%s': %.*s", OPTION_WHERE_MAX, option_where(options, id),
		 option_name(id), AUTH_WHY_MAX, why);
	return -1;
}

/* As auth_make() says it. What is not of a file begins with whose it is. */
static void refuse_made(const struct options *options, const char *why, char error[OPTION_ERROR_MAX])
{
	static const struct {
		const char *begins;
		enum option_id id;
	} others[] = {
		{ "issuers: ", OPTION_token_issuer },
		{ "audiences: ", OPTION_token_audience },
		{ "token-jwks: ", OPTION_token_jwks },
	};

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		const size_t size = strlen(others[i].begins);

		if (strncmp(why, others[i].begins, size) == 0) {
			refuse(options, others[i].id, why + size, error);
			return;
		}
	}
	refuse(options, OPTION_token_keys, why, error);
}

/* The next word of token-keys, FILE or ALG:FILE. A file whose name has a colon in it can be named as ./FILE. False:
 * there is none. */
static bool next_word(const char **at, struct span *algorithm, char path[OPTION_CLASSES_MAX])
{
	*at += strspn(*at, blanks);
	const size_t size = strcspn(*at, blanks), colon = strcspn(*at, ":"), slash = strcspn(*at, "/");
	const size_t prefix = colon < size && colon < slash ? colon + 1 : 0;

	*algorithm = prefix > 0 ? span_of(*at, colon) : SPAN_NONE;
	snprintf(path, OPTION_CLASSES_MAX, "%.*s", (int)(size - prefix), *at + prefix);
	*at += size;
	return size > 0;
}

int identity_check(const struct options *options, char error[OPTION_ERROR_MAX])
{
	/* Any page could then connect as whoever looks at it. */
	if (is_set(options, OPTION_token_cookie) && strchr(option_text(options, OPTION_origins), '*'))
		return refuse(options, OPTION_token_cookie, "needs origins that are named, not *", error);
	if (!is_set(options, OPTION_token_jwks))
		return 0;
	/* Whoever publishes keys may sign tokens for many others besides us. */
	if (!is_set(options, OPTION_token_issuer) || !is_set(options, OPTION_token_audience))
		return refuse(options, OPTION_token_jwks, "needs token-issuer and token-audience", error);
	return 0;
}

static int read_file(struct identity_files *read, struct files *files, struct span algorithm, const char *path,
		     char why[AUTH_WHY_MAX])
{
	const size_t name_size = strlen(path);
	char *text = read->count < IDENTITY_FILES_MAX ? malloc(KEYS_FILE_MAX + name_size) : NULL;

	if (!text && read->count == IDENTITY_FILES_MAX)
		snprintf(why, AUTH_WHY_MAX, "more than %d files", IDENTITY_FILES_MAX);
	else if (!text)
		snprintf(why, AUTH_WHY_MAX, "there is no memory for what is in the files");
	if (!text)
		return -1;
	const ssize_t size = files_read(files, path, text, KEYS_FILE_MAX);

	if (size < 0) {
		snprintf(why, AUTH_WHY_MAX, "%.250s: %s", path, files_error(size));
		free(text);
		return -1;
	}
	memcpy(text + size, path, name_size);
	read->texts[read->count] = text;
	read->sources[read->count++] = (struct auth_source){
		.name = span_of(text + size, name_size),
		.text = span_of(text, (size_t)size),
		.algorithm = algorithm,
	};
	return 0;
}

int identity_read(struct identity_files *read, const struct options *options, struct files *files,
		  char error[OPTION_ERROR_MAX])
{
	const char *at = option_text(options, OPTION_token_keys);
	struct span algorithm;
	char path[OPTION_CLASSES_MAX], why[AUTH_WHY_MAX];

	*read = (struct identity_files){ 0 };
	while (next_word(&at, &algorithm, path))
		if (read_file(read, files, algorithm, path, why) != 0)
			return refuse(options, OPTION_token_keys, why, error);
	return 0;
}

/* Secrets are not left behind in memory that somebody else gets. */
void identity_forget(struct identity_files *read)
{
	for (size_t i = 0; i < read->count; i++) {
		explicit_bzero(read->texts[i], read->sources[i].text.size);
		free(read->texts[i]);
	}
	read->count = 0;
}

struct auth *identity_make(const struct options *options, const struct identity_files *read, struct span jwks,
			   const struct auth *before, char error[OPTION_ERROR_MAX])
{
	struct auth_source sources[IDENTITY_FILES_MAX + 1];
	struct auth_config config = {
		.guests = (enum auth_guests)option_number(options, OPTION_guests),
		.tokens = is_set(options, OPTION_token_keys) || is_set(options, OPTION_token_jwks),
		.rights = text_of(options, OPTION_rights),
		.issuers = text_of(options, OPTION_token_issuer),
		.audiences = text_of(options, OPTION_token_audience),
		.leeway_ms = option_number(options, OPTION_token_leeway),
		.sources = sources,
		.source_count = read->count,
	};
	char why[AUTH_WHY_MAX];

	if (identity_check(options, error) != 0)
		return NULL;
	memcpy(sources, read->sources, sizeof(read->sources));
	if (jwks.bytes)
		sources[config.source_count++] = (struct auth_source){
			.name = SPAN("token-jwks"), /* not its address, which may hold a password */
			.text = jwks,
		};
	struct auth *auth = auth_make(&config, before, why);

	if (!auth)
		refuse_made(options, why, error);
	return auth;
}
