/* api_order.h - the routes about the server itself: reload, and the log's level.
 */
#ifndef API_ORDER_H
#define API_ORDER_H

#include "engine/api/api_call.h"

enum api_error api_run_reload(struct api_call *call);

/* GET and PUT. */
enum api_error api_run_level(struct api_call *call);

#endif
