/* Every option at its limits and one past them, and every mistake in one line that says what and where. */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/ops/boot.h"
#include "engine/ops/config.h"

static struct options options;
static char error[OPTION_ERROR_MAX];
static const char path[] = "/etc/uproar.conf"; /* which nobody opens */

static void setup(void)
{
	options_default(&options);
}

TestSuite(options, .init = setup);

static const struct row {
	const char *name, *kind, *standard, *least, *most;
} rows[] = {
#define OPTION(id, name, kind, standard, least, most, group, when, help) { name, #kind, standard, least, most },
#include "engine/ops/tbl/options.h"
#undef OPTION
};

/* From a copy of exactly its size, so that reading past it is seen. */
static int set(const char *name, const char *text)
{
	char *exact = strdup(text);
	const int result = options_set(&options, name, exact, "here", error);

	free(exact);
	return result;
}

/* The table's own words for numbers, read a second way. */
static uint64_t number_of(const char *text)
{
	static const struct {
		const char *unit;
		uint64_t factor;
	} units[] = { { "ms", 1 },   { "s", 1000 },    { "m", 60000 },      { "h", 3600000 },       { "d", 86400000 },
		      { "K", 1024 }, { "M", 1048576 }, { "G", 1073741824 }, { "T", 1099511627776 }, { "", 1 } };
	char *end;
	const uint64_t value = strtoull(text, &end, 10);

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strcmp(end, units[i].unit) == 0)
			return value * units[i].factor;
	cr_assert_fail("%s", text);
	return 0;
}

static bool is_kind(const struct row *row, const char *kind)
{
	return strcmp(row->kind, kind) == 0;
}

static bool is_number(const struct row *row)
{
	return is_kind(row, "COUNT") || is_kind(row, "BYTES") || is_kind(row, "TIME") || is_kind(row, "POWER");
}

static int set_number(const struct row *row, uint64_t number)
{
	char text[40];

	snprintf(text, sizeof(text), "%" PRIu64 "%s", number, is_kind(row, "TIME") ? "ms" : "");
	return set(row->name, text);
}

Test(options, each_number_at_its_limits_and_one_past)
{
	for (int id = 0; id < OPTION_COUNT; id++) {
		const struct row *row = &rows[id];

		if (!is_number(row))
			continue;
		const uint64_t least = number_of(row->least), most = number_of(row->most);

		cr_assert_eq(set_number(row, least), 0, "%s", row->name);
		cr_assert_eq(option_number(&options, (enum option_id)id), least, "%s", row->name);
		cr_assert_eq(set_number(row, most), 0, "%s", row->name);
		cr_assert_eq(set(row->name, row->most), 0, "%s", row->name);
		cr_assert_eq(option_number(&options, (enum option_id)id), most, "%s", row->name);
		cr_assert_eq(set_number(row, is_kind(row, "POWER") ? most * 2 : most + 1), -1, "%s", row->name);
		cr_assert(least == 0 || set_number(row, is_kind(row, "POWER") ? least / 2 : least - 1) == -1, "%s",
			  row->name);
		cr_assert_eq(option_number(&options, (enum option_id)id), most, "%s: refused is unchanged", row->name);
	}
}

Test(options, each_default_is_what_the_table_says)
{
	for (int id = 0; id < OPTION_COUNT; id++) {
		cr_assert_str_eq(option_text(&options, (enum option_id)id), rows[id].standard);
		if (is_number(&rows[id]))
			cr_assert_eq(option_number(&options, (enum option_id)id), number_of(rows[id].standard));
	}
}

Test(options, each_choice_and_no_other)
{
	for (int id = 0; id < OPTION_COUNT; id++) {
		char choice[32];
		uint64_t index = 0;

		if (!is_kind(&rows[id], "CHOICE"))
			continue;
		for (const char *at = rows[id].most; *at; at += *at == '|') {
			const size_t size = strcspn(at, "|");

			snprintf(choice, sizeof(choice), "%.*s", (int)size, at);
			cr_assert_eq(set(rows[id].name, choice), 0);
			cr_assert_eq(option_number(&options, (enum option_id)id), index++);
			choice[size - 1] = 0;
			cr_assert_eq(set(rows[id].name, choice), -1, "'%s' is only a part", choice);
			at += size;
		}
		cr_assert_eq(set(rows[id].name, rows[id].most), -1);
		cr_assert_eq(set(rows[id].name, ""), -1);
		cr_assert_eq(set(rows[id].name, "neither"), -1);
	}
}

Test(options, how_values_are_written)
{
	static const struct {
		const char *name, *text;
		enum option_id id;
		int64_t number; /* -1: refused */
	} cases[] = {
		{ "cores", "2", OPTION_cores, 2 },
		{ "cores", "007", OPTION_cores, 7 },
		{ "cores", "2K", OPTION_cores, -1 },
		{ "cores", "", OPTION_cores, -1 },
		{ "cores", " 2", OPTION_cores, -1 },
		{ "cores", "2 ", OPTION_cores, -1 },
		{ "cores", "+2", OPTION_cores, -1 },
		{ "cores", "-2", OPTION_cores, -1 },
		{ "cores", "0x2", OPTION_cores, -1 },
		{ "cores", "2.0", OPTION_cores, -1 },
		{ "cores", "18446744073709551617", OPTION_cores, -1 }, /* 2^64 + 1 */
		{ "cores", "18446744073709551620", OPTION_cores, -1 },
		{ "cores", "184467440737095516170", OPTION_cores, -1 },
		{ "send-memory", "1048576", OPTION_send_memory, 1048576 },
		{ "send-memory", "1024K", OPTION_send_memory, 1048576 },
		{ "send-memory", "3M", OPTION_send_memory, 3145728 },
		{ "send-memory", "2G", OPTION_send_memory, 2147483648 },
		{ "send-memory", "1T", OPTION_send_memory, 1099511627776 },
		{ "send-memory", "5000000000", OPTION_send_memory, 5000000000 },
		{ "send-memory", "1P", OPTION_send_memory, -1 },
		{ "send-memory", "2MB", OPTION_send_memory, -1 },
		{ "send-memory", "2m", OPTION_send_memory, -1 },
		{ "send-memory", "M", OPTION_send_memory, -1 },
		{ "send-memory", "16777217T", OPTION_send_memory, -1 }, /* 2^64 + 1T */
		{ "ping", "1000ms", OPTION_ping, 1000 },
		{ "ping", "90s", OPTION_ping, 90000 },
		{ "ping", "2m", OPTION_ping, 120000 },
		{ "ping", "1h", OPTION_ping, 3600000 },
		{ "ping", "5000", OPTION_ping, -1 },
		{ "ping", "1h30m", OPTION_ping, -1 },
		{ "history-age", "2d", OPTION_history_age, 172800000 },
		{ "drain", "0", OPTION_drain, 0 },
		{ "drain", "0s", OPTION_drain, 0 },
		{ "receive-buffers", "64", OPTION_receive_buffers, 64 },
		{ "receive-buffers", "63", OPTION_receive_buffers, -1 },
		{ "receive-buffers", "96", OPTION_receive_buffers, -1 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		options_default(&options);
		cr_assert_eq(set(cases[i].name, cases[i].text), cases[i].number < 0 ? -1 : 0, "%s", cases[i].text);
		if (cases[i].number >= 0)
			cr_assert_eq(option_number(&options, cases[i].id), (uint64_t)cases[i].number, "%s",
				     cases[i].text);
	}
}

Test(options, texts_and_addresses)
{
	char longest[OPTION_TEXT_MAX + 1];

	memset(longest, 'x', sizeof(longest));
	longest[OPTION_TEXT_MAX - 1] = 0;
	cr_assert_eq(set("data", longest), 0);
	cr_assert_str_eq(option_text(&options, OPTION_data), longest);
	longest[OPTION_TEXT_MAX - 1] = 'x';
	longest[OPTION_TEXT_MAX] = 0;
	cr_assert_eq(set("data", longest), -1);

	static const char *const right[] = { "127.0.0.1:80", ":8080", "*:0", "[::]:65535", "a.example:1" };
	static const char *const wrong[] = { "", "8080", "host:", "host:http", "h:65536", "h:-1", "h:99999", "h:8 " };

	for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++)
		cr_assert_eq(set("listen", right[i]), 0, "%s", right[i]);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		cr_assert_eq(set("listen", wrong[i]), -1, "%s", wrong[i]);
	cr_assert_str_eq(error, "here: option 'listen' is 'h:8 ', but takes HOST:PORT, as 127.0.0.1:8080, "
				"[::1]:8080 or *:8080");
}

Test(options, what_is_said_of_a_mistake)
{
	cr_assert_eq(set("cores", "many"), -1);
	cr_assert_str_eq(error, "here: option 'cores' is 'many', but takes a whole number from 0 to 64");
	cr_assert_eq(set("ping", "5"), -1);
	cr_assert_str_eq(error,
			 "here: option 'ping' is '5', but takes a time (ms, s, m, h or d must follow) from 1s to 1h");
	cr_assert_eq(set("page", "yes"), -1);
	cr_assert_str_eq(error, "here: option 'page' is 'yes', but takes one of on|off");
	cr_assert_eq(set("receive-buffers", "100"), -1);
	cr_assert_str_eq(error, "here: option 'receive-buffers' is '100', but takes a power of two from 16 to 32768");
	cr_assert_eq(set("recieve-bufers", "1"), -1);
	cr_assert_str_eq(error, "here: there is no option 'recieve-bufers'; did you mean 'receive-buffers'?");
	cr_assert_eq(set("colour", "red"), -1);
	cr_assert_str_eq(error, "here: there is no option 'colour'; --help lists them all");
	cr_assert_eq(set("", "red"), -1);
}

/* One line, whatever was given. */
Test(options, what_is_given_cannot_forge_a_line)
{
	char longest[600];

	cr_assert_eq(set("cores", "2\nuproar: all is well\x1b[2J"), -1);
	cr_assert_str_eq(error,
			 "here: option 'cores' is '2?uproar: all is well?[2J', but takes a whole number from 0 to 64");
	cr_assert_eq(set("a\nb", "2"), -1);
	cr_assert_null(strchr(error, '\n'));
	memset(longest, 'x', sizeof(longest));
	longest[64] = 0;
	cr_assert_eq(set("cores", longest), -1);
	cr_assert_null(strstr(error, "..."));
	longest[64] = 'x';
	longest[599] = 0;
	cr_assert_eq(set("cores", longest), -1);
	cr_assert_not_null(strstr(error, "xxx...', but takes"));
	cr_assert_eq(set(longest, "1"), -1);
	cr_assert_not_null(strstr(error, "xxx...'; --help"));
}

static int file(const char *text, size_t size)
{
	return options_file_text(&options, path, span_of(text, size), error);
}

/* The line that is said to be wrong; 0: the file is right. */
static long line_of(const char *text)
{
	const int result = file(text, strlen(text));
	const size_t size = strlen(path);

	if (result == 0)
		return 0;
	cr_assert_eq(strncmp(error, path, size), 0, "%s", error);
	cr_assert_eq(error[size], ':', "%s", error);
	cr_assert_null(strchr(error, '\n'));
	return strtol(error + size + 1, NULL, 10);
}

Test(options, origins_and_networks)
{
	cr_assert_eq(set("origins", "same https://example.org, http://10.0.0.1:8080"), 0);
	cr_assert_eq(set("origins", "*"), 0);
	cr_assert_eq(set("origins", ""), 0);
	cr_assert_eq(set("origins", "null"), -1);
	cr_assert_eq(set("origins", "https://example.org/"), -1);
	cr_assert_str_eq(error, "here: option 'origins' is 'https://example.org/', but takes same, * or origins, as "
				"https://example.org, with blanks between");
	cr_assert_eq(set("address-exempt", "10.0.0.0/8 2001:db8::/32"), 0);
	cr_assert_eq(set("address-exempt", "10.0.0.0/33"), -1);
	cr_assert_str_eq(error, "here: option 'address-exempt' is '10.0.0.0/33', but takes at most 32 networks, as "
				"10.0.0.0/8, with blanks between");
	cr_assert_eq(line_of("origins = \"same https://example.org\";\naddress-exempt = \"127.0.0.1\";"), 0);
	cr_assert_eq(line_of("\norigins = https://example.org/x;"), 2);
	cr_assert(strstr(error, "'origins' is 'https://example.org/x'"), "%s", error);
}

Test(options, a_file)
{
	cr_assert_eq(line_of("# how we run it; listen = 1.1.1.1:1;\n"
			     "listen = 127.0.0.1:9000;\n"
			     "\tcores=2; page = \"off\" /* none\n = here */\n"
			     "history-age : 48h // two days\n"
			     "data = /var/lib/up#roar\n"
			     "send-memory = 5000000000;\r\n"
			     "log-format = json;"),
		     0, "%s", error);
	cr_assert_str_eq(option_text(&options, OPTION_listen), "127.0.0.1:9000");
	cr_assert_eq(option_number(&options, OPTION_cores), 2);
	cr_assert_eq(option_number(&options, OPTION_page), 1);
	cr_assert_eq(option_number(&options, OPTION_history_age), 172800000);
	cr_assert_str_eq(option_text(&options, OPTION_data), "/var/lib/up");
	cr_assert_eq(option_number(&options, OPTION_send_memory), 5000000000, "not cut to 32 bits");
	cr_assert_eq(option_number(&options, OPTION_log_format), 1);
	cr_assert_eq(line_of("data = \"/a b#c;=\\\"\\\\ //d\";"), 0, "%s", error);
	cr_assert_str_eq(option_text(&options, OPTION_data), "/a b#c;=\"\\ //d");
	cr_assert_eq(line_of(""), 0);
	cr_assert_eq(line_of("\n\n# nothing"), 0);
}

/* What begins a comment elsewhere is a part of them. */
Test(options, addresses_and_paths_need_no_quotes)
{
	cr_assert_eq(line_of("connect-url = http://127.0.0.1:3000/hook;\n"
			     "data = /srv//uproar/*; // here\n"
			     "store=postgres://db/x#y;\n"
			     "ping = 60s /* at least */;\n"
			     "cores = 2;// two"),
		     0, "%s", error);
	cr_assert_str_eq(option_text(&options, OPTION_connect_url), "http://127.0.0.1:3000/hook");
	cr_assert_str_eq(option_text(&options, OPTION_data), "/srv//uproar/*");
	cr_assert_str_eq(option_text(&options, OPTION_store), "postgres://db/x");
	cr_assert_eq(option_number(&options, OPTION_ping), 60000);
	cr_assert_eq(line_of("cores = 2//two\n;"), 1);
	cr_assert(strstr(error, "'cores' is '2//two'"), "%s", error);
}

Test(options, the_line_of_a_mistake)
{
	static const struct {
		const char *text;
		long line;
		const char *said;
	} cases[] = {
		{ "cores = x;", 1, "'cores' is 'x'" },
		{ "\n\n  cores =   \t x;", 3, "'cores' is 'x'" },
		{ "cores = 1;\nping =\n5s;", 3, "a line is: name = value;" },
		{ "# cores = x\n/* cores = y\n\n*/ cores = z", 4, "'cores' is 'z'" },
		{ "page = on;\ncores = 4294967297;\n", 2, "'cores' is '4294967297'" },
		{ "page = on;\ncores = 0x2;", 2, "'cores' is '0x2'" },
		{ "page = on;\r\ncores = 99;", 2, "'cores' is '99'" },
		{ "data = \"a\nb\";\nping = 1;", 3, "'ping' is '1'" },
		{ "\ncore = 2;", 2, "there is no option 'core'; did you mean 'cores'?" },
		{ "cores = 1;\ncores = 2;", 2, "duplicate" },
		{ "\nsend-rate 20;", 2, "a line is: name = value;" },
		{ "\ncores = ;", 2, "a line is: name = value;" },
		{ "\npa/**/ge = on;", 2, "a line is: name = value;" },
		{ "\ncores = 1 2;", 2, "a line is: name = value;" },
		{ "cores = (1, 2);", 1, "takes one value" },
		{ "\ncores = { a = 1; };", 2, "takes one value" },
		{ "cores = [];", 1, "takes one value" },
		{ "\n\n@include \"other\"\n", 3, "@include" },
		{ "cores = 1;\nlisten = \"x\n\n", 2, "does not end" },
		{ "cores = 1;\n\"x\\\"\n", 2, "does not end" },
		{ "cores = 1;\n\n/* ping = 5;\n", 3, "does not end" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cr_assert_eq(line_of(cases[i].text), cases[i].line, "%s: %s", cases[i].text, error);
		cr_assert_not_null(strstr(error, cases[i].said), "%s: %s", cases[i].text, error);
	}
}

static size_t times(const char *text, const char *what)
{
	size_t count = 0;

	for (; (text = strstr(text, what)); text++)
		count++;
	return count;
}

/* From a list of groups, what the same would be as one text. */
Test(options, classes_of_rooms_in_a_file)
{
	cr_assert_eq(line_of("room-classes = \"mem: class=memory; log: age=30d\";"), 0, "%s", error);
	cr_assert_str_eq(option_text(&options, OPTION_room_classes), "mem: class=memory; log: age=30d");
	cr_assert_eq(line_of("room-classes = (\n"
			     "  { prefix = \"mem:\"; class = \"memory\"; }, # a comment\n"
			     "  { age = 30d; prefix = log:; messages = 5000000000 },\n"
			     "  { prefix = * }\n"
			     ");\ncores = 2;"),
		     3, "%s", error);
	cr_assert_not_null(strstr(error, "class 'log:': 'messages' is '5000000000', but takes"), "%s", error);
	cr_assert_eq(line_of("room-classes = (\n"
			     "  { prefix = \"mem:\"; class = \"memory\"; },\n"
			     "  { age = 30d; prefix = log:; messages = 50 },\n"
			     "  { prefix = * }\n"
			     ");\ncores = 2;"),
		     0, "%s", error);
	cr_assert_str_eq(option_text(&options, OPTION_room_classes), "mem: class=memory;log: age=30d messages=50;*;");
	cr_assert_eq(strncmp(option_where(&options, OPTION_room_classes), path, strlen(path)), 0);
	cr_assert_str_eq(option_where(&options, OPTION_room_classes) + strlen(path), ":1");
	cr_assert_eq(option_number(&options, OPTION_cores), 2);
	cr_assert_eq(line_of("room-classes = ();"), 0, "%s", error);
}

Test(options, mistakes_in_classes_of_rooms)
{
	static const struct {
		const char *text;
		long line;
		const char *said;
	} cases[] = {
		{ "\nroom-classes = \"mem: class=ram\";", 2,
		  "class 'mem:': 'class' is 'ram', but takes disk or memory" },
		{ "room-classes = (\n{ class = disk; }\n);", 2, "takes a list of groups with a prefix each" },
		{ "room-classes = (\n\n{ prefix = a; },\n\"b\");", 4, "takes a list of groups" },
		{ "room-classes = ({ prefix = a; },\n{ prefix = \"b; c\"; });", 2, "'prefix' takes one word" },
		{ "room-classes = ({ prefix = a; class = \"disk page=3\"; });", 1, "'class' takes one word" },
		{ "room-classes = ({ prefix = a; class = (1, 2); });", 1, "'class' takes one word" },
		{ "room-classes = ({ prefix = a; clas = disk; });", 1, "there is no key 'clas'" },
		{ "\nroom-classes = ({ prefix = a; },\n{ prefix = a; });", 2, "class 'a' is there twice" },
		{ "\nroom-classes = { prefix = a; };", 2, "takes one value" },
		{ "cores = ({ prefix = a; });", 1, "takes one value" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cr_assert_eq(line_of(cases[i].text), cases[i].line, "%s: %s", cases[i].text, error);
		cr_assert_not_null(strstr(error, cases[i].said), "%s: %s", cases[i].text, error);
	}
}

/* All that there may be fit into the option: as a text, and as groups. */
Test(options, classes_of_rooms_as_long_as_they_may_be)
{
	static char text[OPTION_CLASSES_MAX + 200];
	size_t size = 0;

	memset(text, ' ', OPTION_CLASSES_MAX - 1);
	cr_assert_eq(set("room-classes", text), 0, "%s", error);
	text[OPTION_CLASSES_MAX - 1] = ' ';
	cr_assert_eq(set("room-classes", text), -1);
	cr_assert_str_eq(error, "here: option 'room-classes': the text is longer than 4095 bytes");

	size = (size_t)snprintf(text, sizeof(text), "room-classes = (");
	for (int i = 0; i < 31; i++)
		size += (size_t)snprintf(text + size, sizeof(text) - size, "%s{ prefix = a%060d; slow = latest; }",
					 i > 0 ? "," : "", i);
	snprintf(text + size, sizeof(text) - size, ");");
	cr_assert_eq(line_of(text), 0, "%s", error);
	cr_assert_eq(times(option_text(&options, OPTION_room_classes), "slow=latest"), 31);
}

/* Each group fits, all together do not. */
Test(options, groups_that_are_too_long_together)
{
	static char text[3 * OPTION_CLASSES_MAX];
	size_t size = (size_t)snprintf(text, sizeof(text), "room-classes = (");

	for (int i = 0; i < 31; i++)
		size += (size_t)snprintf(text + size, sizeof(text) - size,
					 "%s{ prefix = a%0120d; presence = on; slow = latest; }", i > 0 ? "," : "", i);
	snprintf(text + size, sizeof(text) - size, ");");
	cr_assert_eq(line_of(text), 1);
	cr_assert_not_null(strstr(error, "the text is longer than 4095 bytes"), "%s", error);
}

/* The place is that of the last who set it. */
Test(options, where_an_option_was_given)
{
	cr_assert_str_eq(option_where(&options, OPTION_cores), "default");
	cr_assert_eq(line_of("\n\ncores = 2;"), 0, "%s", error);
	cr_assert_str_eq(option_where(&options, OPTION_cores) + strlen(path), ":3");
	cr_assert_eq(options_set(&options, "cores", "3", "command line", error), 0);
	cr_assert_str_eq(option_where(&options, OPTION_cores), "command line");
	cr_assert_eq(options_set(&options, "cores", "x", "environment", error), -1);
	cr_assert_str_eq(option_where(&options, OPTION_cores), "command line", "refused is unchanged");
}

Test(options, files_that_are_none)
{
	static char text[64 * 1024 + 1];

	cr_assert_eq(file("cores = 1;\n\0cores = 2;", 22), -1);
	cr_assert_not_null(strstr(error, ":2: a zero byte"));
	memset(text, '\n', sizeof(text));
	cr_assert_eq(file(text, sizeof(text) - 1), 0);
	cr_assert_eq(file(text, sizeof(text)), -1);
	cr_assert_not_null(strstr(error, "larger than 64K"));
}

static int read_config(const char *of_path)
{
	static struct files files;
	const struct config config = { .file = of_path };

	return config_read(&config, &files, &options, error);
}

Test(options, a_file_that_cannot_be_read_or_is_too_large_is_named)
{
	char name[] = "/tmp/test-options-XXXXXX";
	const int fd = mkstemp(name);

	cr_assert_eq(read_config("/no/such/file"), EXIT_CONFIG);
	cr_assert_str_eq(error, "/no/such/file: cannot be read: No such file or directory");
	cr_assert_eq(read_config("/tmp"), EXIT_CONFIG);
	cr_assert_str_eq(error, "/tmp: cannot be read: Is a directory");
	cr_assert(fd >= 0 && write(fd, "cores = 3;", 10) == 10);
	cr_assert_eq(read_config(name), 0, "%s", error);
	cr_assert_eq(option_number(&options, OPTION_cores), 3);
	cr_assert_eq(ftruncate(fd, OPTION_FILE_SIZE_MAX + 2), 0);
	cr_assert_eq(read_config(name), EXIT_CONFIG);
	cr_assert_not_null(strstr(error, "the file is larger than 64K"), "%s", error);
	close(fd);
	unlink(name);
}

/* A file cut anywhere is right, or wrong in a line that it has. */
Test(options, a_file_cut_anywhere)
{
	static const char text[] = "# a\nlisten = \"1.1.1.1:1\"; /* b */\n// c\ncores = 2;\ndata=\"\\\"x\";\nping : 5s";

	for (size_t size = 0; size < sizeof(text); size++) {
		char *exact = strndup(text, size);

		cr_assert_leq(line_of(exact), 6);
		free(exact);
	}
}

Test(options, the_environment)
{
	setenv("UPROAR_SEND_RATE", "7", 1);
	setenv("UPROAR_LISTEN", "[::]:1", 1);
	setenv("UPROAR_SERVICE_HOST", "10.0.0.1", 1);
	setenv("UPROAR_PORT", "tcp://10.0.0.1:8080", 1);
	setenv("UPROAR_PORT_8080_TCP_PROTO", "tcp", 1);
	setenv("UPROAR_", "", 1);
	cr_assert_eq(options_environment(&options, error), 0, "%s", error);
	cr_assert_eq(option_number(&options, OPTION_send_rate), 7);
	cr_assert_str_eq(option_text(&options, OPTION_listen), "[::]:1");
	setenv("UPROAR_SEND_RATE", "fast", 1);
	cr_assert_eq(options_environment(&options, error), -1);
	cr_assert_str_eq(error, "environment, UPROAR_SEND_RATE: option 'send-rate' is 'fast', but takes a whole number "
				"from 0 to 1000000");
	unsetenv("UPROAR_SEND_RATE");
	setenv("UPROAR_SENDRATE", "7", 1);
	cr_assert_eq(options_environment(&options, error), -1);
	cr_assert_str_eq(error, "environment: there is no variable UPROAR_SENDRATE; did you mean UPROAR_SEND_RATE?");
	unsetenv("UPROAR_SENDRATE");
	setenv("UPROAR_SEND_RATES", "7", 1);
	cr_assert_eq(options_environment(&options, error), -1);
	unsetenv("UPROAR_SEND_RATES");
	setenv("UPROAR_send_rate", "7", 1);
	cr_assert_eq(options_environment(&options, error), -1);
	cr_assert_not_null(strstr(error, "did you mean UPROAR_SEND_RATE?"));
}

Test(options, help_and_document_have_each_once)
{
	char *help, *document, name[80];
	size_t size;
	FILE *out = open_memstream(&help, &size);

	options_help(out);
	fclose(out);
	out = open_memstream(&document, &size);
	options_document(out);
	fclose(out);
	for (int id = 0; id < OPTION_COUNT; id++) {
		snprintf(name, sizeof(name), "\n  --%s ", rows[id].name);
		cr_assert_eq(times(help, name), 1, "%s", name);
		snprintf(name, sizeof(name), "\n| `%s` | `UPROAR_", rows[id].name);
		cr_assert_eq(times(document, name), 1, "%s", name);
	}
	free(help);
	free(document);
}
