#!/bin/sh
# banned.sh - functions that are never the right one.
cd "${1:-.}" || exit 1
grep -rnE --include='*.[ch]' '(^|[^a-z_])(strcpy|strcat|sprintf|vsprintf|gets|strtok|atoi|atol|alloca|system)\(' \
	proto engine tools tests perf 2>/dev/null | sed 's/$/: banned; use the bounded form/'
exit 0
