/* What was written is read whole, or not at all. */
#include <criterion/criterion.h>
#include <pthread.h>

#include "engine/core/board.h"

#define WORDS 64

static struct board board;

Test(board, says_the_newest)
{
	uint64_t said[2] = { 1, 2 }, read[2];

	cr_assert_not(board_read(&board, read, sizeof(read)), "nothing was said yet");
	board_write(&board, said, sizeof(said));
	cr_assert(board_read(&board, read, sizeof(read)));
	cr_assert_eq(read[1], 2);
	said[1] = 3;
	board_write(&board, said, sizeof(said));
	cr_assert(board_read(&board, read, sizeof(read)));
	cr_assert_eq(read[1], 3);
	board.version++; /* in the middle of it */
	cr_assert_not(board_read(&board, read, sizeof(read)));
}

static void *write_on(void *stop)
{
	uint64_t said[WORDS] = { 0 };

	do {
		for (int i = 0; i < WORDS; i++)
			said[i]++;
		board_write(&board, said, sizeof(said));
	} while (!__atomic_load_n((bool *)stop, __ATOMIC_RELAXED));
	return NULL;
}

Test(board, is_never_torn)
{
	uint64_t read[WORDS];
	bool stop = false;
	pthread_t writer;

	cr_assert_eq(pthread_create(&writer, NULL, write_on, &stop), 0);
	for (int tries = 0; tries < 200000; tries++) {
		if (!board_read(&board, read, sizeof(read)))
			continue;
		for (int i = 1; i < WORDS; i++)
			cr_assert_eq(read[i], read[0]);
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	pthread_join(writer, NULL);
	cr_assert(board_read(&board, read, sizeof(read)));
}
