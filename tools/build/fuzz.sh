#!/usr/bin/env bash
# fuzz.sh SECONDS [TARGET...] - runs every fuzz target (or those named) for so long and prints a table of what came of it.
# fuzz.sh --replay [TARGET...] - runs the corpora and regressions once, with build/replay_TARGET: no fuzzer is needed.
# fuzz.sh --merge FOLDER [TARGET...] - of FOLDER/TARGET what reaches edges that the corpus in the tree does not, and of
# that the least.
#
# The targets are in BUILD (build). What was found new is in WORK/fuzz-work/TARGET (WORK: BUILD), what failed in
# WORK/fuzz-found. Every run adds a line to WORK/fuzz-work/runs: target, executions, seconds, edges, features, findings,
# BUILD.
set -u
cd "$(dirname "$0")/../.." || exit 1
BUILD=${BUILD:-build}
WORK=${WORK:-$BUILD}
passed=0
failed=0

targets() {
	if [ $# -gt 0 ]; then
		printf '%s\n' "$@"
	else
		find tests/fuzz -name 'fuzz_*.c' | sed -e 's,.*/fuzz_,,' -e 's,\.c$,,' | sort
	fi
}

# The longest input that says anything new.
longest() {
	case $1 in
	ws_header) echo 32 ;;
	ws_close | ws_mask | http_cookie | utf8 | url | room_class) echo 300 ;;
	http_head) echo 9000 ;;
	moderation | options | scenario | api_keys | bans | deflate | ws_extension) echo 400 ;;
	api) echo 150 ;;
	session) echo 120 ;;
	cli | ws_assembly | ws_handshake) echo 600 ;;
	keys) echo 1000 ;;
	engine) echo 400 ;;
	*) echo 2000 ;;
	esac
}

replay() {
	local target folder what
	for target in $(targets "$@"); do
		what=
		for folder in tests/fuzz/corpus tests/fuzz/regress; do
			[ -d "$folder/$target" ] && what="$what $folder/$target"
		done
		if [ -z "$what" ]; then
			echo "FAIL $target: it has no corpus"
			failed=$((failed + 1))
			continue
		fi
		# shellcheck disable=SC2086
		if timeout 250 "$BUILD/replay_$target" $what >"$BUILD/replay_$target.log" 2>&1; then
			passed=$((passed + $(sed -n 's/^\([0-9]*\) passed.*/\1/p' "$BUILD/replay_$target.log")))
		else
			failed=$((failed + 1))
			echo "FAIL $target: by this input, if it is one alone:"
			# shellcheck disable=SC2086
			FUZZ_TRACE=1 timeout 250 "$BUILD/replay_$target" $what 2>&1 | grep -aE '^tests/fuzz/' | tail -n 1
			tail -n 20 "$BUILD/replay_$target.log"
		fi
	done
	echo "$passed passed, $failed failed"
}

number() { sed -n "s/^stat::$1: *//p" "$2" | tail -n 1; }

# What else the fuzzer is to know: where inputs touch many edges, or one costs little, weighing them by how rare they are
# costs more than it gives; so does looking, with each, whether it could stand for a longer one.
ways() {
	case $1 in
	session | engine | api | cli | report | deflate | ws_handshake | ws_header) echo -entropic=0 -reduce_inputs=0 ;;
	esac
}

# One target for so many seconds: its line of the table.
run() {
	local target=$1 seconds=$2 work=$WORK/fuzz-work/$1 found=$WORK/fuzz-found/$1 log=$WORK/fuzz-work/$1.log
	local what=$work dictionary='' start=$SECONDS findings count cov ft
	mkdir -p "$work" "$found"
	for folder in tests/fuzz/corpus tests/fuzz/regress; do
		[ -d "$folder/$target" ] && what="$what $folder/$target"
	done
	[ -f "tests/fuzz/dict/$target.dict" ] && dictionary=-dict=tests/fuzz/dict/$target.dict
	# shellcheck disable=SC2086
	timeout -k 10 $((seconds + 300)) "$BUILD/fuzz_$target" -max_total_time="$seconds" -max_len="$(longest "$target")" \
		-rss_limit_mb=2048 -timeout=20 -artifact_prefix="$found/" -print_final_stats=1 -close_fd_mask=1 \
		-reload=0 $(ways "$target") $dictionary $what >"$log" 2>&1
	local status=$?
	findings=$(grep -caE '^==[0-9]+== *ERROR|^SUMMARY: .*Sanitizer|SUMMARY: libFuzzer' "$log")
	[ "$findings" -gt 1 ] && findings=1
	count=$(number number_of_executed_units "$log")
	cov=$(grep -aoE 'cov: [0-9]+' "$log" | tail -n 1 | tr -dc 0-9)
	ft=$(grep -aoE 'ft: [0-9]+' "$log" | tail -n 1 | tr -dc 0-9)
	printf '%s %s %s %s %s %s %s\n' "$target" "${count:-0}" $((SECONDS - start)) "${cov:-0}" "${ft:-0}" "$findings" \
		"$BUILD" >>"$WORK/fuzz-work/runs"
	printf '%-14s %14s %10s %7s %8s %9s\n' "$target" "${count:-0}" \
		$((${count:-0} / (SECONDS - start > 0 ? SECONDS - start : 1))) "${cov:-0}" "${ft:-0}" "$findings"
	if [ "$status" -eq 0 ]; then
		passed=$((passed + 1))
		return
	fi
	failed=$((failed + 1))
	grep -aE 'ERROR|SUMMARY|runtime error|broken:|Test unit written' "$log" | sed 's/^/        /' | head -n 8
}

case ${1-} in
--replay)
	shift
	replay "$@"
	;;
--merge)
	from=$2
	shift 2
	for target in $(targets "$@"); do
		[ -d "$from/$target" ] || continue
		mkdir -p "tests/fuzz/corpus/$target"
		"$BUILD/fuzz_$target" -set_cover_merge=1 -use_counters=0 -max_len="$(longest "$target")" \
			"tests/fuzz/corpus/$target" "$from/$target" \
			2>&1 | grep -a 'MERGE-OUTER.*new files' && passed=$((passed + 1))
	done
	;;
[0-9]*)
	seconds=$1
	shift
	mkdir -p "$WORK/fuzz-work"
	printf '%-14s %14s %10s %7s %8s %9s\n' target executions 'a second' edges features findings
	for target in $(targets "$@"); do
		run "$target" "$seconds"
	done
	echo "$passed passed, $failed failed"
	;;
*)
	sed -n 's/^# //p' "$0" | head -n 3 >&2
	exit 64
	;;
esac
[ "$failed" -eq 0 ]
