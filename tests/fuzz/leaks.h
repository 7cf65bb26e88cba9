/* leaks.h - libconfig does not give back a text that it was reading when it finds a fault: here that is done for it.
 *
 * So millions of faults fit into memory, and nothing that we forget ourselves is taken for libconfig's. The target is
 * linked with --wrap=config_read_string and --wrap=config_destroy.
 */
#ifndef FUZZ_LEAKS_H
#define FUZZ_LEAKS_H

#include <libconfig.h>

#include "tests/fuzz/fuzz.h"

#define LEAKS_MAX 65536

int __wrap_config_read_string(config_t *config, const char *text);
int __real_config_read_string(config_t *config, const char *text);
void __wrap_config_destroy(config_t *config);
void __real_config_destroy(config_t *config);

/* Of the sanitizers, where the target is built with them. */
int __sanitizer_install_malloc_and_free_hooks(void (*took)(const volatile void *, size_t),
					      void (*gave)(const volatile void *)) __attribute__((weak));
int __sanitizer_get_ownership(const volatile void *block) __attribute__((weak));

/* What libconfig took while it read. What it gave back of it is not given to anybody else so soon. */
static const volatile void *leaks[LEAKS_MAX];
static uint32_t leak_count;
static bool leaks_noted;

static void leaks_took(const volatile void *block, size_t size)
{
	(void)size;
	if (!leaks_noted || !block)
		return;
	check(leak_count < LEAKS_MAX);
	leaks[leak_count++] = block;
}

static void leaks_gave(const volatile void *block)
{
	(void)block;
}

int __wrap_config_read_string(config_t *config, const char *text)
{
	static bool hooked;

	if (!hooked && __sanitizer_install_malloc_and_free_hooks)
		check(__sanitizer_install_malloc_and_free_hooks(leaks_took, leaks_gave) > 0);
	hooked = true;
	check(leak_count == 0);
	leaks_noted = true;
	const int result = __real_config_read_string(config, text);

	leaks_noted = false;
	return result;
}

void __wrap_config_destroy(config_t *config)
{
	__real_config_destroy(config);
	while (leak_count > 0)
		if (__sanitizer_get_ownership(leaks[--leak_count]))
			free((void *)(uintptr_t)leaks[leak_count]);
}

#endif
