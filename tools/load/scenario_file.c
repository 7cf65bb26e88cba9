/* scenario_file.c - a scenario out of a file in libconfig's syntax. */
#include <libconfig.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/load/scenario.h"

#define WHY_MAX 320
#define FILE_MAX (64 * 1024)

struct source {
	const char *path;
	char *why;
	char text[FILE_MAX + 1];
};

__attribute__((format(printf, 3, 4))) static bool refuse(const struct source *source, unsigned line, const char *format,
							 ...)
{
	const int size = line > 0 ? snprintf(source->why, WHY_MAX, "%.120s:%u: ", source->path, line)
				  : snprintf(source->why, WHY_MAX, "%.120s: ", source->path);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(source->why + size, WHY_MAX - (size_t)size, format, arguments);
	va_end(arguments);
	return false;
}

static bool read_all(struct source *source)
{
	FILE *const file = fopen(source->path, "r");

	if (!file)
		return refuse(source, 0, "cannot be read: %s", strerror(errno));
	const size_t size = fread(source->text, 1, sizeof(source->text), file);
	const bool bad = ferror(file);

	fclose(file);
	if (bad)
		return refuse(source, 0, "cannot be read: %s", strerror(errno));
	if (size > FILE_MAX)
		return refuse(source, 0, "is larger than 64 KiB");
	source->text[size] = '\0';
	if (strlen(source->text) != size)
		return refuse(source, 0, "has a zero byte: a scenario is text");
	return true;
}

/* Whether the line has this text: libconfig cuts whole numbers to 32 bits unasked, and reads 0x10 and 010. */
static bool line_has(const struct source *source, unsigned line, const char *text)
{
	const char *at = source->text;

	for (unsigned i = 1; i < line && at; i++) {
		at = strchr(at, '\n');
		at += at != NULL;
	}
	const char *const found = at ? strstr(at, text) : NULL;

	return found && found < at + strcspn(at, "\n");
}

/* A value as scenario_set takes it. */
static bool text_of(const struct source *source, const config_setting_t *setting, const char *name, char out[256])
{
	const unsigned line = config_setting_source_line(setting);

	switch (config_setting_type(setting)) {
	case CONFIG_TYPE_STRING:
		if (strlen(config_setting_get_string(setting)) >= 256)
			return refuse(source, line, "%s: longer than 255 bytes", name);
		snprintf(out, 256, "%s", config_setting_get_string(setting));
		return true;
	case CONFIG_TYPE_INT:
	case CONFIG_TYPE_INT64:
		snprintf(out, 256, "%lld", config_setting_get_int64(setting));
		if (!line_has(source, line, out))
			return refuse(source, line, "%s: write it in decimal beside its name, a large number in quotes",
				      name);
		return true;
	case CONFIG_TYPE_FLOAT:
		snprintf(out, 256, "%.15g", config_setting_get_float(setting));
		return true;
	case CONFIG_TYPE_BOOL:
		snprintf(out, 256, "%s", config_setting_get_bool(setting) ? "true" : "false");
		return true;
	default:
		return refuse(source, line, "%s: one value is wanted, not a group", name);
	}
}

static bool set_one(struct scenario *scenario, const struct source *source, const config_setting_t *setting,
		    const char *name)
{
	char text[256], why[160];

	if (!text_of(source, setting, name, text))
		return false;
	if (strcmp(name, "base") == 0)
		return true;
	if (strcmp(name, "summary") == 0) {
		snprintf(scenario->summary, sizeof(scenario->summary), "%.127s", text);
		return true;
	}
	if (!scenario_set(scenario, name, text, why))
		return refuse(source, config_setting_source_line(setting), "%s", why);
	return true;
}

static bool set_all(struct scenario *scenario, const struct source *source, const config_setting_t *setting)
{
	const char *const name = config_setting_name(setting);

	if (!config_setting_is_list(setting) && !config_setting_is_array(setting))
		return set_one(scenario, source, setting, name);
	if (strcmp(name, "threshold") != 0)
		return refuse(source, config_setting_source_line(setting), "%s: one value is wanted, not a list", name);
	for (int i = 0; i < config_setting_length(setting); i++)
		if (!set_one(scenario, source, config_setting_get_elem(setting, (unsigned)i), name))
			return false;
	return true;
}

static bool read_base(struct scenario *scenario, const struct source *source, const config_t *config)
{
	const config_setting_t *const setting = config_lookup(config, "base");
	const char *const name = setting ? config_setting_get_string(setting) : "stress";
	const struct scenario *const base = name ? scenario_builtin(name) : NULL;
	const char *const slash = strrchr(source->path, '/');
	const char *const file = slash ? slash + 1 : source->path;

	if (!base)
		return refuse(source, config_setting_source_line(setting),
			      "base: the name of a built-in scenario is wanted (uproar-load list)");
	*scenario = *base;
	snprintf(scenario->name, sizeof(scenario->name), "%.*s", (int)strcspn(file, "."), file);
	return true;
}

static bool read_settings(struct scenario *scenario, const struct source *source, config_t *config)
{
	if (config_read_string(config, source->text) != CONFIG_TRUE)
		return refuse(source, (unsigned)config_error_line(config), "%s; a line is: name = value;",
			      config_error_text(config));
	if (!read_base(scenario, source, config))
		return false;
	const config_setting_t *const root = config_root_setting(config);

	for (int i = 0; i < config_setting_length(root); i++)
		if (!set_all(scenario, source, config_setting_get_elem(root, (unsigned)i)))
			return false;
	scenario->given = 0;
	return true;
}

bool scenario_read(struct scenario *scenario, const char *file, char why[WHY_MAX])
{
	struct source *const source = calloc(1, sizeof(*source));
	config_t config;

	if (!source) {
		snprintf(why, WHY_MAX, "%.120s: no memory to read it", file);
		return false;
	}
	source->path = file;
	source->why = why;
	config_init(&config);
	const bool read = read_all(source) && read_settings(scenario, source, &config);

	config_destroy(&config);
	free(source);
	return read;
}
