/* assets.h - the files of the page, inside the binary. Made from engine/ops/assets/ by tools/build/embed.c.
 */
#ifndef OPS_ASSETS_H
#define OPS_ASSETS_H

#include <stddef.h>

struct asset {
	const char *path;         /* "/uproar.js"; the page itself is "/" */
	const char *content_type;
	const unsigned char *bytes;
	size_t size;
	const unsigned char *gzip;
	size_t gzip_size;
	const char *etag;         /* with its quotes */
};

extern const struct asset assets[];
extern const size_t asset_count;

#endif
