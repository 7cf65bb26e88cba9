/* landlock.h - of the file system and of TCP, the calling thread and its children keep what a server needs.
 */
#ifndef OPS_LANDLOCK_H
#define OPS_LANDLOCK_H

struct outbound;

/* data: a directory in which files are made, written and removed, or NULL. database: the address of a PostgreSQL
 * server, for which names are looked up, certificates and passwords read and connections made, or NULL. outbound: the
 * ports that are connected to, and whether names are looked up for them, or NULL. no_new_privs must be set. Returns
 * 0, or -errno, -ENOSYS or -EOPNOTSUPP where the kernel has no Landlock. */
int landlock_confine(const char *data, const char *database, const struct outbound *outbound);

#endif
