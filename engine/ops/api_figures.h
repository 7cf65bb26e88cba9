/* api_figures.h - what the HTTP API tells of the server as a whole, as JSON.
 */
#ifndef OPS_API_FIGURES_H
#define OPS_API_FIGURES_H

#include "engine/gate/http_source.h"
#include "engine/ops/figures.h"

/* For the paths /api/v1/info, status and openapi.json. False: none of these. */
bool api_figures_answer(const struct figures *figures, const struct http_question *question,
			struct http_answer *answer);

#endif
