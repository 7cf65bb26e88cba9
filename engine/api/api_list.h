/* api_list.h - lists of what all cores have: each is asked in turn, until there is enough.
 *
 * A core looks at a bounded part of what it has for each question. Where a list ends before all was told, its `next`
 * names the core and the place to go on from.
 */
#ifndef API_LIST_H
#define API_LIST_H

#include "engine/api/api_call.h"

#define API_LIST_MAX 200 /* items */

enum api_list_kind { API_LIST_ROOMS, API_LIST_CONNECTIONS };

/* Another core asks; has answered. */
void api_list_asked(struct gate *gate, const struct mail_ask *mail);
void api_list_told(struct gate *gate, const struct mail_told *mail);

/* The request is over. */
void api_list_forget(struct api_request *request);

#endif
