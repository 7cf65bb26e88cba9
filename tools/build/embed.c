/* embed.c - writes files as C arrays, plain and gzipped, for the assets that are part of the binary.
 *
 * Usage: embed FILE ... >assets.c. Runs on the build machine.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

struct kind {
	const char *ending, *type;
};

static const struct kind kinds[] = {
	{ ".html", "text/html; charset=utf-8" },
	{ ".css", "text/css; charset=utf-8" },
	{ ".js", "text/javascript; charset=utf-8" },
	{ ".svg", "image/svg+xml" },
	{ ".json", "application/json" },
	{ ".webmanifest", "application/manifest+json" },
};

static void fail(const char *what, const char *path)
{
	fprintf(stderr, "embed: %s: %s\n", path, what);
	exit(1);
}

static const char *type_of(const char *path)
{
	const char *ending = strrchr(path, '.');

	for (size_t i = 0; ending && i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(ending, kinds[i].ending) == 0)
			return kinds[i].type;
	fail("no content type is known for this ending", path);
	return NULL;
}

static uint8_t *read_all(const char *path, size_t *size)
{
	FILE *file = fopen(path, "rb");
	uint8_t *bytes = malloc(1 << 24);

	if (!file || !bytes)
		fail("cannot read", path);
	*size = fread(bytes, 1, 1 << 24, file);
	if (ferror(file) || *size == 1 << 24)
		fail("cannot be read, or is too large to be part of a program", path);
	fclose(file);
	return bytes;
}

static uint8_t *gzip(const uint8_t *bytes, size_t size, size_t *gzip_size)
{
	uint8_t *out = malloc(size + 1024);
	z_stream stream = { .next_in = (uint8_t *)(uintptr_t)bytes, .avail_in = (uInt)size };

	stream.next_out = out;
	stream.avail_out = (uInt)size + 1024;
	if (!out || deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY) != Z_OK ||
	    deflate(&stream, Z_FINISH) != Z_STREAM_END)
		fail("cannot be compressed", "gzip");
	*gzip_size = stream.total_out;
	deflateEnd(&stream);
	return out;
}

static void array(const char *name, int index, const uint8_t *bytes, size_t size)
{
	printf("static const unsigned char %s_%d[] = {", name, index);
	for (size_t i = 0; i < size; i++)
		printf("%s%u,", i % 24 ? "" : "\n\t", bytes[i]);
	printf("\n};\n");
}

int main(int argc, char **argv)
{
	printf("/* Written by tools/build/embed.c. */\n#include \"engine/ops/assets.h\"\n\n");
	for (int i = 1; i < argc; i++) {
		size_t size, gzip_size;
		uint8_t *bytes = read_all(argv[i], &size);
		uint8_t *packed = gzip(bytes, size, &gzip_size);

		array("plain", i, bytes, size);
		array("gzip", i, packed, gzip_size);
		free(bytes);
		free(packed);
	}
	printf("const struct asset assets[] = {\n");
	for (int i = 1; i < argc; i++) {
		size_t size;
		uint8_t *bytes = read_all(argv[i], &size);
		const char *slash = strrchr(argv[i], '/');
		const char *name = slash ? slash + 1 : argv[i];

		const char *const ending = strstr(name, ".html");
		const long whole = ending ? ending - name : (long)strlen(name);
		/* A page is at its name, and the first one at none. */
		const int name_size = strcmp(name, "index.html") == 0 ? 0 : (int)whole;

		printf("\t{ \"/%.*s\", \"%s\", plain_%d, sizeof(plain_%d), gzip_%d, sizeof(gzip_%d), "
		       "\"\\\"%08lx-%zx\\\"\" },\n",
		       name_size, name, type_of(name), i, i, i, i, (unsigned long)crc32(0, bytes, (uInt)size), size);
		free(bytes);
	}
	printf("};\nconst size_t asset_count = %d;\n", argc - 1);
	return 0;
}
