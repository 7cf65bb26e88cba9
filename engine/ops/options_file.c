#include "engine/ops/options.h"

#include <errno.h>
#include <inttypes.h>
#include <libconfig.h>
#include <string.h>

/* The value of a setting as the text that a flag would have. */
static bool text_of(const config_setting_t *setting, char *out, size_t size)
{
	switch (config_setting_type(setting)) {
	case CONFIG_TYPE_STRING:
		snprintf(out, size, "%s", config_setting_get_string(setting));
		return true;
	case CONFIG_TYPE_INT:
	case CONFIG_TYPE_INT64:
		snprintf(out, size, "%lld", config_setting_get_int64(setting));
		return true;
	case CONFIG_TYPE_BOOL:
		snprintf(out, size, "%s", config_setting_get_bool(setting) ? "on" : "off");
		return true;
	case CONFIG_TYPE_FLOAT:
		snprintf(out, size, "%g", config_setting_get_float(setting));
		return true;
	default:
		return false;
	}
}

static int one(struct options *options, const config_setting_t *setting, const char *path, char *error)
{
	char where[OPTION_TEXT_MAX + 16], text[OPTION_TEXT_MAX * 2];

	snprintf(where, sizeof(where), "%.255s:%u", path, config_setting_source_line(setting));
	if (!text_of(setting, text, sizeof(text))) {
		snprintf(error, OPTION_ERROR_MAX, "%s: option '%.64s' is a group or a list, but takes one value", where,
			 config_setting_name(setting));
		return -1;
	}
	return options_set(options, config_setting_name(setting), text, where, error);
}

int options_file(struct options *options, const char *path, char error[OPTION_ERROR_MAX])
{
	FILE *file = fopen(path, "r");
	config_t config;
	int result = 0;

	if (!file) {
		snprintf(error, OPTION_ERROR_MAX, "%.255s: cannot be read: %s", path, strerror(errno));
		return -1;
	}
	config_init(&config);
	if (config_read(&config, file) != CONFIG_TRUE) {
		snprintf(error, OPTION_ERROR_MAX, "%.255s:%d: %s; a line is: name = value;", path,
			 config_error_line(&config), config_error_text(&config));
		result = -1;
	}
	const config_setting_t *root = config_root_setting(&config);

	for (int i = 0; result == 0 && i < config_setting_length(root); i++)
		result = one(options, config_setting_get_elem(root, (unsigned)i), path, error);
	config_destroy(&config);
	fclose(file);
	return result;
}
