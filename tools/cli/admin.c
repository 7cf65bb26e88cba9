#include "tools/cli/admin.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/json/json_scan.h"
#include "proto/utf8/utf8.h"
#include "tools/cli/admin_http.h"
#include "tools/cli/admin_key.h"
#include "tools/cli/admin_tell.h"
#include "tools/cli/options.h"

enum value_kind { VALUE_STRING, VALUE_NUMBER, VALUE_JSON };

enum value_id {
#define ADMIN_VALUE(name, kind, help) VALUE_OF_##name,
#include "tools/cli/tbl/admin_values.h"
#undef ADMIN_VALUE
	VALUES,
};

static const struct {
	const char *name;
	enum value_kind kind;
	const char *help;
} values[VALUES] = {
#define ADMIN_VALUE(name, kind, help) { #name, VALUE_##kind, help },
#include "tools/cli/tbl/admin_values.h"
#undef ADMIN_VALUE
};

static const struct command {
	const char *name, *method, *path, *words, *query, *body, *help;
} commands[] = {
#define ADMIN(name, method, path, words, query, body, help) { name, #method, path, words, query, body, help },
#include "tools/cli/tbl/admin.h"
#undef ADMIN
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

struct admin {
	struct url url;
	const char *key;
	const char *once; /* Idempotency-Key */
	bool json;
	uint64_t timeout_s;
	const struct command *command;
	const char *given[VALUES]; /* NULL: not given */
	struct text joined, said; /* of words behind each other; what they are as JSON */
	struct text lines; /* batch: a uint64_t each, where the command stands */
};

__attribute__((format(printf, 1, 2))) static int wrong(const char *format, ...)
{
	va_list arguments;

	fputs("uproar-cli admin: ", stderr);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputs("\nuproar-cli admin --help says what there is.\n", stderr);
	return -1;
}

static void help(void)
{
	puts("Usage: uproar-cli admin [OPTION...] COMMAND ...\n\n"
	     "Ask the HTTP API of a server; docs/operate/api.md says what a key may do.\n");
	for (size_t i = 0; i < COMMANDS; i++) {
		char left[64];

		snprintf(left, sizeof(left), "%s %s", commands[i].name, commands[i].words);
		printf("  %-26s %s\n", left, commands[i].help);
	}
	puts("  new-key NAME SCOPE,...     make a key; prints it, and the line for the server's file\n\n"
	     "  --url URL          the server [$UPROAR_URL, or http://127.0.0.1:8080]\n"
	     "  --key KEY          better in $UPROAR_API_KEY, where other users of the machine do not see it\n"
	     "  --json             print the answer as the server sent it\n"
	     "  --timeout S        give up after S seconds; 0: never [30]\n"
	     "  --idempotency-key K   publish: what came twice with it is there once");
	for (size_t i = 0; i < VALUES; i++)
		if (values[i].help)
			printf("  --%-16s %s\n", values[i].name, values[i].help);
	puts("  -h, --help         print this, and end\n\n"
	     "Exit status: 0 done; 1 the server has refused it, or some of a batch; 64 the command line is wrong;\n"
	     "69 no server answers; 75 it may be tried again later.");
}

/* Whether a list of words with blanks between has this one; a word may end in "...". */
static bool lists(const char *list, const char *word)
{
	const size_t size = strlen(word);

	for (const char *at = list; *at; at += strspn(at, " ")) {
		const size_t part = strcspn(at, " ");

		if (part >= size && memcmp(at, word, size) == 0 && (part == size || at[size] == '.'))
			return true;
		at += part;
	}
	return false;
}

static bool is_number(const char *text)
{
	const size_t size = strlen(text);

	return size > 0 && size <= 15 && strspn(text, "0123456789") == size;
}

static int value_check(enum value_id id, const char *text)
{
	const uint8_t *bytes = (const uint8_t *)text;

	if (!utf8_valid(bytes, strlen(text)))
		return wrong("%s is not UTF-8", values[id].name);
	if (values[id].kind == VALUE_NUMBER && !is_number(text))
		return wrong("%s takes a whole number: %s", values[id].name, text);
	if (values[id].kind == VALUE_JSON && json_scan(bytes, strlen(text)) < 0)
		return wrong("%s is not a JSON value: %s", values[id].name, text);
	return 1;
}

static int url_set(struct admin *admin, const char *text)
{
	const int done = url_parse_server(&admin->url, text, NULL);

	return done < 0 ? wrong("%s: %s", text, url_refusal_text(done)) : 1;
}

enum { URL = VALUES, KEY, JSON, TIMEOUT, ONCE, HELP };

static int option_take(struct admin *admin, int option, const char *value)
{
	switch (option) {
	case URL:
		return url_set(admin, value);
	case KEY:
		admin->key = value;
		return 1;
	case ONCE:
		admin->once = value;
		return 1;
	case JSON:
		admin->json = true;
		return 1;
	case TIMEOUT:
		if (!is_number(value) || strtoull(value, NULL, 10) > 86400)
			return wrong("--timeout takes seconds, 0 to 86400: %s", value);
		admin->timeout_s = strtoull(value, NULL, 10);
		return 1;
	default:
		admin->given[option] = value;
		return value_check((enum value_id)option, value);
	}
}

static int command_find(struct admin *admin, const char *name)
{
	for (size_t i = 0; i < COMMANDS; i++)
		if (strcmp(commands[i].name, name) == 0)
			admin->command = &commands[i];
	return admin->command ? 1 : wrong("no such command: %s", name);
}

static int word_id(const char *word, size_t size)
{
	for (int id = 0; id < VALUES; id++)
		if (strlen(values[id].name) == size && memcmp(values[id].name, word, size) == 0)
			return id;
	abort(); /* a row of the table names a value that there is not */
}

/* The words behind the command's name. */
static int words_take(struct admin *admin, int count, char **words)
{
	const char *at = admin->command->words;
	int taken = 0;

	for (; *at; at += strspn(at, " ")) {
		const size_t size = strcspn(at, " "), name = strcspn(at, " .");
		const int id = word_id(at, name);
		const bool rest = name < size;

		if (rest && taken == count && admin->given[VALUE_OF_data])
			return 1;
		if (taken == count)
			return wrong("%s: which %.*s?", admin->command->name, (int)name, at);
		for (int i = taken; rest && i < count; i++) {
			text_puts(&admin->joined, i > taken ? " " : "");
			text_puts(&admin->joined, words[i]);
		}
		text_put(&admin->joined, span_of("", rest ? 1 : 0));
		admin->given[id] = rest ? (const char *)admin->joined.bytes : words[taken];
		if (value_check((enum value_id)id, admin->given[id]) < 0)
			return -1;
		taken = rest ? count : taken + 1;
		at += size;
	}
	return taken == count ? 1 : wrong("%s: that is more than it takes: %s", admin->command->name, words[taken]);
}

/* An option that the command knows nothing of would be passed over in silence. */
static int fitting(const struct admin *admin)
{
	const struct command *command = admin->command;

	for (int id = 0; id < VALUES; id++)
		if (admin->given[id] && !lists(command->words, values[id].name) &&
		    !lists(command->query, values[id].name) && !lists(command->body, values[id].name))
			return wrong("--%s is not for %s", values[id].name, command->name);
	if (admin->once && !lists(command->body, "cid"))
		return wrong("--idempotency-key is for publish");
	if (admin->given[VALUE_OF_text] && admin->given[VALUE_OF_data])
		return wrong("publish takes a text or --data, not both");
	return 1;
}

/* batch: a JSON object a line. */
static int commands_read(struct admin *admin)
{
	char *line = NULL;
	size_t capacity = 0;
	uint64_t number = 0;
	ssize_t size;
	int result = 1;

	text_puts(&admin->said, "[");
	while (result > 0 && (size = getline(&line, &capacity, stdin)) >= 0) {
		number++;
		while (size > 0 && (line[size - 1] == '\n' || line[size - 1] == '\r'))
			size--;
		if (size == 0)
			continue;
		if (!utf8_valid((uint8_t *)line, (size_t)size) || json_scan((uint8_t *)line, (size_t)size) < 0)
			result = wrong("batch: line %" PRIu64 " is not JSON", number);
		text_puts(&admin->said, admin->said.size > 1 ? "," : "");
		text_put(&admin->said, span_of(line, (size_t)size));
		text_put(&admin->lines, span_of(&number, sizeof(number)));
	}
	if (ferror(stdin)) {
		fprintf(stderr, "uproar-cli admin: standard input: %s\n", strerror(errno));
		result = -1;
	}
	free(line);
	text_put(&admin->said, span_of("]", 2));
	admin->given[VALUE_OF_commands] = (const char *)admin->said.bytes;
	return result;
}

/* What people say is sent as our own page sends it. */
static void data_make(struct admin *admin)
{
	const char *text = admin->given[VALUE_OF_text];

	if (!text)
		return;
	options_data_of(&admin->said, span_of(text, strlen(text)));
	text_put(&admin->said, span_of("", 1));
	admin->given[VALUE_OF_data] = (const char *)admin->said.bytes;
	admin->given[VALUE_OF_text] = NULL;
}

static void put_escaped(struct text *out, const char *text)
{
	static const char hex[] = "0123456789ABCDEF";

	for (const uint8_t *at = (const uint8_t *)text; *at; at++) {
		const char code[4] = { '%', hex[*at >> 4], hex[*at & 15], 0 };
		const char plain[2] = { (char)*at, 0 };
		const bool is_plain = (*at >= '0' && *at <= '9') || (*at >= 'A' && *at <= 'Z') ||
				      (*at >= 'a' && *at <= 'z') || strchr("-._~", *at);

		text_puts(out, is_plain ? plain : code);
	}
}

static void put_path(struct text *out, const struct admin *admin)
{
	const char *sign = "?";

	text_puts(out, "/api/v1/");
	for (const char *at = admin->command->path; *at;) {
		const size_t plain = strcspn(at, "{"), name = strcspn(at + plain, "}");

		text_put(out, span_of(at, plain));
		at += plain;
		if (!*at)
			break;
		put_escaped(out, admin->given[word_id(at + 1, name - 1)]);
		at += name + 1;
	}
	for (int id = 0; id < VALUES; id++) {
		if (!admin->given[id] || !lists(admin->command->query, values[id].name))
			continue;
		text_puts(out, sign);
		text_puts(out, values[id].name);
		text_puts(out, "=");
		put_escaped(out, admin->given[id]);
		sign = "&";
	}
}

static void put_body(struct text *out, const struct admin *admin)
{
	const char *sign = "{";

	for (int id = 0; id < VALUES; id++) {
		const char *text = admin->given[id];

		if (!text || !lists(admin->command->body, values[id].name))
			continue;
		text_puts(out, sign);
		text_json(out, span_of(values[id].name, strlen(values[id].name)));
		text_puts(out, ":");
		if (values[id].kind == VALUE_STRING)
			text_json(out, span_of(text, strlen(text)));
		else
			text_puts(out, text);
		sign = ",";
	}
	if (*admin->command->body)
		text_puts(out, *sign == '{' ? "{}" : "}");
}

static void put_field(struct text *out, const char *name, const char *value)
{
	text_puts(out, name);
	text_puts(out, value);
	text_puts(out, "\r\n");
}

static void put_request(struct text *out, const struct admin *admin)
{
	struct text body = { 0 };

	put_body(&body, admin);
	text_puts(out, admin->command->method);
	text_puts(out, " ");
	put_path(out, admin);
	text_puts(out, " HTTP/1.1\r\n");
	put_field(out, "Host: ", admin->url.host);
	if (admin->key)
		put_field(out, "Authorization: Bearer ", admin->key);
	if (admin->once)
		put_field(out, "Idempotency-Key: ", admin->once);
	if (body.size > 0) {
		text_puts(out, "Content-Type: application/json\r\nContent-Length: ");
		text_number(out, body.size);
		text_puts(out, "\r\n");
	}
	text_puts(out, "Accept: application/json\r\nConnection: close\r\n\r\n");
	text_put(out, text_span(&body));
	text_free(&body);
}

/* What the server's own words leave open. */
static void tell_key(const struct admin *admin)
{
	fprintf(stderr, "uproar-cli admin: %s\n",
		admin->key ? "the server does not know this key; its option api-keys names the file of those it does"
			   : "a key is needed: $UPROAR_API_KEY, or --key");
}

static int run(struct admin *admin)
{
	struct admin_answer answer = { 0 };
	struct text request = { 0 };
	char why[256];
	int status = EXIT_NO_SERVER;

	put_request(&request, admin);
	if (admin_ask(&admin->url, text_span(&request), admin->timeout_s, &answer, why, sizeof(why)))
		status = admin_tell(&answer, admin->json, text_span(&admin->lines));
	else
		fprintf(stderr, "uproar-cli admin: %s\n", why);
	if (answer.status == 401 && !admin->json)
		tell_key(admin);
	text_free(&answer.text);
	text_free(&request);
	return status;
}

/* Returns 1 to run it, 0 when it is done, -1 when the command line is wrong. */
static int parse(struct admin *admin, int argc, char **argv)
{
	static const struct option longs[] = {
#define ADMIN_VALUE(name, kind, help) { #name, 1, NULL, VALUE_OF_##name },
#include "tools/cli/tbl/admin_values.h"
#undef ADMIN_VALUE
		{ "url", 1, NULL, URL },
		{ "key", 1, NULL, KEY },
		{ "json", 0, NULL, JSON },
		{ "timeout", 1, NULL, TIMEOUT },
		{ "idempotency-key", 1, NULL, ONCE },
		{ "help", 0, NULL, HELP },
		{ NULL, 0, NULL, 0 },
	};
	const char *url = getenv("UPROAR_URL");
	int option;

	admin->timeout_s = 30;
	admin->key = getenv("UPROAR_API_KEY");
	while ((option = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		if (option == HELP || option == 'h') {
			help();
			return 0;
		}
		if (option == '?')
			return wrong("that is no option, or its value is missing");
		if (option < VALUES && !values[option].help)
			return wrong("--%s is no option: it is a word", values[option].name);
		if (option_take(admin, option, optarg) < 0)
			return -1;
	}
	if (optind == argc)
		return wrong("which command?");
	if (strcmp(argv[optind], "new-key") == 0)
		return admin_key(argc - optind - 1, argv + optind + 1, admin->json) == 0 ? 0 : -1;
	if (!admin->url.name[0] && url_set(admin, url && *url ? url : "http://127.0.0.1:8080") < 0)
		return -1;
	if (command_find(admin, argv[optind]) < 0 || words_take(admin, argc - optind - 1, argv + optind + 1) < 0 ||
	    fitting(admin) < 0)
		return -1;
	if ((admin->key && strpbrk(admin->key, "\r\n")) || (admin->once && strpbrk(admin->once, "\r\n")))
		return wrong("a key is one line");
	data_make(admin);
	return lists(admin->command->body, "commands") ? commands_read(admin) : 1;
}

int admin_main(int argc, char **argv)
{
	struct admin admin = { 0 };
	const int parsed = parse(&admin, argc, argv);
	int status = parsed > 0 ? run(&admin) : parsed == 0 ? EXIT_DONE : EXIT_USAGE;

	if (parsed < 0 && ferror(stdin))
		status = EXIT_NOT_ALL;
	text_free(&admin.joined);
	text_free(&admin.said);
	text_free(&admin.lines);
	return status;
}
