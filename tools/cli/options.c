#include "tools/cli/options.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/core/random.h"
#include "proto/chat/limits.h"
#include "proto/json/json_scan.h"
#include "proto/utf8/utf8.h"

#define TOKEN_SIZE_MAX 8192 /* which is as long as a server takes */

static const char help[] =
	"Usage: uproar-cli [OPTION...] join ROOM... [--limit N]\n"
	"       uproar-cli [OPTION...] read ROOM [--limit N] [--since EPOCH:SEQ] [--follow]\n"
	"       uproar-cli [OPTION...] send ROOM [TEXT...] [--data JSON]\n"
	"       uproar-cli [OPTION...] search ROOM WORD... [--limit N] [--before SEQ]\n"
	"       uproar-cli admin COMMAND ...     the HTTP API; uproar-cli admin --help\n"
	"\n"
	"Chat from a terminal, or from a script.\n"
	"\n"
	"  join   shows what is said, and says every line of standard input in the first room.\n"
	"         Ends with Ctrl-D, or when the input is over, and all of it is acknowledged and answered.\n"
	"         A line that begins with a slash is a command, with two it is a line with one:\n"
	"           /join ROOM   go there; lines go to the room joined last    /who         who is here\n"
	"           /leave       leave it                                      /history [N] what was said, numbered\n"
	"           /edit SEQ TEXT   /del SEQ   /react SEQ KEY   /unreact SEQ KEY\n"
	"           /search WORDS   /quit\n"
	"         and of moderators:\n"
	"           /kick USER   /ban USER [30s|10m|2h|7d] [REASON]   /mute likewise   /unban USER   /unmute USER\n"
	"           /slow SECONDS   /lock   /unlock; all with a REASON, and a name with blanks in \"quotes\"\n"
	"  read   prints the latest events and ends, or goes on with --follow.\n"
	"  send   sends one message, or one for each line of standard input that is not empty.\n"
	"  search prints the newest messages with all the words, as they look now, and ends.\n"
	"\n"
	"  --url URL          the server [$UPROAR_URL, or ws://127.0.0.1:8080/ws]\n"
	"  --name NAME        who one is [$USER, or guest-XXXX]\n"
	"  --token TOKEN      or a token that says so, where the server has keys; others see it in the list of "
	"processes,\n"
	"                     but not in [$UPROAR_TOKEN]\n"
	"  --json             print one JSON object a line, as the server sent it: events; send: acknowledgements\n"
	"  --timeout S        give up after S seconds without a connection, or without an answer, or the rest\n"
	"                     of a room, that is waited for; 0: never [30]\n"
	"  --limit N          events to begin with, read: up to 100000 [read: 50, join: 20];\n"
	"                     search: messages, up to 100 [20]\n"
	"  --before SEQ       search what is older\n"
	"  --since EPOCH:SEQ  read what came after that number\n"
	"  --follow           read on\n"
	"  --data JSON        send this value instead of {\"text\":\"TEXT\"}\n"
	"  -V, --version      print the version, and end\n"
	"  -h, --help         print this, and end\n"
	"\n"
	"A lost connection comes back by itself; nothing is shown or sent twice.\n"
	"\n"
	"Exit status: 0 done; 64 the command line is wrong; 69 cannot connect, or the server sent us away;\n"
	"75 not everything that was to be sent is acknowledged, or input cannot be read, or output written.\n"
	"search: 1 nothing was found.\n";

static int wrong(const char *format, ...)
{
	va_list arguments;

	fputs("uproar-cli: ", stderr);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputs("\nuproar-cli --help says what there is.\n", stderr);
	return -1;
}

static bool number_parse(uint64_t *number, const char *text, size_t size, uint64_t max)
{
	uint64_t value = 0;

	if (size == 0 || size > 16)
		return false;
	for (size_t i = 0; i < size; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		value = value * 10 + (uint64_t)(text[i] - '0');
	}
	*number = value;
	return value <= max;
}

static bool since_parse(struct options *options, const char *text)
{
	const size_t size = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789");

	if (size == 0 || size > ROOM_EPOCH_SIZE_MAX || text[size] != ':' ||
	    !number_parse(&options->since_seq, text + size + 1, strlen(text + size + 1), (1ull << 53) - 1))
		return false;
	memcpy(options->since_epoch, text, size);
	options->since_epoch[size] = 0;
	options->since = true;
	return true;
}

/* A user's name as the protocol wants it. */
static bool name_set(struct options *options, const char *name)
{
	const size_t size = strlen(name);

	if (size >= sizeof(options->name) || !utf8_valid((const uint8_t *)name, size) ||
	    !chat_name_valid(span_of(name, size)) || name[0] == '@')
		return false;
	memcpy(options->name, name, size + 1);
	return true;
}

static int name_wrong(void)
{
	return wrong("a name is 1 to 64 bytes of UTF-8, not all blank, without control characters or an @ in front");
}

static bool token_set(struct options *options, const char *token)
{
	const size_t size = strlen(token);

	options->token = token;
	return size > 0 && size <= TOKEN_SIZE_MAX && utf8_valid((const uint8_t *)token, size);
}

static void name_default(struct options *options)
{
	const char *const user = getenv("USER");

	if (!user || !name_set(options, user))
		snprintf(options->name, sizeof(options->name), "guest-%04x", (unsigned)(random_entropy() & 0xffff));
}

bool options_data_of(struct text *data, struct span line)
{
	if (!utf8_valid(line.bytes, line.size))
		return false;
	text_puts(data, "{\"text\":");
	text_json(data, line);
	text_puts(data, "}");
	return true;
}

static int data_parse(struct options *options, const char *text)
{
	struct text command = { 0 }; /* in which it must not be nested too deep either */
	bool fits;

	if (!utf8_valid((const uint8_t *)text, strlen(text)) || json_scan_deep((const uint8_t *)text, strlen(text)) < 0)
		return wrong("--data is not a JSON value: %s", text);
	text_puts(&command, "[");
	text_puts(&command, text);
	text_puts(&command, "]");
	fits = json_scan(command.bytes, command.size) > 0;
	text_free(&command);
	if (!fits)
		return wrong("--data is nested too deep: at most %d arrays and objects within each other",
			     JSON_DEPTH_MAX - 1);
	text_clear(&options->data);
	text_puts(&options->data, text);
	return 1;
}

static void words_join(struct text *line, int count, char **words)
{
	for (int i = 0; i < count; i++) {
		text_puts(line, i > 0 ? " " : "");
		text_puts(line, words[i]);
	}
}

static int query_parse(struct options *options, int count, char **words)
{
	words_join(&options->query, count, words);
	if (options->query.size == 0)
		return wrong("search for which words?");
	if (options->query.size > CHAT_QUERY_SIZE_MAX || !utf8_valid(options->query.bytes, options->query.size))
		return wrong("the words are at most %d bytes of UTF-8", CHAT_QUERY_SIZE_MAX);
	return 1;
}

/* The words behind the command's name. */
static int words_parse(struct options *options, int count, char **words)
{
	const int rooms = options->mode == MODE_JOIN ? count : count > 0 ? 1 : 0;
	struct text line = { 0 };
	bool good = true;

	if (rooms == 0)
		return wrong("which room?");
	if (rooms > OPTIONS_ROOMS_MAX)
		return wrong("at most %d rooms", OPTIONS_ROOMS_MAX);
	if (options->mode == MODE_READ && count > 1)
		return wrong("read takes one room");
	for (int i = 0; i < rooms; i++) {
		if (!room_name_is_valid(words[i]))
			return wrong("a room's name is 1 to 128 of A-Z a-z 0-9 _ . : @ ~ - : %s", words[i]);
		for (int j = 0; j < i; j++)
			if (strcmp(words[i], words[j]) == 0)
				return wrong("the room %s is there twice", words[i]);
		options->rooms[options->room_count++] = words[i];
	}
	if (options->mode == MODE_SEARCH)
		return query_parse(options, count - 1, words + 1);
	if (options->mode != MODE_SEND || count == 1)
		return 1;
	if (options->data.size > 0)
		return wrong("send takes a text or --data, not both");
	words_join(&line, count - 1, words + 1);
	good = options_data_of(&options->data, text_span(&line));
	text_free(&line);
	return good ? 1 : wrong("the text is not UTF-8");
}

static int mode_parse(struct options *options, const char *word)
{
	static const char *const modes[] = { "join", "read", "send", "search" };

	for (size_t i = 0; i < 4; i++) {
		if (strcmp(word, modes[i]) != 0)
			continue;
		options->mode = (enum options_mode)i;
		return 1;
	}
	if (strcmp(word, "admin") == 0)
		return wrong("admin stands before its options: uproar-cli admin [OPTION...] COMMAND ...");
	return wrong("no such command: %s", word);
}

enum {
	URL = 'u',
	NAME = 'n',
	JSON = 'j',
	TIMEOUT = 't',
	LIMIT = 'l',
	SINCE = 's',
	FOLLOW = 'f',
	DATA = 'd',
	BEFORE = 'b',
	TOKEN = 'k'
};

/* ws://HOST:PORT/ws, or the server's own http://HOST:PORT as the HTTP API has it; without a path it is /ws. */
static int url_take(struct options *options, const char *text)
{
	const int done = url_parse_server(&options->url, text, "/ws");

	return done < 0 ? wrong("%s: %s", text, url_refusal_text(done)) : 1;
}

static int option_take(struct options *options, int option, const char *value)
{
	switch (option) {
	case URL:
		return url_take(options, value);
	case NAME:
		return name_set(options, value) ? 1 : name_wrong();
	case TOKEN:
		return token_set(options, value) ? 1 : wrong("a token is up to %d bytes of UTF-8", TOKEN_SIZE_MAX);
	case TIMEOUT:
		if (!number_parse(&options->timeout_s, value, strlen(value), 86400))
			return wrong("--timeout takes seconds, 0 to 86400: %s", value);
		return 1;
	case LIMIT:
		if (!number_parse(&options->limit, value, strlen(value), 100000))
			return wrong("--limit takes a number, 0 to 100000: %s", value);
		return 1;
	case BEFORE:
		if (!number_parse(&options->before, value, strlen(value), CHAT_INTEGER_MAX) || options->before == 0)
			return wrong("--before takes the number of a message: %s", value);
		return 1;
	case SINCE:
		return since_parse(options, value) ? 1 : wrong("--since takes EPOCH:SEQ: %s", value);
	case DATA:
		return data_parse(options, value);
	case JSON:
		options->json = true;
		return 1;
	default:
		options->follow = true;
		return 1;
	}
}

/* An option that its command knows nothing of would be passed over in silence. */
static int fitting(const struct options *options, bool limit)
{
	if (options->mode != MODE_READ && (options->since || options->follow))
		return wrong("--since and --follow are for read");
	if (options->mode == MODE_SEND && limit)
		return wrong("--limit is for join, read and search");
	if (options->mode != MODE_SEARCH && options->before > 0)
		return wrong("--before is for search");
	if (options->mode == MODE_SEARCH && limit && (options->limit < 1 || options->limit > CHAT_FOUND_MAX))
		return wrong("search gives 1 to %d messages", CHAT_FOUND_MAX);
	if (options->mode != MODE_SEND && options->data.size > 0)
		return wrong("--data is for send");
	if (options->mode == MODE_JOIN && options->limit > 200)
		return wrong("join shows at most 200 events to begin with");
	return 1;
}

/* Where no option says it. */
static int environment_take(struct options *options)
{
	const char *const token = getenv("UPROAR_TOKEN"), *const url = getenv("UPROAR_URL");

	if (!options->token && token && *token && !token_set(options, token))
		return wrong("UPROAR_TOKEN: a token is up to %d bytes of UTF-8", TOKEN_SIZE_MAX);
	if (options->url.name[0])
		return 1;
	return url_take(options, url && *url ? url : "ws://127.0.0.1:8080/ws");
}

int options_parse(struct options *options, int argc, char **argv)
{
	static const struct option longs[] = {
		{ "url", 1, NULL, URL },       { "name", 1, NULL, NAME },
		{ "json", 0, NULL, JSON },     { "timeout", 1, NULL, TIMEOUT },
		{ "limit", 1, NULL, LIMIT },   { "since", 1, NULL, SINCE },
		{ "follow", 0, NULL, FOLLOW }, { "data", 1, NULL, DATA },
		{ "help", 0, NULL, 'h' },      { "version", 0, NULL, 'V' },
		{ "before", 1, NULL, BEFORE }, { "token", 1, NULL, TOKEN },
		{ NULL, 0, NULL, 0 },
	};
	static const uint8_t usual_limit[] = {
		[MODE_JOIN] = 20, [MODE_READ] = 50, [MODE_SEND] = 0, [MODE_SEARCH] = CHAT_FOUND_DEFAULT
	};
	const uint64_t none = UINT64_MAX;
	bool limit;
	int option;

	*options = (struct options){ .timeout_s = 30, .limit = none };
	name_default(options);
	while ((option = getopt_long(argc, argv, "hV", longs, NULL)) != -1) {
		if (option == 'h' || option == 'V') {
			fputs(option == 'h' ? help : "uproar-cli " UPROAR_VERSION "\n", stdout);
			return 0;
		}
		if (option == '?')
			return wrong("that is no option, or its value is missing; behind -- there are only words");
		if (option_take(options, option, optarg) < 0)
			return -1;
	}
	if (environment_take(options) < 0)
		return -1;
	if (optind == argc)
		return wrong("which command: join, read, send, search or admin?");
	if (mode_parse(options, argv[optind]) < 0)
		return -1;
	limit = options->limit != none;
	if (!limit)
		options->limit = usual_limit[options->mode];
	if (fitting(options, limit) < 0)
		return -1;
	return words_parse(options, argc - optind - 1, argv + optind + 1);
}
