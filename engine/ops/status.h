/* status.h - how the server is, as JSON for the page at /status: GET /api/v1/status.
 *
 * Totals since the start, from which whoever asks again makes rates; and what each core's board has of busy rooms and
 * slow members, which they begin to look for when somebody asks.
 */
#ifndef OPS_STATUS_H
#define OPS_STATUS_H

#include "engine/ops/figures.h"

/* Writes one JSON object to out, which has room for status_bound() bytes. Returns its size. */
size_t status_json(const struct figures *figures, bool draining, uint8_t *out);
size_t status_bound(uint32_t cores);

#endif
