#!/usr/bin/env bash
# fuzz-coverage.sh [LEAST] - replays the corpora with clang's coverage of the source, and prints for each file of proto/ how
# many of its lines and branches they reach. Fails when it is less than LEAST (95) of a hundred lines in all.
#
# BUILD/coverage/html has the sources, line by line. Assertions count as lines and branches, and cannot be reached.
set -u
cd "$(dirname "$0")/../.." || exit 1
BUILD=${BUILD:-build-coverage}
least=${1:-95}
out=$BUILD/coverage
mkdir -p "$out"
[ -f "$BUILD/config.mk" ] || ./configure --build-dir="$BUILD" --cc=clang --without-mimalloc >/dev/null || exit 1
make -s -j"$(nproc)" BUILD="$BUILD" replay-build LDFLAGS=-fprofile-instr-generate \
	CFLAGS='-fprofile-instr-generate -fcoverage-mapping -Wno-error -Wno-unknown-warning-option' >"$out/build.log" 2>&1 || {
	tail -n 30 "$out/build.log"
	exit 1
}
rm -f "$out"/*.profraw
LLVM_PROFILE_FILE=$PWD/$out/%p.profraw BUILD=$BUILD tools/build/fuzz.sh --replay || exit 1
llvm-profdata merge -o "$out/all.profdata" "$out"/*.profraw || exit 1
objects=
for source in tests/fuzz/fuzz_*.c; do
	program=$BUILD/$(basename "$source" .c | sed 's/^fuzz_/replay_/')
	objects="$objects${objects:+ -object }$program"
done
# shellcheck disable=SC2046,SC2086
set -- $objects -instr-profile="$out/all.profdata"
files=$(find proto -name '*.c' -o -name '*.h' -path 'proto/*' | sort)
# shellcheck disable=SC2086
llvm-cov show "$@" -format=html -output-dir="$out/html" -show-branches=count $files >/dev/null 2>&1
# shellcheck disable=SC2086
llvm-cov report "$@" -show-region-summary=false $files 2>/dev/null |
	awk -v least="$least" '
	$1 == "Filename" { printf "%-36s %7s %7s %8s   %8s %7s %8s\n", "file", "lines", "missed", "reached", "branches", "missed",
		"reached" }
	/\.[ch] / || $1 == "TOTAL" { printf "%-36s %7d %7d %8s   %8d %7d %8s\n", $1, $5, $6, $7, $8, $9, $10 }
	$1 == "TOTAL" { good = $7 + 0 >= least; print good ? "1 passed, 0 failed" : "0 passed, 1 failed" }
	END { exit !good }'
