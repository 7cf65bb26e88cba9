/* faulty.h - SQLite's file system and memory, of which one call fails.
 *
 * Counts the calls of a kind that SQLite makes; the one that was chosen fails, and as chosen all after it, too.
 * For tests, in a process of their own: it becomes SQLite's default before the library is first used.
 */
#ifndef FAULTY_H
#define FAULTY_H

#include <stdbool.h>
#include <stdint.h>

/* What fails, and how. */
enum faulty_kind {
	FAULTY_NONE, /* calls of all kinds are counted */
	FAULTY_READ, /* a read: EIO */
	FAULTY_WRITE, /* a write or a truncation: EIO, or what faulty_write_errno says */
	FAULTY_FULL, /* a write: no room */
	FAULTY_SYNC, /* a sync: EIO */
	FAULTY_OPEN, /* an open: no permission */
	FAULTY_SHARED, /* a piece of the log's index: no memory for it */
	FAULTY_LOCK, /* a lock of the log's index: somebody has it */
	FAULTY_MEMORY, /* an allocation */
	FAULTY_KINDS
};

void faulty_install(void);

/* From now on calls of this kind count from 1, and number `at` fails; `lasting`: and all that follow. */
void faulty_arm(enum faulty_kind kind, uint32_t at, bool lasting);

extern int faulty_write_errno;

/* Calls of a kind since it was armed; and whether the one that was chosen came. */
uint32_t faulty_calls(enum faulty_kind kind);
bool faulty_fired(void);

#endif
