/* poison.h - marks memory that nobody may touch, where AddressSanitizer is built in; nothing elsewhere.
 *
 * That is what is free (slabs), and what is the kernel's for now: receive buffers but for the bytes of this turn, and
 * bytes that are being sent from a segment that nobody else holds. AddressSanitizer does not see what the kernel does;
 * so what is handed to it is checked first: it may be neither.
 */
#ifndef CORE_POISON_H
#define CORE_POISON_H

#include <stdbool.h>
#include <stddef.h>

#if defined(__SANITIZE_ADDRESS__)
#define POISON_ON 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define POISON_ON 1
#endif
#endif

#ifdef POISON_ON
#include <sanitizer/asan_interface.h>
#define POISON(bytes, size) __asan_poison_memory_region((bytes), (size))
#define UNPOISON(bytes, size) __asan_unpoison_memory_region((bytes), (size))
#define IS_POISONED(bytes, size) (__asan_region_is_poisoned((bytes), (size)) != NULL)
#else
#define POISON(bytes, size) ((void)(bytes), (void)(size))
#define UNPOISON(bytes, size) ((void)(bytes), (void)(size))
#define IS_POISONED(bytes, size) ((void)(bytes), (void)(size), false)
#endif

#endif
