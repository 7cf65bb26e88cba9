#!/bin/sh
# includes.sh - who may see the kernel: liburing in core/ring*, sockets in net/ and core/ring*, malloc in few places.
cd "${1:-.}" || exit 1
grep -rnE --include='*.[ch]' '^#include <liburing' engine proto 2>/dev/null | grep -v '^engine/core/ring' |
	sed 's/$/: only engine\/core\/ring* may include liburing/'
grep -rnE --include='*.[ch]' '^#include <(sys/socket|netinet/|arpa/|netdb|sys/un)' engine proto 2>/dev/null |
	grep -vE '^engine/(net/|core/ring)' | sed 's/$/: sockets are for engine\/net and engine\/core\/ring*/'
grep -rnE --include='*.[ch]' '(^|[^a-z_])(malloc|calloc|realloc|free)\(' engine proto 2>/dev/null |
	grep -vE '^engine/(core/slab\.c|store/|ops/)' | grep -vE ':[0-9]+:[[:space:]]*(/?\*|//)' |
	sed 's/$/: memory comes from engine\/core\/slab.h/'
exit 0
