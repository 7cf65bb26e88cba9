/* poison.h - marks memory that nobody may touch, where AddressSanitizer is built in; nothing elsewhere.
 */
#ifndef CORE_POISON_H
#define CORE_POISON_H

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
#else
#define POISON(bytes, size) ((void)(bytes), (void)(size))
#define UNPOISON(bytes, size) ((void)(bytes), (void)(size))
#endif

#endif
