/* hash.h - the one hash of the engine: a keyed 64-bit mix over bytes (wyhash's construction).
 *
 * The key is drawn at boot, so that a peer cannot choose names that collide.
 */
#ifndef CORE_HASH_H
#define CORE_HASH_H

#include <stddef.h>
#include <stdint.h>

uint64_t hash_bytes(const void *bytes, size_t size, uint64_t key);

#endif
