/* Classes of rooms: which one a name is of, and what their text may say. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/chat/room_class.h"

#define DAY 86400000ull

static struct room_classes classes;
static char why[256];

/* From a copy of exactly its size, so that reading past it is seen. */
static int parse(const char *text)
{
	char *exact = strdup(text);
	const int result = room_classes_parse(&classes, exact, why, sizeof(why));

	free(exact);
	return result;
}

static const struct room_class *of(const char *room)
{
	const size_t size = strlen(room);
	uint8_t *exact = malloc(size);

	memcpy(exact, room, size);
	const struct room_class *class = room_class_of(&classes, span_of(exact, size));

	free(exact);
	return class;
}

Test(room_class, the_longest_prefix_counts)
{
	cr_assert_eq(parse("a page=1; abc page=3; ab page=2; * page=9; abcd page=4; b page=5"), 0, "%s", why);
	static const struct {
		const char *room;
		uint32_t page;
	} cases[] = {
		{ "a", 1 },    { "ax", 1 }, { "ab", 2 },  { "abx", 2 }, { "abc", 3 },  { "abcd", 4 }, { "abcde", 4 },
		{ "abcx", 3 }, { "b", 5 },  { "bab", 5 }, { "c", 9 },   { "xabc", 9 }, { "ABC", 9 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		cr_assert_eq(of(cases[i].room)->page_max, cases[i].page, "%s", cases[i].room);
}

Test(room_class, a_prefix_as_long_as_a_name_may_be)
{
	char room[CHAT_ROOM_SIZE_MAX + 1], text[CHAT_ROOM_SIZE_MAX + 20];

	memset(room, 'r', CHAT_ROOM_SIZE_MAX);
	room[CHAT_ROOM_SIZE_MAX] = 0;
	snprintf(text, sizeof(text), "%s page=7", room);
	cr_assert_eq(parse(text), 0, "%s", why);
	cr_assert_eq(of(room)->page_max, 7);
	cr_assert_eq(of(room + 1)->page_max, 200);
	snprintf(text, sizeof(text), "%sr page=7", room);
	cr_assert_eq(parse(text), -1);
}

Test(room_class, without_classes_all_is_as_usual)
{
	const struct room_class *class = room_class_of(NULL, SPAN("any"));

	cr_assert(!class->disk && class->presence && class->slow == SLOW_CATCH_UP);
	cr_assert_eq(room_class_page(class, 200), 200);
	cr_assert_eq(class->kept.messages + class->kept.bytes + class->kept.age_ms, 0);
}

Test(room_class, what_nobody_says)
{
	cr_assert_eq(parse(""), 0);
	cr_assert_eq(classes.count, 1);
	const struct room_class *class = of("any");

	cr_assert(class->disk && class->presence && class->slow == SLOW_CATCH_UP && class->page_max == 200);
	cr_assert_eq(class->kept.messages, 1000000);
	cr_assert_eq(class->kept.bytes, 1 << 30);
	cr_assert_eq(class->kept.age_ms, 0, "nothing is gone because it is old");
	cr_assert_eq(parse("mem: class=memory"), 0);
	cr_assert_eq(of("general"), &classes.classes[0]);
	class = of("mem:x");
	cr_assert(!class->disk && class->presence);
	cr_assert_eq(class->kept.messages + class->kept.bytes + class->kept.age_ms, 0, "as the home's limits say");
	cr_assert(of("mem")->disk);
}

Test(room_class, each_key)
{
	cr_assert_eq(parse(" x\tclass=memory  messages=7\n bytes=8K age=9h presence=off slow=latest page=10 "), 0, "%s",
		     why);
	const struct room_class *class = of("x");

	cr_assert(!class->disk && !class->presence && class->slow == SLOW_LATEST && class->page_max == 10);
	cr_assert_eq(class->kept.messages, 7);
	cr_assert_eq(class->kept.bytes, 8192);
	cr_assert_eq(class->kept.age_ms, 9 * 3600000);
	cr_assert_eq(parse("x class=disk presence=on slow=catch-up;y slow=disconnect messages=0 bytes=0 age=0"), 0);
	cr_assert(of("x")->disk && of("x")->presence && of("x")->slow == SLOW_CATCH_UP);
	class = of("y");
	cr_assert_eq(class->slow, SLOW_DISCONNECT);
	cr_assert_eq(class->kept.messages + class->kept.bytes + class->kept.age_ms, 0, "said to have no bound");
}

Test(room_class, what_is_not_said_comes_from_the_class_of_all)
{
	/* Wherever that stands. */
	cr_assert_eq(parse("x page=5; * class=memory messages=7 age=2d presence=off slow=latest page=6; "
			   "y class=disk presence=on age=1d; x:y"),
		     0, "%s", why);
	cr_assert_eq(classes.count, 4);
	const struct room_class *x = of("x"), *y = of("y"), *xy = of("x:y"), *all = of("z");

	cr_assert(!x->disk && !x->presence && x->slow == SLOW_LATEST && x->page_max == 5);
	cr_assert(x->kept.messages == 7 && x->kept.age_ms == 2 * DAY && x->kept.bytes == 0);
	cr_assert(y->disk && y->presence && y->slow == SLOW_LATEST && y->page_max == 6);
	cr_assert(y->kept.messages == 7 && y->kept.age_ms == DAY && y->kept.bytes == 1 << 30);
	cr_assert_eq(xy->page_max, 6, "not from the shorter prefix");
	cr_assert(!all->disk && all->kept.bytes == 0);
}

Test(room_class, numbers_at_their_limits)
{
	cr_assert_eq(parse("x messages=1000000000 bytes=1T age=36500d page=200; y page=1 messages=0"), 0, "%s", why);
	cr_assert_eq(of("x")->kept.messages, 1000000000);
	cr_assert_eq(of("x")->kept.bytes, 1ull << 40);
	cr_assert_eq(of("x")->kept.age_ms, 36500 * DAY);
	cr_assert_eq(of("x")->page_max, 200);
	cr_assert_eq(of("y")->page_max, 1);
}

Test(room_class, what_is_wrong_and_what_is_said_of_it)
{
	static const struct {
		const char *text, *said;
	} cases[] = {
		{ "x class=ram", "class 'x': 'class' is 'ram', but takes disk or memory" },
		{ "x class=", "class 'x': 'class' is '', but takes disk or memory" },
		{ "* class=Disk", "class '*': 'class' is 'Disk', but takes disk or memory" },
		{ "x presence=yes", "class 'x': 'presence' is 'yes', but takes on or off" },
		{ "x slow=latestx", "class 'x': 'slow' is 'latestx', but takes catch-up, latest or disconnect" },
		{ "x messages=1000000001", "class 'x': 'messages' is '1000000001', but takes a whole number up to "
					   "1000000000, 0 for no bound of its own" },
		{ "x messages=1K", "class 'x': 'messages' is '1K', but takes a whole number up to 1000000000, 0 for no "
				   "bound of its own" },
		{ "x bytes=1025G", "class 'x': 'bytes' is '1025G', but takes bytes up to 1T (K, M, G or T may follow), "
				   "0 for no bound of its own" },
		{ "x age=7", "class 'x': 'age' is '7', but takes a time up to 36500d (ms, s, m, h or d must follow), 0 "
			     "for no bound of its own" },
		{ "x age=36501d", "class 'x': 'age' is '36501d', but takes a time up to 36500d (ms, s, m, h or d must "
				  "follow), 0 for no bound of its own" },
		{ "x page=0", "class 'x': 'page' is '0', but takes a whole number from 1 to 200" },
		{ "x page=201", "class 'x': 'page' is '201', but takes a whole number from 1 to 200" },
		{ "x clas=disk",
		  "class 'x': there is no key 'clas'; the keys are class messages bytes age presence slow "
		  "page" },
		{ "x =disk",
		  "class 'x': there is no key ''; the keys are class messages bytes age presence slow page" },
		{ "x disk", "class 'x': 'disk' is not of the form key=value" },
		{ "x page=1 page=1", "class 'x': 'page' is said twice" },
		{ "x page=1; x age=1d", "class 'x' is there twice" },
		{ "* page=1; x; * age=1d", "class '*' is there twice" },
		{ "x page=1; class=disk",
		  "'class=disk' is no prefix of a room's name: 1 to 128 of A-Z a-z 0-9 _ . : @ ~ "
		  "-, or * alone" },
		{ "mem* page=1",
		  "'mem*' is no prefix of a room's name: 1 to 128 of A-Z a-z 0-9 _ . : @ ~ -, or * alone" },
		{ "x page=1, y page=2", "class 'x': 'page' is '1,', but takes a whole number from 1 to 200" },
		{ "x page=\x1b[2J", "class 'x': 'page' is '?[2J', but takes a whole number from 1 to 200" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cr_assert_eq(parse(cases[i].text), -1, "%s", cases[i].text);
		cr_assert_str_eq(why, cases[i].said);
	}
}

Test(room_class, a_long_word_is_shown_by_its_beginning)
{
	char text[200] = "x page=";

	memset(text + 7, '9', 64);
	cr_assert_eq(parse(text), -1);
	cr_assert_null(strstr(why, "..."));
	text[71] = '9';
	cr_assert_eq(parse(text), -1);
	cr_assert_not_null(strstr(why, "999...', but takes"));
}

Test(room_class, why_is_cut_to_its_size)
{
	char exact[8];

	memset(exact, 'x', sizeof(exact));
	cr_assert_eq(room_classes_parse(&classes, "x class=ram", exact, sizeof(exact) - 1), -1);
	cr_assert_str_eq(exact, "class ");
	cr_assert_eq(exact[7], 'x');
}

/* 31 and the class of all. */
Test(room_class, as_many_as_there_may_be_and_one_more)
{
	char text[1000] = "* page=7;";
	size_t size = strlen(text);

	for (int i = 0; i < 31; i++)
		size += (size_t)snprintf(text + size, sizeof(text) - size, "room%02d: page=%d;", i, i + 1);
	cr_assert_eq(parse(text), 0, "%s", why);
	cr_assert_eq(classes.count, ROOM_CLASSES_MAX);
	cr_assert_eq(of("room30:a")->page_max, 31);
	cr_assert_eq(of("room00:a")->page_max, 1);
	cr_assert_eq(of("room31:a")->page_max, 7);
	snprintf(text + size, sizeof(text) - size, "one-more");
	cr_assert_eq(parse(text), -1);
	cr_assert_str_eq(why, "class 'one-more' is one too many: at most 31 beside '*'");
}

Test(room_class, a_page_is_no_larger_than_the_class_allows)
{
	cr_assert_eq(parse("x page=20"), 0);
	cr_assert_eq(room_class_page(of("x"), 19), 19);
	cr_assert_eq(room_class_page(of("x"), 20), 20);
	cr_assert_eq(room_class_page(of("x"), 21), 20);
	cr_assert_eq(room_class_page(of("y"), 200), 200);
	cr_assert_eq(room_class_page(of("x"), 0), 0);
	cr_assert_eq(room_class_page(&(struct room_class){ 0 }, 200), 200, "0 is no bound");
}

Test(room_class, without_a_disk_all_are_in_memory)
{
	cr_assert_eq(parse("* age=5d; mem: class=memory; x messages=9"), 0);
	cr_assert_eq(room_classes_without_disk(&classes, why, sizeof(why)), 0);
	for (uint32_t i = 0; i < classes.count; i++)
		cr_assert_not(classes.classes[i].disk);
	cr_assert_eq(of("y")->kept.messages, 0, "what is usual on a disk is not what is usual in memory");
	cr_assert_eq(of("y")->kept.bytes, 0);
	cr_assert_eq(of("y")->kept.age_ms, 5 * DAY, "what is said stays");
	cr_assert_eq(of("x")->kept.messages, 9);
}

Test(room_class, who_asks_for_a_disk_is_told_that_there_is_none)
{
	cr_assert_eq(parse("a; x page=1 class=disk"), 0);
	cr_assert_eq(room_classes_without_disk(&classes, why, sizeof(why)), -1);
	cr_assert_str_eq(why, "class 'x' says class=disk, but there is no store (--data is empty, or --store none); "
			      "name a directory with --data, or say class=memory");
	cr_assert_eq(parse("* class=disk; x class=memory"), 0);
	cr_assert_eq(room_classes_without_disk(&classes, why, sizeof(why)), -1);
	cr_assert_not_null(strstr(why, "class '*'"));
}
