/* audit_file.h - the file of its own that the lines of the audit log go to, besides standard error.
 */
#ifndef OPS_AUDIT_FILE_H
#define OPS_AUDIT_FILE_H

/* Opens it to append, or makes it, for its owner and group alone; path "": there is none. It stays open: a file that is
 * moved away goes on being written to until a restart. Returns 0, or an exit status, with the reason told. */
int audit_file_open(const char *path);

#endif
