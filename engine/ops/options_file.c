#include <ctype.h>
#include <libconfig.h>
#include <stdlib.h>
#include <string.h>

#include "engine/ops/options.h"

#define FILE_SIZE_MAX OPTION_FILE_SIZE_MAX

/* The file as it is, and as libconfig gets it. */
struct source {
	const char *path;
	char *error;
	char *quoted; /* every byte may begin and end a value */
	char text[];
};

static int refuse(struct source *source, const char *at, const char *what)
{
	unsigned line = 1;

	for (const char *c = source->text; c < at; c++)
		line += *c == '\n';
	snprintf(source->error, OPTION_ERROR_MAX, "%.255s:%u: %s", source->path, line, what);
	return -1;
}

/* The text that is in place is of that size. */
static int check_text(struct source *source, size_t size)
{
	source->text[size < FILE_SIZE_MAX ? size : FILE_SIZE_MAX] = 0;
	if (size > FILE_SIZE_MAX)
		return refuse(source, source->text + FILE_SIZE_MAX, "the file is larger than 64K");
	if (strlen(source->text) != size)
		return refuse(source, source->text + strlen(source->text), "a zero byte; the file must be text");
	return 0;
}

static size_t kept_of(struct span text)
{
	return text.size < FILE_SIZE_MAX ? text.size : FILE_SIZE_MAX;
}

static int take_text(struct source *source, struct span text)
{
	memcpy(source->text, text.bytes, kept_of(text));
	return check_text(source, text.size);
}

static bool begins_comment(const char *at)
{
	return *at == '#' || (at[0] == '/' && (at[1] == '/' || at[1] == '*'));
}

/* The end of the comment or quoted text that begins here: `at` itself when none does, NULL when it never ends. */
static const char *skip(const char *at)
{
	if (at[0] == '/' && at[1] == '*') {
		const char *end = strstr(at + 2, "*/");

		return end ? end + 2 : NULL;
	}
	if (begins_comment(at))
		return at + strcspn(at, "\n");
	if (*at != '"')
		return at;
	for (at++; *at && *at != '"'; at++)
		at += *at == '\\' && at[1];
	return *at ? at + 1 : NULL;
}

/* How long the value without quotes is that begins here. Behind its first byte only # begins a comment: others are in
 * addresses and paths. */
static size_t bare_size(const char *at)
{
	size_t size = 0;

	if (begins_comment(at))
		return 0;
	while (at[size] && !isspace((unsigned char)at[size]) && !strchr(";,\"(){}[]=\\#", at[size]))
		size++;
	return size;
}

static char *copy(char *out, const char *from, size_t size)
{
	memcpy(out, from, size);
	return out + size;
}

/* Of a comment stay its lines, so that libconfig counts them. */
static char *blank_out(char *out, const char *from, const char *end)
{
	*out++ = ' ';
	for (; from < end; from++)
		if (*from == '\n')
			*out++ = '\n';
	return out;
}

static char *quote_value(char *out, const char **at)
{
	const size_t blank = strspn(*at, " \t"), bare = bare_size(*at + blank);

	out = copy(out, *at, blank);
	if (bare > 0) {
		*out++ = '"';
		out = copy(out, *at + blank, bare);
		*out++ = '"';
	}
	*at += blank + bare;
	return out;
}

/* Puts values without quotes into quotes: libconfig knows no units, and cuts whole numbers to 32 bits unasked. */
static int quote(struct source *source)
{
	const char *at = source->text;
	char *out = source->quoted;

	while (*at) {
		const char *end = skip(at);
		const bool assigned = *at == '=' || *at == ':';

		if (!end)
			return refuse(source, at, "the text or comment that begins here does not end");
		if (*at == '@')
			return refuse(source, at, "@include is not supported");
		if (end > at && *at != '"') {
			out = blank_out(out, at, end);
			at = end;
			continue;
		}
		const size_t size = end > at ? (size_t)(end - at) : 1;

		out = copy(out, at, size);
		at += size;
		if (assigned)
			out = quote_value(out, &at);
	}
	*out = 0;
	return 0;
}

static void place_of(const config_setting_t *setting, const struct source *source, char where[OPTION_WHERE_MAX])
{
	snprintf(where, OPTION_WHERE_MAX, "%.255s:%u", source->path, config_setting_source_line(setting));
}

/* A class of rooms as text: `prefix key=value ...`. Returns its size, or -1. */
static int class_text(const config_setting_t *group, char text[OPTION_CLASSES_MAX], const char *where, char *error)
{
	const char *prefix;
	int size;

	if (!config_setting_is_group(group) || config_setting_lookup_string(group, "prefix", &prefix) != CONFIG_TRUE) {
		snprintf(error, OPTION_ERROR_MAX,
			 "%s: option 'room-classes' takes a list of groups with a prefix each, as "
			 "( { prefix = \"mem:\"; class = memory; } )",
			 where);
		return -1;
	}
	size = snprintf(text, OPTION_CLASSES_MAX, "%s", prefix);
	for (int i = 0; i < config_setting_length(group) && size < OPTION_CLASSES_MAX; i++) {
		const config_setting_t *key = config_setting_get_elem(group, (unsigned)i);
		const char *name = config_setting_name(key), *value = config_setting_get_string(key);

		/* A value that were two words, or two classes, once they are all one text. */
		if (!value || strpbrk(value, " \t\r\n;")) {
			snprintf(error, OPTION_ERROR_MAX, "%s: option 'room-classes': '%.64s' takes one word", where,
				 name);
			return -1;
		}
		if (strcmp(name, "prefix") != 0)
			size += snprintf(text + size, (size_t)(OPTION_CLASSES_MAX - size), " %s=%s", name, value);
	}
	if (size < OPTION_CLASSES_MAX)
		return size;
	snprintf(error, OPTION_ERROR_MAX, "%s: option 'room-classes': the class is longer than %d bytes", where,
		 OPTION_CLASSES_MAX - 1);
	return -1;
}

/* The list of groups becomes the text that the command line would have; each is judged with its own line first. */
static int set_classes(struct options *options, const config_setting_t *list, struct source *source)
{
	char where[OPTION_WHERE_MAX], text[OPTION_CLASSES_MAX], all[OPTION_CLASSES_MAX + 1] = "";
	size_t size = 0;

	for (int i = 0; i < config_setting_length(list); i++) {
		const config_setting_t *group = config_setting_get_elem(list, (unsigned)i);

		place_of(group, source, where);
		if (class_text(group, text, where, source->error) < 0 ||
		    options_classes(text, where, source->error) != 0)
			return -1;
		/* Cut where it is too long: then the whole is. */
		size += (size_t)snprintf(all + size, sizeof(all) - size, "%s;", text);
		size = size < sizeof(all) ? size : sizeof(all) - 1;
	}
	place_of(list, source, where);
	return options_set(options, "room-classes", all, where, source->error);
}

static int one(struct options *options, const config_setting_t *setting, struct source *source)
{
	char where[OPTION_WHERE_MAX];
	const char *name = config_setting_name(setting), *text = config_setting_get_string(setting);

	place_of(setting, source, where);
	if (text)
		return options_set(options, name, text, where, source->error);
	if (strcmp(name, "room-classes") == 0 && config_setting_is_list(setting))
		return set_classes(options, setting, source);
	snprintf(source->error, OPTION_ERROR_MAX, "%s: option '%.64s' is a group or a list, but takes one value", where,
		 name);
	return -1;
}

static int read_options(struct options *options, struct source *source)
{
	config_t config;
	int result = 0;

	if (quote(source) != 0)
		return -1;
	config_init(&config);
	if (config_read_string(&config, source->quoted) != CONFIG_TRUE) {
		snprintf(source->error, OPTION_ERROR_MAX, "%.255s:%d: %s; a line is: name = value;", source->path,
			 config_error_line(&config), config_error_text(&config));
		result = -1;
	}
	const config_setting_t *root = config_root_setting(&config);

	for (int i = 0; result == 0 && i < config_setting_length(root); i++)
		result = one(options, config_setting_get_elem(root, (unsigned)i), source);
	config_destroy(&config);
	return result;
}

static void source_free(struct source *source)
{
	if (source)
		free(source->quoted);
	free(source);
}

/* With as much room as the text needs. */
static struct source *source_of(const char *path, struct span text, char *error)
{
	struct source *source = malloc(sizeof(*source) + kept_of(text) + 1);

	if (source)
		*source = (struct source){ .path = path, .error = error, .quoted = malloc(3 * kept_of(text) + 2) };
	if (source && source->quoted)
		return source;
	snprintf(error, OPTION_ERROR_MAX, "%.255s: there is no memory to read it", path);
	source_free(source);
	return NULL;
}

int options_file_text(struct options *options, const char *path, struct span text, char error[OPTION_ERROR_MAX])
{
	struct source *source = source_of(path, text, error);
	const int result = source && take_text(source, text) == 0 ? read_options(options, source) : -1;

	source_free(source);
	return result;
}
