#include "engine/store/sqlite.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/store/sqlite_keep.h"
#include "engine/store/sqlite_search.h"

#define PATH_SIZE 4096

struct handle {
	enum store_worker worker;
	sqlite3 *db;
	struct sqlite_append append; /* the writer's */
	struct sqlite_keep keep;
	struct sqlite_read read; /* the others' */
	struct sqlite_search search;
};

static void close_handle(void *context)
{
	struct handle *handle = context;

	if (handle->worker == STORE_WRITER) {
		keep_close(&handle->keep);
		append_close(&handle->append);
	} else {
		search_close(&handle->search);
		read_close(&handle->read);
	}
	/* The last one to close moves the write-ahead log into the file; the log stays, and is emptied. */
	sqlite3_close(handle->db);
	free(handle);
}

static int prepare(struct handle *handle)
{
	if (handle->worker == STORE_WRITER)
		return append_open(&handle->append, handle->db) | keep_open(&handle->keep, &handle->append);
	return read_open(&handle->read, handle->db) | search_open(&handle->search, &handle->read);
}

static void *open_handle(void *context, enum store_worker worker, char *why, size_t size)
{
	struct handle *handle = calloc(1, sizeof(*handle));
	char path[PATH_SIZE];

	if (!handle) {
		snprintf(why, size, "no memory");
		return NULL;
	}
	snprintf(path, sizeof(path), "%s/uproar.db", (const char *)context);
	handle->worker = worker;
	handle->db = db_open(path, worker == STORE_WRITER, why, size);
	if (!handle->db) {
		free(handle);
		return NULL;
	}
	if (prepare(handle) != 0) {
		snprintf(why, size, "%s does not have the tables of an uproar of this version: %s", path,
			 sqlite3_errmsg(handle->db));
		close_handle(handle);
		return NULL;
	}
	return handle;
}

static int append(void *handle, struct store_job **jobs, size_t count)
{
	return append_batch(&((struct handle *)handle)->append, jobs, count);
}

static int maintain(void *handle, uint64_t wall_ms)
{
	return keep_slice(&((struct handle *)handle)->keep, wall_ms);
}

static void go_by(void *handle, const struct store_ages *ages)
{
	keep_go_by(&((struct handle *)handle)->keep, ages);
}

static void read_one(void *context, struct store_job *job)
{
	struct handle *handle = context;

	if (job->op == STORE_SEARCH)
		search_job(&handle->search, job);
	else
		read_job(&handle->read, job);
}

struct store_backend sqlite_backend(const char *directory)
{
	db_set_up_library();
	return (struct store_backend){
		.name = "sqlite",
		.open = open_handle,
		.close = close_handle,
		.append = append,
		.read = read_one,
		.maintain = maintain,
		.go_by = go_by,
		.context = (void *)(uintptr_t)directory,
	};
}
