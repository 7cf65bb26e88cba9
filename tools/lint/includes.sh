#!/bin/sh
# includes.sh - who may see the kernel: liburing in core/ring*, sockets in net/ and core/ring*, malloc in few places.
cd "${1:-.}" || exit 1
find_in() { grep -rnE --include='*.[ch]' "$1" proto engine 2>/dev/null; }
find_in '^[[:blank:]]*#[[:blank:]]*include[[:blank:]]*<liburing' | grep -vE '^engine/core/ring[a-z_]*\.[ch]:' |
	sed 's|$|: only engine/core/ring* may; give engine/core/ring.h what is needed|'
find_in '^[[:blank:]]*#[[:blank:]]*include[[:blank:]]*<(sys/socket|sys/un|netinet/|arpa/|netdb)' |
	grep -vE '^engine/(net/|core/ring[a-z_]*\.[ch]:|ops/syscalls\.c:)' | # the last names families of sockets, and has none
	sed 's|$|: only engine/net and engine/core/ring* may; see engine/net/address.h|'
find_in '(^|[^a-z_])(malloc|calloc|realloc|reallocarray|aligned_alloc|posix_memalign|strn?dup|v?asprintf|free)\(' |
	grep -vE '^engine/(core/slab\.c|store/|ops/)' | grep -vE '^[^:]*:[0-9]+:[[:space:]]*(/?\*|//)' |
	sed 's|$|: memory comes from engine/core/slab.h, or from the caller|'
exit 0
