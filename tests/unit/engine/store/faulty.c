#include "tests/unit/engine/store/faulty.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

/* A file of ours is this, with the file beneath it behind. */
struct file {
	sqlite3_file base;
	sqlite3_file *real;
};

static sqlite3_vfs vfs;
static sqlite3_vfs *beneath;
static sqlite3_mem_methods memory;
static enum faulty_kind armed;
static uint32_t failing, calls[FAULTY_KINDS];
static bool lasts, fired;

int faulty_write_errno = EIO;

static bool fails(enum faulty_kind kind)
{
	const uint32_t call = ++calls[kind];

	if (kind != armed || call < failing || (call > failing && !lasts))
		return false;
	fired = true;
	return true;
}

static sqlite3_file *real(sqlite3_file *file)
{
	return ((struct file *)file)->real;
}

static int on_close(sqlite3_file *file)
{
	return real(file)->pMethods->xClose(real(file));
}

static int on_read(sqlite3_file *file, void *bytes, int size, sqlite3_int64 at)
{
	return fails(FAULTY_READ) ? SQLITE_IOERR_READ : real(file)->pMethods->xRead(real(file), bytes, size, at);
}

static int on_write(sqlite3_file *file, const void *bytes, int size, sqlite3_int64 at)
{
	if (fails(FAULTY_WRITE)) {
		errno = faulty_write_errno;
		return SQLITE_IOERR_WRITE;
	}
	if (fails(FAULTY_FULL)) {
		errno = ENOSPC;
		return SQLITE_FULL;
	}
	return real(file)->pMethods->xWrite(real(file), bytes, size, at);
}

static int on_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	return fails(FAULTY_WRITE) ? SQLITE_IOERR_TRUNCATE : real(file)->pMethods->xTruncate(real(file), size);
}

static int on_sync(sqlite3_file *file, int flags)
{
	return fails(FAULTY_SYNC) ? SQLITE_IOERR_FSYNC : real(file)->pMethods->xSync(real(file), flags);
}

static int on_size(sqlite3_file *file, sqlite3_int64 *size)
{
	return real(file)->pMethods->xFileSize(real(file), size);
}

static int on_lock(sqlite3_file *file, int level)
{
	return real(file)->pMethods->xLock(real(file), level);
}

static int on_unlock(sqlite3_file *file, int level)
{
	return real(file)->pMethods->xUnlock(real(file), level);
}

static int on_reserved(sqlite3_file *file, int *out)
{
	return real(file)->pMethods->xCheckReservedLock(real(file), out);
}

static int on_control(sqlite3_file *file, int op, void *argument)
{
	return real(file)->pMethods->xFileControl(real(file), op, argument);
}

static int on_sector(sqlite3_file *file)
{
	return real(file)->pMethods->xSectorSize(real(file));
}

static int on_device(sqlite3_file *file)
{
	return real(file)->pMethods->xDeviceCharacteristics(real(file));
}

static int on_shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **out)
{
	*out = NULL;
	return fails(FAULTY_SHARED) ? SQLITE_IOERR_SHMMAP
				    : real(file)->pMethods->xShmMap(real(file), page, size, extend, out);
}

static int on_shm_lock(sqlite3_file *file, int offset, int count, int flags)
{
	if ((flags & SQLITE_SHM_LOCK) && fails(FAULTY_LOCK))
		return SQLITE_BUSY;
	return real(file)->pMethods->xShmLock(real(file), offset, count, flags);
}

static void on_shm_barrier(sqlite3_file *file)
{
	real(file)->pMethods->xShmBarrier(real(file));
}

static int on_shm_unmap(sqlite3_file *file, int drop)
{
	return real(file)->pMethods->xShmUnmap(real(file), drop);
}

static const sqlite3_io_methods methods = {
	.iVersion = 2,
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
	.xShmMap = on_shm_map,
	.xShmLock = on_shm_lock,
	.xShmBarrier = on_shm_barrier,
	.xShmUnmap = on_shm_unmap,
};

static int on_open(sqlite3_vfs *self, const char *name, sqlite3_file *file, int flags, int *out)
{
	struct file *ours = (struct file *)file;

	(void)self;
	ours->base.pMethods = NULL;
	ours->real = (sqlite3_file *)(ours + 1);
	if (fails(FAULTY_OPEN))
		return SQLITE_CANTOPEN;
	const int code = beneath->xOpen(beneath, name, ours->real, flags, out);

	if (ours->real->pMethods)
		ours->base.pMethods = &methods;
	return code;
}

static void *on_malloc(int size)
{
	return fails(FAULTY_MEMORY) ? NULL : memory.xMalloc(size);
}

static void *on_realloc(void *block, int size)
{
	return fails(FAULTY_MEMORY) ? NULL : memory.xRealloc(block, size);
}

void faulty_install(void)
{
	sqlite3_mem_methods ours;

	sqlite3_config(SQLITE_CONFIG_GETMALLOC, &memory);
	ours = memory;
	ours.xMalloc = on_malloc;
	ours.xRealloc = on_realloc;
	sqlite3_config(SQLITE_CONFIG_MALLOC, &ours);
	beneath = sqlite3_vfs_find(NULL);
	vfs = *beneath;
	vfs.zName = "faulty";
	vfs.pNext = NULL;
	vfs.szOsFile = (int)sizeof(struct file) + beneath->szOsFile;
	vfs.xOpen = on_open;
	sqlite3_vfs_register(&vfs, 1);
}

void faulty_arm(enum faulty_kind kind, uint32_t at, bool lasting)
{
	armed = kind;
	failing = at;
	lasts = lasting;
	fired = false;
	memset(calls, 0, sizeof(calls));
}

uint32_t faulty_calls(enum faulty_kind kind)
{
	return calls[kind];
}

bool faulty_fired(void)
{
	return fired;
}
