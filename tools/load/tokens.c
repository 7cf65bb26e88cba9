#include "tools/load/tokens.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct {
	char *text;
	struct span *lines;
	size_t count, longest;
} tokens;

static void forget(void)
{
	free(tokens.text);
	free(tokens.lines);
	memset(&tokens, 0, sizeof(tokens));
}

/* Letters of a compact JWS, none of which JSON would escape. */
static bool is_token(struct span line)
{
	for (size_t i = 0; i < line.size; i++)
		if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.", line.bytes[i]) ||
		    line.bytes[i] == 0)
			return false;
	return line.size > 0 && line.size <= TOKENS_SIZE_MAX;
}

/* Returns the size, or -1 with errno. */
static ssize_t slurp(const char *name)
{
	FILE *file = fopen(name, "re");
	size_t room = 0;
	ssize_t size;

	if (!file)
		return -1;
	size = getdelim(&tokens.text, &room, 0, file);
	if (size < 0 && feof(file))
		size = 0;
	fclose(file);
	return size;
}

static bool cut(size_t size, const char *file, char why[160])
{
	const uint8_t *at = (const uint8_t *)tokens.text, *const end = at + size;

	for (size_t room = 0; at < end;) {
		const uint8_t *const stop = memchr(at, '\n', (size_t)(end - at));
		const struct span line = span_of(at, (size_t)((stop ? stop : end) - at));

		if (!is_token(line)) {
			snprintf(why, 160, "%s:%zu: not a token: letters of base64url and dots, %d at most", file,
				 tokens.count + 1, TOKENS_SIZE_MAX);
			return false;
		}
		if (tokens.count == room) {
			room = room ? 2 * room : 1024;
			tokens.lines = reallocarray(tokens.lines, room, sizeof(*tokens.lines));
			if (!tokens.lines)
				abort();
		}
		tokens.lines[tokens.count++] = line;
		tokens.longest = line.size > tokens.longest ? line.size : tokens.longest;
		at = line.bytes + line.size + 1;
	}
	if (tokens.count == 0)
		snprintf(why, 160, "%s: no token in it", file);
	return tokens.count > 0;
}

bool tokens_read(const char *file, char why[160])
{
	forget();
	const ssize_t size = slurp(file);

	if (size < 0)
		snprintf(why, 160, "%s: %s", file, strerror(errno));
	if (size >= 0 && cut((size_t)size, file, why))
		return true;
	forget();
	return false;
}

struct span tokens_of(uint32_t connection)
{
	return tokens.count ? tokens.lines[connection % tokens.count] : SPAN_NONE;
}

size_t tokens_longest(void)
{
	return tokens.longest;
}
