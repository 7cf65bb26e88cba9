/* Of what is damaged in the store the log names each room, and neither who asks nor how often makes it long. */
#include <unistd.h>

#include "engine/core/log.h"
#include "tests/unit/engine/chat/disk_fixture.h"

TestSuite(home_disk_damage, .init = disk_setup, .fini = disk_teardown);

static int log_pipe, log_error;

static void log_catch(void)
{
	int ends[2];

	log_setup(LOG_INFO, false);
	cr_assert_eq(pipe(ends), 0);
	log_pipe = ends[0];
	log_error = dup(STDERR_FILENO);
	dup2(ends[1], STDERR_FILENO);
	close(ends[1]);
}

/* How many lines have this in them, of all since log_catch(). */
static size_t log_lines(const char *what)
{
	static char text[16384];
	static size_t size;
	size_t lines = 0;
	ssize_t got;

	dup2(log_error, STDERR_FILENO);
	while ((got = read(log_pipe, text + size, sizeof(text) - 1 - size)) > 0)
		size += (size_t)got;
	for (const char *at = text; (at = strstr(at, what)); at++)
		lines++;
	return lines;
}

static void join_damaged(const char *name)
{
	RUN(0, "Ann", .op = CHAT_OP_join, .room = span_of(name, strlen(name)), .limit = 5);
	answer(STORE_READER, asked(STORE_READER, STORE_LOAD), STORE_CORRUPT);
	expect_error(0, CHAT_ERR_internal);
}

Test(home_disk_damage, a_damaged_room_is_told_of_once_in_ten_seconds_and_hides_no_other)
{
	log_catch();
	for (int i = 0; i < 15; i++)
		join_damaged("hurt");
	join_damaged("worn");
	now_ms += 9999;
	join_damaged("hurt");
	now_ms += 1;
	join_damaged("hurt");
	cr_assert_eq(log_lines("log_corrupt room="), 3);
	cr_assert_eq(log_lines("room=\"hurt\" seq=0 more=0 do=\"restore"), 1);
	cr_assert_eq(log_lines("room=\"worn\" seq=0 more=14 do="), 1);
	cr_assert_eq(log_lines("room=\"hurt\" seq=0 more=1 do="), 1);
}

Test(home_disk_damage, of_damaged_rooms_eight_are_told_of_in_ten_seconds)
{
	log_catch();
	for (int i = 0; i < 10; i++)
		join_damaged((char[2]){ (char)('a' + i) });
	now_ms += 10000;
	join_damaged("a");
	cr_assert_eq(log_lines("log_corrupt room="), 9);
	cr_assert_eq(log_lines("room=\"h\""), 1);
	cr_assert_eq(log_lines("room=\"i\""), 0);
	cr_assert_eq(log_lines("room=\"a\" seq=0 more=2 do="), 1);
}

/* What a store finds while it keeps or searches is damage, too. */
Test(home_disk_damage, damage_is_told_of_whatever_was_asked)
{
	joined(1, 50);
	log_catch();
	RUN(0, "Ann", .op = CHAT_OP_edit, .target = 2, .data = SPAN("1"));
	answer(STORE_WRITER, asked(STORE_WRITER, STORE_APPEND), STORE_CORRUPT);
	now_ms += 10000;
	RUN(0, "Ann", .op = CHAT_OP_search, .query = SPAN("a"), .limit = 3);
	answer(STORE_SEARCHER, asked(STORE_SEARCHER, STORE_SEARCH), STORE_CORRUPT);
	now_ms += 10000;
	RUN(0, "Ann", .op = CHAT_OP_history, .from = CHAT_PAGE_AFTER, .seq = 3, .limit = 10);
	answer(STORE_READER, asked(STORE_READER, STORE_PAGE), STORE_CORRUPT);
	hush();
	cr_assert_eq(log_lines("log_corrupt room=\"room\""), 3);
	cr_assert_eq(log_lines("room=\"room\" seq=3 more=0 do="), 1);
}
