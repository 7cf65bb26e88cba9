/* One JSON object that never needs more room than it says, whatever is on the boards. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "engine/ops/api_figures.h"
#include "engine/ops/status.h"
#include "proto/json/json_scan.h"

static struct counters counters[CORES_MAX];
static const struct counters *of_cores[CORES_MAX];
static struct store_counters stores[STORE_WORKERS];
static const struct store_counters *const of_stores[STORE_WORKERS] = { &stores[0], &stores[1], &stores[2] };
static struct board boards[CORES_MAX];
static struct watch_links links;
static struct figures figures;
static char *text;
static size_t size;

static void setup(void)
{
	for (int i = 0; i < CORES_MAX; i++) {
		of_cores[i] = &counters[i];
		links.boards[i] = &boards[i];
	}
	figures = (struct figures){ .cores = 2, .counters = of_cores, .statm = -1, .watch = &links };
}

TestSuite(status, .init = setup);

static void ask(void)
{
	const size_t bound = status_bound(figures.cores);

	free(text);
	text = malloc(bound + 1);
	size = status_json(&figures, false, (uint8_t *)text);
	cr_assert_leq(size, bound);
	text[size] = 0;
	cr_assert_eq(json_scan((const uint8_t *)text, size), 1, "%s", text);
}

Test(status, figures_of_each_core)
{
	counter_add(&counters[0], COUNTER_connections, 3);
	counter_add(&counters[1], COUNTER_connections, 4);
	histogram_add(&counters[1], HISTOGRAM_ack, 70, 2);
	ask();
	cr_assert_not_null(strstr(text, "\"connections\":7,"));
	cr_assert_not_null(strstr(text, "\"counters\":{\"connections\":[3,4],"));
	cr_assert_not_null(strstr(text, "\"ack\":[0,2,0,"));
	cr_assert_not_null(strstr(text, "\"store\":{}"));
	cr_assert_not_null(strstr(text, "\"busy\":[],\"slow\":[]}"));
	cr_assert_gt(links.asked_ms, 0, "the cores are to look");
	figures.stores = of_stores;
	store_count_batch(&stores[0], 9, 200);
	ask();
	cr_assert_not_null(strstr(text, "\"store\":{\"writer\":{\"jobs\":0,\"batches\":1,"));
}

static void ask_info(void)
{
	const struct http_question question = { .method = SPAN("GET"), .path = SPAN("/api/v1/info") };
	struct http_answer answer = { .status = 404 };

	cr_assert(api_figures_answer(&figures, &question, &answer));
	free(text);
	text = strndup((const char *)answer.body, answer.body_size);
	cr_assert_eq(json_scan((const uint8_t *)text, answer.body_size), 1, "%s", text);
}

Test(status, no_time_has_passed_when_the_clock_was_set_back)
{
	figures.started_ms = UINT64_MAX;
	ask();
	cr_assert_not_null(strstr(text, "\"uptime_ms\":0,"), "%s", text);
	ask_info();
	cr_assert_not_null(strstr(text, "\"uptime_ms\":0,"), "%s", text);
	figures.started_ms = 1700000000123;
	ask_info();
	cr_assert_gt(strtoull(strstr(text, "\"uptime_ms\":") + strlen("\"uptime_ms\":"), NULL, 10), 0, "%s", text);
}

Test(status, what_boards_say)
{
	const struct watch_board board = {
		.over_ms = 2000,
		.room_count = 1,
		.member_count = 1,
		.rooms[0] = { .deliveries = 50,
			      .events = 5,
			      .connections = 9,
			      .users = 8,
			      .name_size = 2,
			      .name = "r1" },
		.members[0] = { .stuck_ms = 900,
				.queued = 7,
				.rooms = 2,
				.slot = 5,
				.generation = 6,
				.name_size = 4,
				.name = "a\"\nb" },
	};

	board_write(&boards[1], &board, sizeof(board));
	ask();
	cr_assert_not_null(strstr(text,
				  "\"busy\":[{\"room\":\"r1\",\"core\":1,\"connections\":9,\"users\":8,\"events\":5,"
				  "\"deliveries\":50,\"over_ms\":2000}]"));
	cr_assert_not_null(strstr(text, "\"slow\":[{\"user\":\"a\\\"\\nb\",\"conn\":\"1-5-6\",\"stuck_ms\":900,"
					"\"queued\":7,\"rooms\":2}]"));
}

Test(status, the_most_cores_at_the_highest_numbers)
{
	static struct watch_board board;

	memset(&board, 0xff, sizeof(board));
	board.room_count = board.member_count = WATCH_ROWS;
	for (int i = 0; i < WATCH_ROWS; i++) {
		board.rooms[i].name_size = CHAT_ROOM_SIZE_MAX;
		memset(board.rooms[i].name, 1, CHAT_ROOM_SIZE_MAX);
		board.members[i].name_size = CHAT_NAME_SIZE_MAX;
		memset(board.members[i].name, 1, CHAT_NAME_SIZE_MAX);
	}
	memset(counters, 0xff, sizeof(counters));
	memset(stores, 0xff, sizeof(stores));
	for (int i = 0; i < CORES_MAX; i++)
		board_write(&boards[i], &board, sizeof(board));
	figures.cores = CORES_MAX;
	figures.stores = of_stores;
	ask();
	for (figures.cores = 1; figures.cores < 4; figures.cores++)
		ask();
}
