#include "engine/store/sqlite_wal.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "engine/core/mutant.h"

/* The unix file system takes 128 KiB at once at most, and says of more that the disk is full. */
#define PIECE_SIZE (64 << 10)

/* The file beneath stands behind it. */
struct log {
	sqlite3_file base;
	sqlite3_file *file;
	sqlite3_int64 at; /* where the piece belongs */
	int size;
	uint8_t *piece; /* PIECE_SIZE bytes */
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool registered;
static sqlite3_vfs file_system;
static sqlite3_vfs *beneath;

static struct log *log_of(sqlite3_file *file)
{
	return (struct log *)file;
}

/* What cannot be written is let go: SQLite takes its transaction back, and writes the same places again. */
static int flush(struct log *log)
{
	const int size = log->size;

	log->size = 0;
	if (size == 0)
		return SQLITE_OK;
	return log->file->pMethods->xWrite(log->file, log->piece, size, log->at);
}

static int on_write(sqlite3_file *file, const void *bytes, int size, sqlite3_int64 at)
{
	struct log *log = log_of(file);

	if (log->size > 0 && (at != log->at + log->size || size > PIECE_SIZE - log->size)) {
		const int code = flush(log);

		if (code != SQLITE_OK)
			return code;
	}
	if (size > PIECE_SIZE)
		return log->file->pMethods->xWrite(log->file, bytes, size, at);
	if (log->size == 0)
		log->at = at;
	memcpy(log->piece + log->size, bytes, (size_t)size);
	log->size += size;
	return SQLITE_OK;
}

static int on_read(sqlite3_file *file, void *bytes, int size, sqlite3_int64 at)
{
	struct log *log = log_of(file);
	const int code = flush(log);

	return code == SQLITE_OK ? log->file->pMethods->xRead(log->file, bytes, size, at) : code;
}

static int on_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	struct log *log = log_of(file);
	const int code = flush(log);

	return code == SQLITE_OK ? log->file->pMethods->xTruncate(log->file, size) : code;
}

static int on_sync(sqlite3_file *file, int flags)
{
	struct log *log = log_of(file);
	const int code = flush(log);

	return code == SQLITE_OK ? log->file->pMethods->xSync(log->file, flags) : code;
}

static int on_size(sqlite3_file *file, sqlite3_int64 *size)
{
	struct log *log = log_of(file);
	const int code = flush(log);

	return code == SQLITE_OK ? log->file->pMethods->xFileSize(log->file, size) : code;
}

static int on_close(sqlite3_file *file)
{
	struct log *log = log_of(file);

	/* Of a transaction that was taken back: nothing that anybody was told of waits here. */
	flush(log);
	free(log->piece);
	return log->file->pMethods->xClose(log->file);
}

static int on_lock(sqlite3_file *file, int level)
{
	return log_of(file)->file->pMethods->xLock(log_of(file)->file, level);
}

static int on_unlock(sqlite3_file *file, int level)
{
	return log_of(file)->file->pMethods->xUnlock(log_of(file)->file, level);
}

static int on_reserved(sqlite3_file *file, int *out)
{
	return log_of(file)->file->pMethods->xCheckReservedLock(log_of(file)->file, out);
}

static int on_control(sqlite3_file *file, int op, void *argument)
{
	return log_of(file)->file->pMethods->xFileControl(log_of(file)->file, op, argument);
}

static int on_sector(sqlite3_file *file)
{
	return log_of(file)->file->pMethods->xSectorSize(log_of(file)->file);
}

static int on_device(sqlite3_file *file)
{
	return log_of(file)->file->pMethods->xDeviceCharacteristics(log_of(file)->file);
}

/* Version 1: shared memory and mappings are asked of the database's file, which is not ours. */
static const sqlite3_io_methods methods = {
	.iVersion = 1,
	.xClose = on_close,
	.xRead = on_read,
	.xWrite = on_write,
	.xTruncate = on_truncate,
	.xSync = on_sync,
	.xFileSize = on_size,
	.xLock = on_lock,
	.xUnlock = on_unlock,
	.xCheckReservedLock = on_reserved,
	.xFileControl = on_control,
	.xSectorSize = on_sector,
	.xDeviceCharacteristics = on_device,
};

static int on_open(sqlite3_vfs *self, const char *name, sqlite3_file *file, int flags, int *out)
{
	uint8_t *piece = flags & SQLITE_OPEN_WAL ? malloc(PIECE_SIZE) : NULL;

	(void)self;
	if (!piece)
		return beneath->xOpen(beneath, name, file, flags, out);
	struct log *log = log_of(file);

	*log = (struct log){ .file = (sqlite3_file *)(log + 1), .piece = piece };
	const int code = beneath->xOpen(beneath, name, log->file, flags, out);

	/* SQLite closes what has methods, opened or not. */
	if (log->file->pMethods)
		log->base.pMethods = &methods;
	else
		free(piece);
	return code;
}

static void set_up(void)
{
	beneath = sqlite3_vfs_find(NULL);
	if (!beneath)
		return;
	file_system = *beneath;
	file_system.zName = "uproar";
	file_system.pNext = NULL;
	file_system.szOsFile = (int)sizeof(struct log) + beneath->szOsFile;
	file_system.xOpen = on_open;
	registered = sqlite3_vfs_register(&file_system, 0) == SQLITE_OK;
}

const char *wal_file_system(void)
{
	if (PLANTED(33)) /* as what is not synced has to be written all the same */
		return NULL;
	pthread_once(&once, set_up);
	return registered ? file_system.zName : NULL;
}
