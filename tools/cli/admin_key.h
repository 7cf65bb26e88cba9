/* admin_key.h - a new key of the HTTP API: what its user gets, and what the server's file gets.
 */
#ifndef CLI_ADMIN_KEY_H
#define CLI_ADMIN_KEY_H

#include <stdbool.h>

/* words: a name and scopes with commas between. Prints both; asks no server. Returns 0, or -1 having said why. */
int admin_key(int count, char **words, bool json);

#endif
