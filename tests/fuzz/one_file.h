/* one_file.h - the one file that a target's program opens is the fuzzer's input; the fuzzer has files of its own.
 *
 * The target is linked with --wrap=fopen.
 */
#ifndef FUZZ_ONE_FILE_H
#define FUZZ_ONE_FILE_H

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define PATH "some/one.conf"

FILE *__wrap_fopen(const char *path, const char *mode);
FILE *__real_fopen(const char *path, const char *mode);

static const uint8_t *file_bytes;
static size_t file_size;

FILE *__wrap_fopen(const char *path, const char *mode)
{
	if (strcmp(path, PATH) != 0)
		return __real_fopen(path, mode);
	return file_size > 0 ? fmemopen((void *)file_bytes, file_size, mode) : NULL;
}

#endif
