/* runner.c - which of the two kinds of process of the unit tests looks for leaks.
 *
 * Criterion runs each test in a process of its own, started anew. The runner has none of our code to run; with two jobs
 * it now and then ends with 48 bytes of its own that LeakSanitizer calls lost. So only the tests' processes look.
 */
#include <stdlib.h>

int __lsan_is_turned_off(void);

int __lsan_is_turned_off(void)
{
	return getenv("BXFI_MAP") == NULL;
}
