#!/bin/sh
# selftest.sh - plants one fault of each kind and sees that the check finds it.
set -u
here=$(cd "$(dirname "$0")" && pwd)
tree=$(mktemp -d) || exit 1
trap 'rm -rf "$tree"' EXIT
mkdir -p "$tree/proto/a" "$tree/engine/net" "$tree/engine/chat"
failed=0
printf '#include "engine/net/x.h"\n' >"$tree/proto/a/a.c"
printf '#include <liburing.h>\n#include <sys/socket.h>\nvoid f(void) { free(0); }\n' >"$tree/engine/chat/b.c"
printf 'void g(char *a) { strcpy(a, "x"); }\n' >"$tree/engine/chat/c.c"
{ printf 'void h(void)\n{\n'; yes '	;' | head -n 71; printf '}\n'; } >"$tree/engine/chat/d.c"
printf 'int broken(\n' >"$tree/engine/net/x.h"
expect() { # expect CHECK COUNT
	found=$("$here/$1.sh" "$tree" 2>/dev/null | grep -c .)
	if [ "$found" -ne "$2" ]; then
		echo "lint: the check '$1' finds $found of $2 planted faults"
		failed=1
	fi
}
expect layers 1
expect includes 3
expect banned 1
expect sizes 1
expect headers 3
exit $failed
