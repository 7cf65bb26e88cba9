#!/usr/bin/env bash
# mutants.sh [--refresh] [N...] - plants each fault (engine/core/mutant.h) and sees that it is found: by the seed of the
# simulation or the unit test that docs/internals/mutants.md names, or, where that does not find it or none is named, by
# a search: SEEDS seeds of the simulation, then the unit tests, then power cuts. Prints a line a fault: the fault, what
# found it and what that said. With numbers: these alone. --refresh searches without the table, and writes it anew.
#
# There is one build, in which a process is told its fault by MUTANT. What finds a fault must pass without it, and a seed
# must find it twice alike. JOBS (one a processor) of them are under way at a time.
set -u
cd "$(dirname "$0")/../.." || exit 1
self=tools/build/mutants.sh
table=docs/internals/mutants.md
BUILD=${BUILD:-build}
SEEDS=${SEEDS:-3000}
JOBS=${JOBS:-$(nproc)}
REFRESH=${REFRESH:-}
unset MUTANT
dir=$BUILD-mutants
tests='@(home*|users|moderation|history|cursor|sqlite*|backend*|worker*|room_log|dedup|data|token|verified)/*'

# The build's objects by links, but for those that have a fault: they are compiled again.
build() {
	make -s "-j$JOBS" test-sim-build test-unit-build || return 1
	rm -rf "$dir"
	mkdir -p "$dir/said"
	local there
	there=$(cd "$dir" && pwd)
	(cd "$BUILD" && find config.mk embed gen engine proto tools tests -type f -print0 |
		xargs -0 cp -al --parents -t "$there") || return 1
	grep -rl engine/core/mutant.h engine --include='*.c' | while read -r file; do rm -f "$dir/${file%.c}".[od]; done
	make -s "-j$JOBS" BUILD="$dir" CFLAGS=-DMUTANTS test-sim-build test-unit-build >"$dir/log" 2>&1 && return
	tail "$dir/log"
	return 1
}

# The first of a run's lines that says what is wrong, without what is another in each run.
first_line() {
	grep -ahE 'broken:|^\[[-A-Z]+\] [^ ]+: *.*(Failed|CRASH|[0-9]s\))|^seed ' "$1" | head -n 1 | LC_ALL=C tr -cd ' -{}~' |
		sed -e 's/, digest [0-9a-f]*, at [0-9]* us//' -e 's/^seed [0-9]*: //' -e 's/^\[[-A-Z]*\] //' -e 's,^\./,,' |
		cut -c 1-100
}

# finds 'seed N' | 'test SUITE/NAME' - whether it does: fails with the fault, and passes without.
finds() {
	local out=$dir/said/$mutant
	case $1 in
	seed\ *)
		MUTANT=$mutant timeout 60 "$dir/test-sim" --seed "${1#* }" >"$out.1" 2>&1 && return 1
		MUTANT=$mutant timeout 60 "$dir/test-sim" --seed "${1#* }" >"$out.2" 2>&1
		cmp -s "$out.1" "$out.2" && grep -qa "^$1" "$out.1" || return 1
		timeout 60 "$dir/test-sim" --seed "${1#* }" >"$out.3" 2>&1 || return 1
		says=$(first_line "$out.1")
		;;
	test\ *)
		MUTANT=$mutant timeout 120 "$dir/test-unit" -j1 --filter "${1#* }" >"$out.1" 2>&1 && return 1
		grep -qaE 'Failing: 1 |Crashing: 1 ' "$out.1" || return 1
		timeout 120 "$dir/test-unit" -j1 --filter "${1#* }" >"$out.2" 2>&1 && grep -qa 'Tested: 1 ' "$out.2" || return 1
		says=$(first_line "$out.1")
		;;
	*) return 1 ;;
	esac
}

searched_seeds() {
	grep -rlE "PLANTED\\($mutant\\)" engine | grep -qv engine/store/sqlite || return 1 # its disk is another one
	MUTANT=$mutant timeout 200 "$dir/test-sim" --seeds "$SEEDS" >"$dir/said/$mutant" 2>&1 && return 1
	by=$(grep -aoE 'seed [0-9]+' "$dir/said/$mutant" | head -n 1)
	finds "$by"
}

searched_tests() {
	MUTANT=$mutant timeout 250 "$dir/test-unit" --fail-fast --filter "$tests" >"$dir/said/$mutant" 2>&1
	by=$(grep -aoE '^\[(FAIL|CRASH|-+)\] [a-z0-9_]+::[a-z0-9_]+: (\(|CRASH)' "$dir/said/$mutant" | head -n 1 |
		sed -e 's/^[^ ]* /test /' -e 's,::,/,' -e 's/: .*//')
	finds "$by"
}

# The whole server on a file system that forgets what was not synced.
searched_power_cuts() {
	by='power cuts'
	flock "$dir/said" make -s BUILD="$dir" CFLAGS=-DMUTANTS all lossyfs-build >>"$dir/log" 2>&1 || return 1
	MUTANT=$mutant BUILD=$dir timeout 250 tests/lossyfs/powercut --cuts 20 >"$dir/said/$mutant" 2>&1 && return 1
	says=$(grep -aE 'VIOLATED|lost' "$dir/said/$mutant" | head -n 1)
}

# One fault: a row of the table. Status 0: it was found.
judge() {
	local what by says
	mutant=$1
	what=$(grep -rhE -A3 "PLANTED\($mutant\)" engine | tr -s '\n\t ' ' ' | grep -oE '/\*[^*]*\*/' | head -n 1 |
		sed -e 's,^/\* *,,' -e 's, *\*/$,,')
	by=$([ "$REFRESH" ] || sed -n "s/^| $mutant | [^|]* | \([^|]*\) | .*/\1/p" "$table")
	if finds "$by"; then
		echo "| $mutant | $what | $by | $says |"
	elif searched_seeds || searched_tests || searched_power_cuts; then
		echo "| $mutant | $what | $by | $says |"
		[ "$REFRESH" ] || echo "  (not by what $table names: $self --refresh $mutant writes it anew)"
	else
		echo "| $mutant | $what | NOT found in $SEEDS seeds, the unit tests and power cuts | |"
		return 1
	fi
}

# The table with the rows of this run in place of the same faults', and without those of faults that are gone.
write_table() {
	local row number
	sed '/^| [0-9]/d' "$table" >"$dir/table"
	{
		cat "$dir"/said/*.row | grep -E '^\| [0-9]'
		grep -E '^\| [0-9]' "$table" | while read -r row; do
			number=$(cut -d' ' -f2 <<<"$row")
			[ -e "$dir/said/$number.row" ] || ! grep -rqE "PLANTED\($number\)" engine || printf '%s\n' "$row"
		done
	} | sort -t'|' -k2n >>"$dir/table"
	cp "$dir/table" "$table"
}

if [ "${1:-}" = --judge ]; then
	judge "$2" >"$dir/said/$2.row" 2>&1 && touch "$dir/said/$2.found"
	cat "$dir/said/$2.row"
	exit 0
fi

if [ "${1:-}" = --refresh ]; then
	REFRESH=yes
	shift
fi
build || exit 1
mutants=${*:-$(grep -rhoE 'PLANTED\([0-9]+\)' engine | grep -oE '[0-9]+' | sort -nu)}
export BUILD SEEDS REFRESH
# shellcheck disable=SC2086
printf '%s\n' $mutants | xargs -P "$JOBS" -n 1 "$self" --judge
all=$(wc -w <<<"$mutants")
found=$(find "$dir/said" -name '*.found' | wc -l)
[ -z "$REFRESH" ] || write_table
rm -rf "$dir"
echo "$found passed, $((all - found)) failed"
[ "$found" -eq "$all" ]
