#!/usr/bin/env bash
# fuzz-afl.sh SECONDS [TARGET...] - runs the fuzz targets that afl-clang-fast has built with AFL++, one after the other.
#
# The targets are the same: afl-clang-fast links a driver of its own for LLVMFuzzerTestOneInput, which keeps the process
# for thousands of inputs. What was found is in BUILD/afl/TARGET/default/crashes.
set -u
cd "$(dirname "$0")/../.." || exit 1
BUILD=${BUILD:-build-afl}
seconds=${1:-60}
shift
passed=0
failed=0
export AFL_SKIP_CPUFREQ=1 AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 AFL_NO_UI=1 AFL_NO_AFFINITY=1 AFL_AUTORESUME=1
export ASAN_OPTIONS=abort_on_error=1:detect_leaks=0:symbolize=0

stat() { sed -n "s/^$1 *: //p" "$2"; }

[ $# -gt 0 ] || set -- $(find tests/fuzz -name 'fuzz_*.c' | sed -e 's,.*/fuzz_,,' -e 's,\.c$,,' | sort)
printf '%-14s %14s %10s %7s %8s %9s\n' target executions 'a second' edges corpus findings
for target; do
	out=$BUILD/afl/$target
	in=$BUILD/afl-in/$target
	rm -rf "$in"
	mkdir -p "$out" "$in"
	for folder in tests/fuzz/corpus tests/fuzz/regress; do
		[ -d "$folder/$target" ] && cp "$folder/$target"/* "$in"
	done
	dictionary=
	[ -f "tests/fuzz/dict/$target.dict" ] && dictionary="-x tests/fuzz/dict/$target.dict"
	# shellcheck disable=SC2086
	timeout -k 10 $((seconds + 300)) afl-fuzz -V "$seconds" -t 5000+ -m none -i "$in" -o "$out" $dictionary \
		-- "$BUILD/fuzz_$target" >"$out/log" 2>&1
	stats=$out/default/fuzzer_stats
	if [ ! -f "$stats" ]; then
		failed=$((failed + 1))
		echo "FAIL $target: afl-fuzz did not run: $out/log"
		tail -n 5 "$out/log"
		continue
	fi
	crashes=$(stat saved_crashes "$stats")
	printf '%-14s %14s %10.0f %7s %8s %9s\n' "$target" "$(stat execs_done "$stats")" "$(stat execs_per_sec "$stats")" \
		"$(stat edges_found "$stats")" "$(stat corpus_count "$stats")" "$crashes"
	if [ "${crashes:-1}" -eq 0 ]; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
