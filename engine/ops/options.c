#include "engine/ops/options.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/auth/rules.h"
#include "engine/chat/room_class.h"
#include "engine/core/quantity.h"
#include "engine/net/listener.h"
#include "engine/net/networks.h"
#include "proto/base/word.h"
#include "proto/http/http_origin.h"
#include "proto/http/http_url.h"

enum option_kind {
	OPTION_TEXT,
	OPTION_ADDRESS,
	OPTION_COUNT_OF,
	OPTION_POWER,
	OPTION_BYTES,
	OPTION_TIME,
	OPTION_CHOICE,
	OPTION_CLASSES,
	OPTION_ORIGINS,
	OPTION_NETWORKS,
	OPTION_WORDS,
	OPTION_RIGHTS,
	OPTION_URL,
};

#define KIND_TEXT OPTION_TEXT
#define KIND_ADDRESS OPTION_ADDRESS
#define KIND_COUNT OPTION_COUNT_OF
#define KIND_POWER OPTION_POWER
#define KIND_BYTES OPTION_BYTES
#define KIND_TIME OPTION_TIME
#define KIND_CHOICE OPTION_CHOICE
#define KIND_CLASSES OPTION_CLASSES
#define KIND_ORIGINS OPTION_ORIGINS
#define KIND_NETWORKS OPTION_NETWORKS
#define KIND_WORDS OPTION_WORDS
#define KIND_RIGHTS OPTION_RIGHTS
#define KIND_URL OPTION_URL

#define WHEN_START false
#define WHEN_LIVE true

static const struct option_row {
	const char *name;
	enum option_kind kind;
	const char *standard, *least, *most, *group, *help;
	bool live;
} rows[OPTION_COUNT] = {
#define OPTION(id, name, kind, standard, least, most, group, when, help)                                               \
	{ name, KIND_##kind, standard, least, most, group, help, WHEN_##when },
#include "engine/ops/tbl/options.h"
#undef OPTION
};

const char *option_name(enum option_id id)
{
	return rows[id].name;
}

bool option_is_live(enum option_id id)
{
	return rows[id].live;
}

void option_shown(const struct options *options, enum option_id id, char out[OPTION_SHOWN_MAX])
{
	const char *text = option_text(options, id);
	const bool address = rows[id].kind == OPTION_TEXT || rows[id].kind == OPTION_URL;
	const char *scheme = address ? strstr(text, "://") : NULL;
	const size_t size = scheme ? (size_t)(scheme - text) + 3 : strlen(text);
	const size_t most = size < OPTION_SHOWN_MAX - 4 ? size : OPTION_SHOWN_MAX - 4;

	for (size_t i = 0; i < most; i++)
		out[i] = iscntrl((unsigned char)text[i]) ? '?' : text[i];
	memcpy(out + most, size > most || scheme ? "..." : "", size > most || scheme ? 4 : 1);
}

static bool is_number(enum option_kind kind)
{
	return kind == OPTION_COUNT_OF || kind == OPTION_POWER || kind == OPTION_BYTES || kind == OPTION_TIME;
}

/* A number with a unit of its kind. */
static bool number_parse(enum option_kind kind, const char *text, uint64_t *number)
{
	const enum quantity quantity = kind == OPTION_BYTES  ? QUANTITY_BYTES
				       : kind == OPTION_TIME ? QUANTITY_TIME
							     : QUANTITY_COUNT;

	return quantity_read(quantity, span_of(text, strlen(text)), number);
}

static bool choice_parse(const char *choices, const char *text, uint64_t *number)
{
	const size_t size = strlen(text);

	*number = 0;
	for (const char *at = choices; *at; at += *at == '|') {
		const size_t part = strcspn(at, "|");

		if (part == size && memcmp(at, text, size) == 0)
			return true;
		at += part;
		++*number;
	}
	return false;
}

static void takes(const struct option_row *row, char *out, size_t size)
{
	static const char *const numbers[] = {
		[OPTION_COUNT_OF] = "a whole number",
		[OPTION_POWER] = "a power of two",
		[OPTION_BYTES] = "bytes (K, M, G or T may follow)",
		[OPTION_TIME] = "a time (ms, s, m, h or d must follow)",
	};

	if (row->kind == OPTION_TEXT)
		snprintf(out, size, "text of at most %d bytes", OPTION_TEXT_MAX - 1);
	else if (row->kind == OPTION_ADDRESS)
		snprintf(out, size, "HOST:PORT, as 127.0.0.1:8080, [::1]:8080 or *:8080");
	else if (row->kind == OPTION_CHOICE)
		snprintf(out, size, "one of %s", row->most);
	else if (row->kind == OPTION_CLASSES)
		snprintf(out, size, "[classes of rooms](rooms.md)");
	else if (row->kind == OPTION_ORIGINS)
		snprintf(out, size, "same, * or origins, as https://example.org, with blanks between");
	else if (row->kind == OPTION_NETWORKS)
		snprintf(out, size, "at most %d networks, as 10.0.0.0/8, with blanks between", NETWORKS_MAX);
	else if (row->kind == OPTION_WORDS)
		snprintf(out, size, "words with blanks between, %d bytes at most", OPTION_CLASSES_MAX - 1);
	else if (row->kind == OPTION_RIGHTS)
		snprintf(out, size, "[rules](identity.md#rights)");
	else if (row->kind == OPTION_URL)
		snprintf(out, size, "an address as http://127.0.0.1:3000/hook or https://example.org/hook");
	else
		snprintf(out, size, "%s from %s to %s", numbers[row->kind], row->least, row->most);
}

static size_t text_max(const struct option_row *row)
{
	const bool list = row->kind == OPTION_CLASSES || row->kind == OPTION_ORIGINS || row->kind == OPTION_NETWORKS ||
			  row->kind == OPTION_WORDS || row->kind == OPTION_RIGHTS;

	return list ? OPTION_CLASSES_MAX : OPTION_TEXT_MAX;
}

static bool value_parse(const struct option_row *row, const char *text, struct option_value *value)
{
	uint64_t least = 0, most = UINT64_MAX, number = 0;

	if (strlen(text) >= text_max(row))
		return false;
	if (row->kind == OPTION_ADDRESS && listener_check(text) != 0)
		return false;
	if (row->kind == OPTION_ORIGINS && !http_origins_are_valid(span_of(text, strlen(text))))
		return false;
	if (row->kind == OPTION_NETWORKS && networks_parse(&(struct networks){ 0 }, text) != 0)
		return false;
	if (row->kind == OPTION_URL && *text && !http_url_parse(&(struct http_url){ 0 }, span_of(text, strlen(text))))
		return false;
	if (row->kind == OPTION_CHOICE && !choice_parse(row->most, text, &number))
		return false;
	if (is_number(row->kind)) {
		number_parse(row->kind, row->least, &least);
		number_parse(row->kind, row->most, &most);
		if (!number_parse(row->kind, text, &number) || number < least || number > most)
			return false;
	}
	if (row->kind == OPTION_POWER && (number & (number - 1)) != 0)
		return false;
	value->number = number;
	memcpy(value->text, text, strlen(text) + 1);
	return true;
}

void options_default(struct options *options)
{
	memset(options, 0, sizeof(*options));
	for (int id = 0; id < OPTION_COUNT; id++) {
		if (!value_parse(&rows[id], rows[id].standard, &options->values[id]))
			abort(); /* a row of the table contradicts itself */
		snprintf(options->values[id].where, OPTION_WHERE_MAX, "default");
	}
}

int options_classes(const char *text, const char *where, char error[OPTION_ERROR_MAX])
{
	struct room_classes classes;
	char why[OPTION_ERROR_MAX / 2];

	if (strlen(text) >= OPTION_CLASSES_MAX)
		snprintf(why, sizeof(why), "the text is longer than %d bytes", OPTION_CLASSES_MAX - 1);
	else if (room_classes_parse(&classes, text, why, sizeof(why)) == 0)
		return 0;
	snprintf(error, OPTION_ERROR_MAX, "%.*s: option 'room-classes': %s", OPTION_WHERE_MAX, where, why);
	return -1;
}

static int rights_check(const char *text, const char *where, char error[OPTION_ERROR_MAX])
{
	struct rules rules;
	char why[OPTION_ERROR_MAX / 2];

	if (strlen(text) >= OPTION_CLASSES_MAX)
		snprintf(why, sizeof(why), "the text is longer than %d bytes", OPTION_CLASSES_MAX - 1);
	else if (rules_parse(&rules, NULL, span_of(text, strlen(text)), why, sizeof(why)) == 0)
		return 0;
	snprintf(error, OPTION_ERROR_MAX, "%.*s: option 'rights': %s", OPTION_WHERE_MAX, where, why);
	return -1;
}

/* Edits from one name to the other: small ones are typing errors. `within` or more where they are not less. */
static unsigned distance(const char *a, const char *b, unsigned within)
{
	unsigned row[64];
	const size_t size = strlen(b), other = strlen(a);

	if (size >= 63 || other >= 63 || (size > other ? size - other : other - size) >= within)
		return within;
	for (unsigned j = 0; j <= size; j++)
		row[j] = j;
	for (unsigned i = 1; i <= other; i++) {
		unsigned diagonal = row[0], least = i;

		row[0] = i;
		for (unsigned j = 1; j <= size; j++) {
			const unsigned change = diagonal + (a[i - 1] != b[j - 1]);
			const unsigned step = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;

			diagonal = row[j];
			row[j] = change < step ? change : step;
			least = row[j] < least ? row[j] : least;
		}
		/* No row that follows has less than this one. */
		if (least >= within)
			return within;
	}
	return row[size];
}

/* The option whose name is less than `within` edits away, or NULL. */
static const char *nearest_to(const char *name, unsigned within)
{
	const char *nearest = NULL;

	for (int id = 0; id < OPTION_COUNT; id++) {
		const unsigned edits = distance(name, rows[id].name, within);

		if (edits < within) {
			within = edits;
			nearest = rows[id].name;
		}
	}
	return nearest;
}

static void unknown(const char *name, const char *where, char *error)
{
	const char *nearest = nearest_to(name, 4);
	char name_shown[WORD_SHOWN_MAX + 4];

	snprintf(error, OPTION_ERROR_MAX, "%s: there is no option '%s'%s%s%s", where,
		 word_shown(span_of(name, strlen(name)), name_shown),
		 nearest ? "; did you mean '" : "; --help lists them all", nearest ? nearest : "", nearest ? "'?" : "");
}

int options_set(struct options *options, const char *name, const char *text, const char *where,
		char error[OPTION_ERROR_MAX])
{
	char expected[128], text_shown[WORD_SHOWN_MAX + 4];

	for (int id = 0; id < OPTION_COUNT; id++) {
		if (strcmp(rows[id].name, name) != 0)
			continue;
		if (rows[id].kind == OPTION_CLASSES && options_classes(text, where, error) != 0)
			return -1;
		if (rows[id].kind == OPTION_RIGHTS && rights_check(text, where, error) != 0)
			return -1;
		if (value_parse(&rows[id], text, &options->values[id])) {
			snprintf(options->values[id].where, OPTION_WHERE_MAX, "%s", where);
			return 0;
		}
		takes(&rows[id], expected, sizeof(expected));
		snprintf(error, OPTION_ERROR_MAX, "%s: option '%s' is '%s', but takes %s", where, name,
			 word_shown(span_of(text, strlen(text)), text_shown), expected);
		return -1;
	}
	unknown(name, where, error);
	return -1;
}

static void environment_name(const char *name, char out[80])
{
	const int start = snprintf(out, 80, "UPROAR_");
	int i = 0;

	for (; name[i] && i < 70; i++)
		out[start + i] = name[i] == '-' ? '_' : (char)toupper((unsigned char)name[i]);
	out[start + i] = 0;
}

/* A variable that is nearly one of ours is a mistake. Others stay unheeded: whoever calls a service uproar in
 * Kubernetes gets UPROAR_PORT, UPROAR_SERVICE_HOST and more unasked. */
static int variable_check(const char *variable, char error[OPTION_ERROR_MAX])
{
	static const char own_of_the_client[] = "UPROAR_API_KEY="; /* uproar-cli admin's, and nearly one of ours */
	char name[64] = "", meant[80];
	size_t at = strlen("UPROAR_");

	if (strncmp(variable, own_of_the_client, strlen(own_of_the_client)) == 0)
		return 0;
	for (size_t i = 0; variable[at] && variable[at] != '=' && i < sizeof(name) - 1; at++, i++)
		name[i] = variable[at] == '_' ? '-' : (char)tolower((unsigned char)variable[at]);
	const char *nearest = nearest_to(name, strlen(name) < 8 ? 2 : 3);

	if (!nearest)
		return 0;
	environment_name(nearest, meant);
	if (strncmp(variable, meant, strlen(meant)) == 0 && variable[strlen(meant)] == '=')
		return 0;
	snprintf(error, OPTION_ERROR_MAX, "environment: there is no variable %.*s; did you mean %s?",
		 (int)strcspn(variable, "="), variable, meant);
	return -1;
}

int options_environment(struct options *options, char error[OPTION_ERROR_MAX])
{
	char variable[80], where[100];

	for (char **at = environ; at && *at; at++)
		if (strncmp(*at, "UPROAR_", strlen("UPROAR_")) == 0 && variable_check(*at, error) != 0)
			return -1;
	for (int id = 0; id < OPTION_COUNT; id++) {
		environment_name(rows[id].name, variable);
		const char *text = getenv(variable);

		snprintf(where, sizeof(where), "environment, %s", variable);
		if (text && options_set(options, rows[id].name, text, where, error) != 0)
			return -1;
	}
	return 0;
}

void options_help(FILE *out)
{
	static const char *const words[] = { "TEXT", "HOST:PORT", "N",        "N",     "BYTES", "TIME", "",
					     "TEXT", "ORIGINS",   "NETWORKS", "WORDS", "RULES", "URL" };
	const char *group = "";
	char left[64];

	for (int id = 0; id < OPTION_COUNT; id++) {
		if (strcmp(group, rows[id].group) != 0) {
			group = rows[id].group;
			fprintf(out, "\n%s\n", group);
		}
		snprintf(left, sizeof(left), "--%s %s", rows[id].name,
			 rows[id].kind == OPTION_CHOICE ? rows[id].most : words[rows[id].kind]);
		fprintf(out, "  %-34s %s", left, rows[id].help);
		if (*rows[id].standard)
			fprintf(out, " [%s]", rows[id].standard);
		fputc('\n', out);
	}
}

void options_document(FILE *out)
{
	const char *group = "";
	char variable[80], expected[128];

	fputs("# Options\n\nMade by `uproar --print-options-doc` from `engine/ops/tbl/options.h`; a test compares.\n\n"
	      "Each option is a flag (`--name VALUE` or `--name=VALUE`), an environment variable, and a key of the "
	      "file\n"
	      "that `-c FILE` names. The command line wins over the environment, that over the file, that over the\n"
	      "default. `uproar --check-config` with all of these says whether they are right, and starts nothing. It\n"
	      "reads the files of `-c`, `api-keys` and `token-keys`, and judges the form of `store`. It does not look "
	      "at the\n"
	      "data directory, the store itself, the port, and the files of `hook-key`, `outbound-ca` and "
	      "`audit-log`.\n\n"
	      "A file has lines of `name = value;`, and `#` begins a comment:\n\n"
	      "    listen = 127.0.0.1:8080;\n    history-age = 24h;      # a time needs its unit\n"
	      "    send-memory = 512M;\n    data = \"/var/lib/uproar\";\n\n"
	      "Quotes are needed only around values with blanks or any of `; , ( ) [ ] { } = \" \\ #`. The syntax is\n"
	      "libconfig's, without `@include`, groups and lists; `//` and `/*` begin a comment where no value is.\n\n"
	      "Bytes may end in `K`, `M`, `G` or `T` (1024 each time). Times end in `ms`, `s`, `m`, `h` or `d`; only "
	      "0\n"
	      "needs no unit. A variable that begins with `UPROAR_` and is nearly that of an option is refused as a\n"
	      "mistake; others are not looked at.\n\n"
	      "What holds from a [reload](reload.md) on says so; the others hold from start to end.\n",
	      out);
	for (int id = 0; id < OPTION_COUNT; id++) {
		if (strcmp(group, rows[id].group) != 0) {
			group = rows[id].group;
			fprintf(out,
				"\n## %s\n\n| option | variable | takes | default | from | what it does |\n"
				"|---|---|---|---|---|---|\n",
				group);
		}
		environment_name(rows[id].name, variable);
		takes(&rows[id], expected, sizeof(expected));
		for (char *at = expected; *at; at++)
			if (*at == '|')
				*at = '/';
		fprintf(out, "| `%s` | `%s` | %s | `%s` | %s | %s |\n", rows[id].name, variable, expected,
			*rows[id].standard ? rows[id].standard : " ", rows[id].live ? "reload" : "start",
			rows[id].help);
	}
}
