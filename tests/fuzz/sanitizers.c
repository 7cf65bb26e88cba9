/* sanitizers.c - what AddressSanitizer is to do in a program that runs millions of inputs; ASAN_OPTIONS says otherwise.
 *
 * What was freed is kept from being used again for longer than any input runs, and not for so long that each allocation
 * is of memory that no cache has. Where a block was allocated is not noted: malloc_context_size=30 asks for it.
 */
const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
	return "quarantine_size_mb=8:thread_local_quarantine_size_kb=256:malloc_context_size=0";
}
