/* admin.h - `uproar-cli admin`: a command of the HTTP API from the command line, and its answer for people.
 */
#ifndef CLI_ADMIN_H
#define CLI_ADMIN_H

/* argv[0] is "admin". Returns the exit status. */
int admin_main(int argc, char **argv);

#endif
