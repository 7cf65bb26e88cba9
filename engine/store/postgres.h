/* postgres.h - a store in a PostgreSQL server, for those who have one.
 *
 * What is acknowledged is committed there with synchronous_commit; a batch is one transaction and one round trip.
 * While the server is away appends answer -EAGAIN and reads STORE_UNAVAILABLE, at once, and all goes on by itself
 * when it is back.
 * A batch whose commit was lost with its connection is settled before anything else is written: it is there with all
 * its answers, or it is sent again. docs/operate/postgres.md has the rest.
 */
#ifndef STORE_POSTGRES_H
#define STORE_POSTGRES_H

#include "engine/store/backend.h"

/* Whether the address is one of this store: postgres://... or postgresql://... */
bool postgres_is_address(const char *url);

/* The files that connecting reads (certificates, keys, passwords), by the address and the environment. */
#define POSTGRES_FILES_MAX 8
#define POSTGRES_FILE_MAX 512
struct postgres_files {
	uint32_t count;
	char paths[POSTGRES_FILES_MAX][POSTGRES_FILE_MAX];
};
void postgres_files(const char *url, struct postgres_files *files);

/* Fills the backend in. Returns 0, or -EINVAL with a line for people in `why` (which never has the address in it: that
 * may hold a password). The backend is good until postgres_backend_close(), after all of its handles are closed. */
int postgres_backend_open(struct store_backend *backend, const char *url, char *why, size_t size);
void postgres_backend_close(struct store_backend *backend);

#endif
