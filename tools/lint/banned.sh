#!/bin/sh
# banned.sh - functions that are never the right one.
cd "${1:-.}" || exit 1
grep -rnE --include='*.[ch]' --exclude-dir=node_modules \
	'(^|[^a-zA-Z0-9_])(strcpy|strcat|sprintf|vsprintf|gets|strtok|atoi|atol|alloca|system)[[:blank:]]*\(' \
	proto engine tools tests perf 2>/dev/null | awk '
BEGIN { use["strcpy"] = use["strcat"] = "memcpy with a bound"; use["sprintf"] = "snprintf"; use["vsprintf"] = "vsnprintf"
	use["gets"] = "fgets"; use["strtok"] = "proto/base/span.h"; use["atoi"] = use["atol"] = "strtol and its end"
	use["alloca"] = "an array with a bound"; use["system"] = "posix_spawn" }
{ split($0, f, ":"); text = substr($0, length(f[1]) + length(f[2]) + 3)
	if (text ~ /^[[:blank:]]*(\/?\*|\/\/)/) next
	match(text, /(^|[^a-zA-Z0-9_])(strcpy|strcat|sprintf|vsprintf|gets|strtok|atoi|atol|alloca|system)[[:blank:]]*\(/)
	word = substr(text, RSTART, RLENGTH); gsub(/[^a-z]/, "", word)
	printf "%s:%s: %s is banned; use %s\n", f[1], f[2], word, use[word] }'
exit 0
