/* check.h - assertions that stay on in production.
 *
 * A peer's error is a value; one of ours is a crash, with the place named.
 */
#ifndef CORE_CHECK_H
#define CORE_CHECK_H

#include <stdint.h>

/* Ends the process with the place and the broken statement on standard error. */
_Noreturn void check_failed(const char *file, int line, const char *statement);

#define CHECK(statement) \
	(__builtin_expect(!(statement), 0) ? check_failed(__FILE__, __LINE__, #statement) : (void)0)

/* For what travels through a void pointer: the first member of such a struct is
 * uint32_t magic, and this proves that it is what we think it is. */
#define CHECK_MAGIC(object, value) CHECK((object) && (object)->magic == (value))

#endif
