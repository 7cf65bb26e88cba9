#include "engine/core/board.h"

#include <string.h>

#include "engine/core/check.h"

/* Each word is released behind the odd version, and acquired before the version is looked at again: who has a word of
 * a later writing sees that it was begun. */
void board_write(struct board *board, const void *from, size_t size)
{
	const uint64_t version = __atomic_load_n(&board->version, __ATOMIC_RELAXED);

	CHECK(size % 8 == 0 && size <= BOARD_SIZE && version % 2 == 0);
	__atomic_store_n(&board->version, version + 1, __ATOMIC_RELAXED);
	for (size_t i = 0; i < size / 8; i++) {
		uint64_t word;

		memcpy(&word, (const uint8_t *)from + i * 8, 8);
		__atomic_store_n(&board->words[i], word, __ATOMIC_RELEASE);
	}
	__atomic_store_n(&board->version, version + 2, __ATOMIC_RELEASE);
}

bool board_read(const struct board *board, void *to, size_t size)
{
	const uint64_t version = __atomic_load_n(&board->version, __ATOMIC_ACQUIRE);

	CHECK(size % 8 == 0 && size <= BOARD_SIZE);
	if (version == 0 || version % 2 != 0)
		return false;
	for (size_t i = 0; i < size / 8; i++) {
		const uint64_t word = __atomic_load_n(&board->words[i], __ATOMIC_ACQUIRE);

		memcpy((uint8_t *)to + i * 8, &word, 8);
	}
	return __atomic_load_n(&board->version, __ATOMIC_RELAXED) == version;
}
