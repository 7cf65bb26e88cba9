#!/usr/bin/env bash
# fuzz.sh SECONDS | --replay - runs every fuzz target for so long, or its corpus once and two seconds more.
set -u
cd "$(dirname "$0")/../.." || exit 1
BUILD=${BUILD:-build}
passed=0
failed=0
for source in tests/fuzz/fuzz_*.c; do
	name=$(basename "$source" .c)
	corpus=tests/fuzz/corpus/${name#fuzz_}
	found=$BUILD/fuzz-found/$name
	mkdir -p "$found" "$BUILD/fuzz-work/$name"
	seconds=$1
	[ "$1" = --replay ] && seconds=2
	dirs=$BUILD/fuzz-work/$name
	[ -d "$corpus" ] && dirs="$dirs $corpus"
	# shellcheck disable=SC2086
	if "$BUILD/$name" -max_total_time="$seconds" -rss_limit_mb=2048 -timeout=10 -artifact_prefix="$found/" \
		-print_final_stats=1 $dirs >"$BUILD/fuzz-work/$name.log" 2>&1; then
		passed=$((passed + 1))
		echo "ok   $name: $(sed -n 's/stat::number_of_executed_units: *//p' "$BUILD/fuzz-work/$name.log") inputs"
	else
		failed=$((failed + 1))
		echo "FAIL $name: see $found and $BUILD/fuzz-work/$name.log"
		tail -n 20 "$BUILD/fuzz-work/$name.log"
	fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
