#!/bin/sh
# selftest.sh - plants faults of each kind, and what looks like them but is none, and sees that each check finds its own.
set -u
here=$(cd "$(dirname "$0")" && pwd)
tree=$(mktemp -d) || exit 1
trap 'rm -rf "$tree"' EXIT
cd "$tree" || exit 1
mkdir -p proto/a proto/deflate engine/core engine/net engine/chat engine/gate engine/store engine/ops tools/t build/proto/a build/proto/deflate
cp "$here/../../.clang-format" .
failed=0

# expect CHECK PLACE... - the check says so much about so many places, in any order, and nothing else.
expect() {
	check=$1
	shift
	wanted=$(printf '%s\n' "$@" | sort)
	found=$(BUILD=build "$here/$check.sh" "$tree" 2>&1 | cut -d: -f1,2 | sort)
	[ "$found" = "$wanted" ] && return
	echo "lint: the check '$check' finds, among planted faults:" $found
	echo "lint: it should find:" $wanted
	failed=1
}
many() { yes "$1" | head -n "$2"; }

mkdir src && touch notes.txt
expect house src:1 notes.txt:1
rmdir src && rm notes.txt

printf '#include "proto/b/x.h"\n#include "engine/net/x.h"\n' >proto/a/a.c
printf '#include "engine/core/log.h"\n# include "engine/net/conn.h"\n' >engine/chat/a.c
printf '#include "engine/chat/room_log.h"\n#include "engine/chat/home.h"\n' >engine/store/a.c
printf '#include "../core/log.h"\n#include "log.h"\n#include "engine/gate/pump.h"\n' >engine/ops/a.c
printf '#include "engine/core/ring.h"\n#include "engine/chat/home.h"\n' >tools/t/a.c
printf '#include "engine/chat/home.h"\n#include "engine/api/api.h"\n#include "engine/shard/shard.h"\n' >engine/gate/a.c
expect layers engine/gate/a.c:2 engine/gate/a.c:3 proto/a/a.c:2 engine/chat/a.c:2 engine/store/a.c:2 engine/ops/a.c:1 engine/ops/a.c:2 tools/t/a.c:2
rm */*/a.c

printf '#include <liburing.h>\n#include <sys/socket.h>\nvoid f(void) { free(0); }\n/* free() */\nvoid slab_free(void);\n' >engine/chat/b.c
printf '#include <liburing.h>\n#include <sys/socket.h>\n' >engine/core/ring_x.c
printf '#include <netinet/in.h>\n' >engine/net/b.c
printf 'char *g(char *a) { return strdup(a); }\n' >engine/net/c.c
printf 'void *g(void) { return malloc(1); }\n' >engine/core/slab.c
expect includes engine/chat/b.c:1 engine/chat/b.c:2 engine/chat/b.c:3 engine/net/c.c:1
rm engine/*/*.c

printf 'void g(char *a) { strcpy(a, "x"); }\nint h(void) { return snprintf(0, 0, ""); }\nint i = atoi ("1");\n/* never system() */\n' >engine/chat/c.c
expect banned engine/chat/c.c:1 engine/chat/c.c:3
rm engine/*/*.c

{ printf 'void h(void)\n{\n'; many '	;' 70; printf '}\nvoid i(void)\n{\n'; many '	;' 71; printf '}\n'; } >engine/chat/d.c
many '/* */' 500 >engine/chat/e.c
many '/* */' 501 >engine/chat/f.c
mkdir -p tests/u
many '/* */' 600 >tests/u/e.c
many '/* */' 601 >tests/u/f.c
{ printf '\t'; many x 112 | tr -d '\n'; printf '\n\t'; many x 113 | tr -d '\n'; printf '\n'; } >engine/chat/g.c
{ many 'é' 120 | tr -d '\n'; printf '\n'; } >engine/chat/h.c
expect sizes engine/chat/d.c:75 engine/chat/f.c:1 engine/chat/g.c:2 tests/u/f.c:1
rm -r engine/*/*.c tests

printf '/* good.h - one sentence. */\n#ifndef GOOD_H\n#define GOOD_H\nint good(void);\n#endif\n' >engine/net/good.h
printf '/* bad.h - one sentence. */\n#ifndef BAD_H\n#define BED_H\nint good(void);\n#endif\n' >engine/net/bad.h
printf '/* half.h - one sentence. */\n#ifndef HALF_H\n#define HALF_H\nint half(size_t size);\n#endif\n' >engine/net/half.h
printf '/* A header. */\n#ifndef MUTE_H\n#define MUTE_H\n#endif\n' >engine/net/mute.h
printf '/* bare.h */\n#ifndef BARE_H\n#define BARE_H\n#endif\n' >engine/net/bare.h
expect headers engine/net/bad.h:1 engine/net/bare.h:1 engine/net/half.h:1 engine/net/mute.h:1
rm engine/*/*.h

printf '#include <stdio.h>\nint own(void);\nint a(void);\nint a(void) { return own() + puts("x"); }\n' >proto/a/a.c
printf '#include <string.h>\nint own(void);\nint own(void) { return memcmp("a", "b", 1); }\n' >proto/a/own.c
printf 'int deflate(void);\nint d(void);\nint d(void) { return deflate(); }\n' | tee proto/a/z.c >proto/deflate/d.c
for file in a/a a/own a/z deflate/d; do
	${CC:-gcc} -fno-builtin -c proto/$file.c -o build/proto/$file.o || failed=1
done
${CC:-gcc} -c proto/a/a.c -o build/proto/a/gone.o
expect symbols proto/a/a.c:1 proto/a/z.c:1
rm proto/*/*.c

printf 'int a(int b)\n{\n\tif (b)\n\t\treturn 1;\n\treturn 2;      /* a gap is the author'\''s */\n}\n' >engine/chat/a.c
printf 'int a(int b) {\n\treturn b;\n}\n' >engine/chat/b.c
printf 'int a(int b)\n{\n    return b;\n}\n\nint c(int*d)\n{\n\treturn *d;\n}\n' >engine/chat/c.c
expect format engine/chat/b.c:1 engine/chat/c.c:3 engine/chat/c.c:6

exit $failed
