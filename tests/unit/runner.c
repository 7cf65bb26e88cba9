/* runner.c - what the processes of the unit tests do besides: Criterion starts one anew for each test. */
#include <stdlib.h>

int __lsan_is_turned_off(void);
int mbedtls_x509_crt_parse_file(void *chain, const char *path);

/* The runner has none of our code to run; with two jobs it now and then ends with 48 bytes of its own that
 * LeakSanitizer calls lost. So only the tests' processes look for leaks. */
int __lsan_is_turned_off(void)
{
	return getenv("BXFI_MAP") == NULL;
}

/* Criterion shows differences by libgit2, which begins by reading every authority's certificate that the system trusts:
 * a fifth of what starting a test costs. */
int mbedtls_x509_crt_parse_file(void *chain, const char *path)
{
	(void)chain;
	(void)path;
	return 0;
}
