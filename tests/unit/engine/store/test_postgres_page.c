/* Pages made of answers that no server need give. */
#include "engine/store/postgres_page.h"

#include <criterion/criterion.h>
#include <endian.h>
#include <errno.h>
#include <string.h>

#include "engine/core/slab.h"
#include "tests/unit/refused.h"

/* As in postgres_page.c, which is as in ANSWER of postgres_functions.c. */
enum {
	EPOCH,
	FIRST,
	LAST,
	MORE,
	LOW,
	HIGH,
	STATE,
	SEQ,
	KIND,
	TS,
	AUTHOR,
	PRODUCER,
	NUMBER,
	DATA,
	DELETED,
	COLUMNS = 19
};
#define KEY 17

static PGresult *result;
static struct store_job job;

static void put(int row, int column, const char *bytes, size_t size)
{
	cr_assert(PQsetvalue(result, row, column, (char *)(uintptr_t)bytes, bytes ? (int)size : -1));
}

static void text(int row, int column, const char *string)
{
	put(row, column, string, string ? strlen(string) : 0);
}

static void number(int row, int column, uint64_t value)
{
	const uint64_t bytes = htobe64(value);

	put(row, column, (const char *)&bytes, sizeof(bytes));
}

/* A room with seqs first..last, of which the answer has low..high. */
static void room(uint64_t first, uint64_t last, uint64_t low, uint64_t high)
{
	text(0, EPOCH, "epoch1");
	number(0, FIRST, first);
	number(0, LAST, last);
	put(0, MORE, "\1", 1);
	number(0, LOW, low);
	number(0, HIGH, high);
}

static void event(int row, uint64_t seq, const char *kind, const char *author, const char *data)
{
	number(row, SEQ, seq);
	text(row, KIND, kind);
	number(row, TS, 1000 + seq);
	text(row, AUTHOR, author);
	text(row, DATA, data);
}

static void setup(void)
{
	PGresAttDesc columns[COLUMNS] = { 0 };

	for (int i = 0; i < COLUMNS; i++)
		columns[i] = (PGresAttDesc){ .name = (char *)(uintptr_t) "c", .format = 1 };
	result = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
	cr_assert(PQsetResultAttrs(result, COLUMNS, columns));
	job = (struct store_job){ .op = STORE_LOAD, .limit = 20, .page_bytes = 1000 };
}

static void forget(void)
{
	if (job.page)
		block_give(job.page, job.page->size);
	if (job.kept_state)
		block_give(job.kept_state, job.kept_state->size);
	job.page = NULL;
	job.kept_state = NULL;
	PQclear(result);
	result = NULL;
}

static void answers(enum store_status status, uint32_t count)
{
	postgres_page_answer(&job, result);
	cr_assert_eq(job.status, status, "%d", (int)job.status);
	cr_assert_eq(job.page ? job.page->count : 0, count);
}

TestSuite(postgres_page, .init = setup, .fini = forget);

Test(postgres_page, of_a_room_that_nobody_knows_is_none)
{
	answers(STORE_OK, 0);
	cr_assert(!job.known && job.first == 1);
}

Test(postgres_page, has_what_the_rows_have)
{
	room(3, 4, 3, 4);
	event(1, 3, "msg", "Ann", "\"hi\"");
	text(1, PRODUCER, "p");
	number(1, NUMBER, 7);
	event(2, 4, "react", "Bob", NULL);
	text(2, KEY, "+");
	put(0, STATE, "s", 1);
	answers(STORE_OK, 2);
	cr_assert(job.known && job.first == 3 && job.last == 4 && job.page->more);
	cr_assert_str_eq(job.room_epoch, "epoch1");
	cr_assert(span_equal(job.page->events[0].producer, SPAN("p")) && job.page->events[0].number == 7);
	cr_assert(span_equal(job.page->events[0].data, SPAN("\"hi\"")) && job.page->events[1].kind == CHAT_EV_react);
	cr_assert(job.kept_state->count == 1 && job.kept_state->bytes[0] == 's');
}

/* What others rely on is there, or the page is not. */
Test(postgres_page, with_a_row_that_is_no_event_is_damage)
{
	static const struct {
		const char *kind, *author, *data, *key;
		bool deleted;
		enum store_status status;
	} rows[] = {
		{ "msg", "Ann", "1", NULL, false, STORE_OK },
		{ "msg", NULL, "1", NULL, false, STORE_CORRUPT },
		{ "msg", "Ann", NULL, NULL, false, STORE_CORRUPT },
		{ "msg", "Ann", NULL, NULL, true, STORE_OK },
		{ "edit", "Ann", "1", NULL, false, STORE_OK },
		{ "edit", "Ann", NULL, NULL, false, STORE_CORRUPT },
		{ "edit", "Ann", NULL, NULL, true, STORE_OK },
		{ "del", "Ann", NULL, NULL, false, STORE_OK },
		{ "react", "Ann", NULL, "+", false, STORE_OK },
		{ "react", "Ann", NULL, NULL, false, STORE_CORRUPT },
		{ "typing", "Ann", "1", NULL, false, STORE_CORRUPT },
		{ NULL, "Ann", "1", NULL, false, STORE_CORRUPT },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		forget();
		setup();
		room(1, 1, 1, 1);
		event(1, 1, rows[i].kind, rows[i].author, rows[i].data);
		text(1, KEY, rows[i].key);
		put(1, DELETED, rows[i].deleted ? "\1" : "\0", 1);
		postgres_page_answer(&job, result);
		cr_assert_eq(job.status, rows[i].status, "row %zu: %d", i, (int)job.status);
		cr_assert_eq(job.page != NULL, job.status == STORE_OK, "row %zu", i);
	}
}

Test(postgres_page, that_begins_before_what_is_kept_is_gone)
{
	room(3, 4, 0, 0);
	number(0, LOW, 3);
	put(0, LOW, NULL, 0);
	answers(STORE_GONE, 0);
}

Test(postgres_page, of_a_room_that_cannot_be_is_damage)
{
	static const struct {
		const char *epoch;
		uint64_t first, last;
		enum store_status status;
	} rows[] = {
		{ "e", 1, 0, STORE_OK },
		{ "", 1, 0, STORE_CORRUPT },
		{ NULL, 1, 0, STORE_CORRUPT },
		{ "sixteen-bytes-it", 3, 2, STORE_OK },
		{ "seventeen-bytes-i", 1, 0, STORE_CORRUPT },
		{ "e", 0, 0, STORE_CORRUPT },
		{ "e", 2, 0, STORE_CORRUPT },
		{ "e", (uint64_t)-5, 0, STORE_CORRUPT },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		forget();
		setup();
		room(rows[i].first, rows[i].last, rows[i].last + 1, rows[i].last);
		text(0, EPOCH, rows[i].epoch);
		postgres_page_answer(&job, result);
		cr_assert_eq(job.status, rows[i].status, "row %zu: %d", i, (int)job.status);
	}
}

Test(postgres_page, with_a_hole_is_damage)
{
	room(1, 3, 1, 3);
	event(1, 1, "msg", "Ann", "1");
	event(2, 3, "msg", "Ann", "3");
	answers(STORE_CORRUPT, 0);
	event(3, 3, "msg", "Ann", "3");
	answers(STORE_CORRUPT, 0);
	number(2, SEQ, 2);
	answers(STORE_OK, 3);
}

Test(postgres_page, without_memory_is_not_given)
{
	for (uint32_t at = 1; at <= 2; at++) {
		forget();
		setup();
		room(1, 1, 1, 1);
		put(0, STATE, "s", 1);
		event(1, 1, "msg", "Ann", "1");
		refused_arm(REFUSED_malloc, at, 1, ENOMEM);
		postgres_page_answer(&job, result);
		cr_assert(refused_came());
		cr_assert(job.status == STORE_UNAVAILABLE && !job.page, "%u: %d", at, (int)job.status);
	}
}

/* The newest that there is room for, and one at least. */
Test(postgres_page, of_a_search_has_the_newest)
{
	static const struct {
		uint32_t limit;
		size_t bytes;
		uint32_t count;
		bool more;
	} rows[] = {
		{ 20, 1000, 3, false }, { 3, 1000, 3, false }, { 2, 1000, 2, true },
		{ 20, 8, 2, true },     { 20, 7, 1, true },    { 20, 1, 1, true },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		forget();
		setup();
		job.op = STORE_SEARCH;
		job.limit = rows[i].limit;
		job.page_bytes = rows[i].bytes;
		room(1, 9, 0, 0);
		for (int row = 1; row <= 3; row++)
			event(row, (uint64_t)row * 2, "msg", "Ann", "1");
		answers(STORE_OK, rows[i].count);
		cr_assert_eq(job.page->more, rows[i].more, "row %zu", i);
		cr_assert_eq(job.page->events[job.page->count - 1].seq, 6);
	}
}

Test(postgres_page, of_a_search_that_finds_nothing_is_none)
{
	job.op = STORE_SEARCH;
	room(1, 9, 0, 0);
	answers(STORE_OK, 0);
	cr_assert(!job.page && job.known);
}

Test(postgres_page, asks_for_what_is_young_enough)
{
	static const struct {
		uint64_t age, now, oldest;
	} rows[] = { { 0, 1000, 0 }, { 1000, 1000, 0 }, { 999, 1000, 1 }, { 2000, 1000, 0 } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct store_job asked = { .retention = { .age_ms = rows[i].age }, .now_ms = rows[i].now };

		cr_assert_eq(postgres_oldest(&asked), rows[i].oldest, "row %zu", i);
	}
}
