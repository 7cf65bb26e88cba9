#!/bin/sh
# format.sh - lines that clang-format would write otherwise; how far a trailing comment is indented is the author's.
cd "${1:-.}" || exit 1
command -v clang-format >/dev/null || { echo 'clang-format is missing: apt-get install clang-format'; exit 0; }
squeeze() { sed -E 's,[[:space:]]*/\*, /*,'; }
find proto engine tools tests perf -name '*.[ch]' 2>/dev/null | sort | while read -r file; do
	clang-format "$file" | squeeze >"${TMPDIR:-/tmp}/lint.$$.a"
	squeeze <"$file" >"${TMPDIR:-/tmp}/lint.$$.b"
	diff "${TMPDIR:-/tmp}/lint.$$.b" "${TMPDIR:-/tmp}/lint.$$.a" | sed -n "s|^<|$file: |p"
done
rm -f "${TMPDIR:-/tmp}/lint.$$.a" "${TMPDIR:-/tmp}/lint.$$.b"
