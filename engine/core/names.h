/* names.h - the names of a directory on stable storage.
 *
 * A file that was made, renamed or removed is so after a power cut only when its directory has been synced, too.
 */
#ifndef CORE_NAMES_H
#define CORE_NAMES_H

/* Returns 0 or -errno. */
int names_sync(const char *directory);

#endif
