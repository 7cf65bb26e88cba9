/* What tools/build/embed.c put into the binary is what lies in engine/ops/assets. Runs at the top of the tree. */
#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "engine/ops/assets.h"

#define FOLDER "engine/ops/assets"
#define FILE_SIZE_MAX (1 << 20)

static const struct asset *find(const char *path)
{
	for (size_t i = 0; i < asset_count; i++)
		if (strcmp(assets[i].path, path) == 0)
			return &assets[i];
	return NULL;
}

static size_t file_read(const char *name, unsigned char *bytes)
{
	char path[512];
	FILE *file;
	size_t size;

	snprintf(path, sizeof(path), FOLDER "/%s", name);
	file = fopen(path, "rb");
	cr_assert(file, "%s", path);
	size = fread(bytes, 1, FILE_SIZE_MAX, file);
	fclose(file);
	cr_assert_lt(size, FILE_SIZE_MAX, "%s", path);
	return size;
}

/* Returns the size of what comes out, which must end where gzip_size does. */
static size_t gunzip(const unsigned char *gzip, size_t gzip_size, unsigned char *bytes)
{
	unsigned char *exact = malloc(gzip_size);
	z_stream stream = { .next_in = exact, .avail_in = (uInt)gzip_size };

	memcpy(exact, gzip, gzip_size);
	stream.next_out = bytes;
	stream.avail_out = FILE_SIZE_MAX;
	cr_assert_eq(inflateInit2(&stream, 15 + 16), Z_OK);
	cr_assert_eq(inflate(&stream, Z_FINISH), Z_STREAM_END);
	cr_assert_eq(stream.avail_in, 0);
	inflateEnd(&stream);
	free(exact);
	return stream.total_out;
}

Test(assets, each_file_is_there_with_its_bytes)
{
	unsigned char *bytes = malloc(FILE_SIZE_MAX), *unpacked = malloc(FILE_SIZE_MAX);
	DIR *folder = opendir(FOLDER);
	size_t files = 0;

	cr_assert(folder, "run it at the top of the tree");
	for (struct dirent *entry; (entry = readdir(folder));) {
		const struct asset *asset;
		char path[300];
		size_t size;

		if (entry->d_name[0] == '.')
			continue;
		files++;
		snprintf(path, sizeof(path), "/%s", strcmp(entry->d_name, "index.html") == 0 ? "" : entry->d_name);
		if (strstr(path, ".html"))
			*strstr(path, ".html") = 0;
		asset = find(path);
		cr_assert(asset, "%s is not in the binary", path);
		size = file_read(entry->d_name, bytes);
		cr_assert_arr_eq(asset->bytes, bytes, size);
		cr_assert_eq(asset->size, size, "%s", path);
		cr_assert_eq(gunzip(asset->gzip, asset->gzip_size, unpacked), size, "%s", path);
		cr_assert_arr_eq(unpacked, bytes, size);
	}
	closedir(folder);
	cr_assert_gt(files, 0);
	cr_assert_eq(asset_count, files, "the binary has files that are gone");
	free(bytes);
	free(unpacked);
}

Test(assets, names_and_types)
{
	static const struct {
		const char *path, *type;
	} expected[] = {
		{ "/", "text/html; charset=utf-8" },
		{ "/status", "text/html; charset=utf-8" },
		{ "/uproar.js", "text/javascript; charset=utf-8" },
		{ "/style.css", "text/css; charset=utf-8" },
		{ "/icon.svg", "image/svg+xml" },
	};

	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		cr_assert(find(expected[i].path), "%s", expected[i].path);
		cr_assert_str_eq(find(expected[i].path)->content_type, expected[i].type);
	}
	cr_assert_null(find("/index.html"), "one page, one address");
	cr_assert_null(find("/status.html"));
}

/* An etag is quoted, without a quote inside, and no two files share one. */
Test(assets, etags)
{
	for (size_t i = 0; i < asset_count; i++) {
		const char *etag = assets[i].etag;

		cr_assert_gt(strlen(etag), 2);
		cr_assert_eq(etag[0], '"');
		cr_assert_eq(strchr(etag + 1, '"'), etag + strlen(etag) - 1, "%s", etag);
		for (size_t j = 0; j < i; j++)
			cr_assert_str_neq(etag, assets[j].etag);
	}
}
