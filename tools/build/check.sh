#!/usr/bin/env bash
# check.sh - every test that needs no hours, suite by suite, and one sum at the end.
#
# A suite counts only if it says how many tests it ran: its last line that reads
# "N passed, N failed", or Criterion's own. One that says nothing, or ran none, has failed.
set -u
cd "$(dirname "$0")/../.." || exit 1
BUILD=${BUILD:-build}
ASAN=$BUILD-asan
TSAN=$BUILD-tsan
logs=$BUILD/check
mkdir -p "$logs"
passed=0
failed=0
jobs=$(nproc)
export BUILD UBSAN_OPTIONS=print_stacktrace=1

say() { printf '%s\n' "$*"; }

# suite NAME SECONDS COMMAND... - runs it with a bound in time and adds up what it says.
suite() {
	local name=$1 seconds=$2 log line ok bad took start=$SECONDS
	shift 2
	log=$logs/${name// /-}.log
	if [ "$1" = joined ]; then
		"$@" >"$log" 2>&1
	else
		timeout -k 10 "$seconds" "$@" >"$log" 2>&1
	fi
	local status=$?
	took=$((SECONDS - start))
	[ "$1" != joined ] || took=$(cut -d' ' -f2 "$logs/${2// /-}.status")
	line=$(grep -axE '[0-9]+ passed, [0-9]+ failed' "$log" | tail -n 1)
	if [ -n "$line" ]; then
		ok=${line%% *}
		bad=$(printf '%s' "$line" | sed 's/.*, \([0-9]*\) failed/\1/')
	else
		line=$(grep -aoE 'Tested: [0-9]+ \| Passing: [0-9]+ \| Failing: [0-9]+ \| Crashing: [0-9]+' "$log" | tail -n 1)
		ok=$(printf '%s' "$line" | sed -n 's/.*Passing: \([0-9]*\).*/\1/p')
		bad=$(printf '%s' "$line" | sed -n 's/.*Tested: \([0-9]*\) | Passing: \([0-9]*\).*/\1 - \2/p')
		bad=$((${bad:-0}))
	fi
	if [ "$status" -ne 0 ] && [ "${bad:-0}" -eq 0 ]; then
		bad=1
	fi
	# What ran nothing has shown nothing (docs/internals/power-cuts.md has the one excuse).
	if [ "${ok:-0}" -eq 0 ] && [ "${bad:-0}" -eq 0 ] && [ "$name${UPROAR_WITHOUT_FUSE:-}" != 'power cuts1' ]; then
		ok=0
		bad=1
	fi
	passed=$((passed + ok))
	failed=$((failed + bad))
	if [ "$bad" -eq 0 ]; then
		say "$(printf '  ok    %-28s %6d passed  %4d s' "$name" "$ok" "$took")"
	else
		say "$(printf '  FAIL  %-28s %6d passed, %d failed, exit %d: %s' "$name" "$ok" "$bad" "$status" "$log")"
		faults "$log" | sed 's/^/        /'
	fi
}

# faults LOG - what a log says of what failed, wherever in it that stands (unittest, node --test, Criterion, ours), and
# how it ends.
faults() {
	{
		awk '/^(FAIL|ERROR): / { told = 1 } /^Ran [0-9]+ tests? in / { told = 0 } told' "$1"
		grep -aE '^ *(✖|not ok )|\[(FAIL|CRASH|ERR )|^(FAIL|fail|failed|wrong|violation)|[Ee]rror:' "$1"
	} | head -n 100
	echo '...'
	tail -n 15 "$1"
}

# beside NAME COMMAND... - begins a suite that measures no time, while others run; suite NAME SECONDS joined NAME ends it.
# beside NAME after OTHER COMMAND... - begins it when that one has ended.
beside() {
	local name=${1// /-}
	shift
	rm -f "$logs/$name.status"
	{
		if [ "$1" = after ]; then
			ended "$2"
			shift 2
		fi
		SECONDS=0
		"$@" >"$logs/$name.beside" 2>&1
		echo $? $SECONDS >"$logs/$name.status"
	} &
}

ended() {
	while [ ! -s "$logs/${1// /-}.status" ]; do sleep 0.2; done
}

joined() {
	ended "$1"
	cat "$logs/${1// /-}.beside"
	return "$(cut -d' ' -f1 "$logs/${1// /-}.status")"
}

# built MODE BUILD TARGETS [configure option...] - configures where that was not done in this way, and builds.
built() {
	local mode=$1 dir=$2 targets=$3 log start=$SECONDS
	shift 3
	log=$logs/build-$mode.log
	mkdir -p "$dir"
	{
		grep -qsx "MODE := $mode" "$dir/config.mk" || ./configure --build-dir="$dir" "$@"
	} >"$log" 2>&1 &&
		# shellcheck disable=SC2086
		make -s -j"$jobs" BUILD="$dir" $targets >>"$log" 2>&1 && {
		say "$(printf '  built %-28s %21d s' "$dir" $((SECONDS - start)))"
		return
	}
	say "  FAIL  $dir does not build: $log"
	tail -n 40 "$log" | sed 's/^/        /'
	say ''
	say "$passed passed, $((failed + 1)) failed"
	exit 1
}

say "check: what each suite says is in $logs"
mode=$(sed -n 's/^MODE := //p' "$BUILD/config.mk" 2>/dev/null)
built "${mode:-release}" "$BUILD" 'all test-unit-build test-sim-build lossyfs-build attack-build sandbox-build'
built asan "$ASAN" 'all test-unit-build test-sim-build replay-build' --enable-sanitizers
built tsan "$TSAN" all --enable-tsan

suite lint 300 tools/lint/lint.sh
# Three lanes. Those beside wait most of the time: for deadlines, disks and servers that start again.
beside integration timeout -k 10 1800 tests/integration/run --others
beside 'power cuts' timeout -k 10 1800 tests/lossyfs/run
beside checker after 'power cuts' timeout -k 10 900 tests/checker/run
beside 'checker postgres' after checker timeout -k 10 900 tests/checker/postgres --kills 12 --backend-kills 8
beside browser after 'checker postgres' timeout -k 10 1800 tests/browser/run
# With a PostgreSQL server of their own: what needs one is skipped otherwise.
suite unit 900 tests/integration/postgres.py "$BUILD/test-unit" -j2
suite 'unit asan' 2400 tests/integration/postgres.py "$ASAN/test-unit" -j2
suite simulation 300 "$BUILD/test-sim" --seeds 2000
suite 'simulation asan' 300 "$ASAN/test-sim" --seeds 200
suite models 600 tests/models/run
suite mutants 1800 env SEEDS=300 tools/build/mutants.sh
suite 'fuzz corpora' 300 env BUILD="$ASAN" tools/build/fuzz.sh --replay
suite 'faults for fuzzers' 60 tests/fuzz/faults --stale
suite 'integration asan' 600 env BUILD="$ASAN" tests/integration/run test_chat.py
suite 'integration tsan' 600 env BUILD="$TSAN" CORES_MESSAGES=8000 tests/integration/run test_cores.py test_chat.py
suite 'http table' 300 tests/conformance/http/run --alone
# The first time this takes minutes by itself; what it says is said again below, if it did not end well.
tests/conformance/prepare >"$logs/conformance-prepared.log" 2>&1
suite 'power cuts' 0 joined 'power cuts'
suite integration 0 joined integration
suite checker 0 joined checker
suite 'checker postgres' 0 joined 'checker postgres'
suite browser 0 joined browser
# What measures has the machine for itself. So has Autobahn's suite, which gives up on a connection after half a second.
suite conformance 1800 tests/conformance/autobahn --short --jobs 2
suite 'integration waiting' 1800 tests/integration/run --waiting
suite 'integration measuring' 2700 tests/integration/run --measuring
suite attacks 900 tests/attack/run --quick

say ''
say "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
