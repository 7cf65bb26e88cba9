#include "engine/store/choose.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "engine/store/postgres.h"
#include "engine/store/sqlite.h"

#define MEMORY_ROOMS_MAX (1u << 20)
#define MEMORY_CIDS_MAX (1u << 24)

static int choose_memory(struct store_choice *choice, char *why, size_t size)
{
	const struct store_memory_limits limits = { .rooms_max = MEMORY_ROOMS_MAX, .cids_max = MEMORY_CIDS_MAX };

	if (store_memory_open(&choice->memory, &limits) != 0) {
		snprintf(why, size, "no address space for a store in memory");
		return -ENOMEM;
	}
	choice->kind = STORE_IS_MEMORY;
	choice->backend = store_memory_backend(&choice->memory);
	return 0;
}

bool store_is_any(const char *url, const char *directory)
{
	return strcmp(url, "none") != 0 && (strcmp(url, "sqlite") != 0 || directory);
}

int store_check(const char *url, char *why, size_t size)
{
	static const char *const words[] = { "none", "memory", "sqlite" };
	struct store_backend backend;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(url, words[i]) == 0)
			return 0;
	if (!postgres_is_address(url)) {
		snprintf(why, size, "takes sqlite, postgres://..., memory or none");
		return -EINVAL;
	}
	if (postgres_backend_open(&backend, url, why, size) != 0)
		return -EINVAL;
	postgres_backend_close(&backend);
	return 0;
}

int store_choose(struct store_choice *choice, const char *url, const char *directory, char *why, size_t size)
{
	const int error = store_check(url, why, size);

	choice->kind = STORE_IS_NONE;
	if (error != 0 || !store_is_any(url, directory))
		return error;
	if (strcmp(url, "memory") == 0)
		return choose_memory(choice, why, size);
	if (strcmp(url, "sqlite") == 0) {
		choice->kind = STORE_IS_SQLITE;
		choice->backend = sqlite_backend(directory);
		return 0;
	}
	choice->kind = STORE_IS_POSTGRES;
	return postgres_backend_open(&choice->backend, url, why, size);
}

void store_unchoose(struct store_choice *choice)
{
	if (choice->kind == STORE_IS_MEMORY)
		store_memory_close(&choice->memory);
	if (choice->kind == STORE_IS_POSTGRES)
		postgres_backend_close(&choice->backend);
	choice->kind = STORE_IS_NONE;
}
