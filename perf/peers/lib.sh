# lib.sh - what the scripts of the peers have in common. Sourced by each after it has set `name`.
#
# A script defines install, start PORT CPUS MODE, and calls `main "$@"`. start ends with `run`, then `tell`. One that
# can keep what it is sent on a disk sets `durable=yes`, and has a folder for it by `disk_folder PORT`.
set -eu
cache=${XDG_CACHE_HOME:-$HOME/.cache}/uproar-peers
here=$(cd "$(dirname "$0")" && pwd)
state=$cache/run
debs=$cache/deb/root
disk=${PEERS_DISK:-/var/tmp/uproar-peers} # where data lies: a real disk, and open to other users

usage() {
	echo "usage: $0 install | start PORT CPUS [broadcast|echo|durable] | stop [PORT]" >&2
	exit 64
}

fail() {
	echo "$name: $*" >&2
	exit 1
}

# Debian's packages with what they need and this machine lacks, unpacked beside each other: nothing is installed into
# the system, and no service starts.
deb_install() {
	local archives=$cache/deb/archives
	mkdir -p "$archives/partial" "$debs"
	nice -n 10 apt-get install -y -q --download-only --reinstall -o Debug::NoLocking=1 \
		-o Dir::Cache::archives="$archives" "$@" >"$cache/deb.log" 2>&1 ||
		fail "apt-get could not fetch $* (run apt-get update?); see $cache/deb.log"
	local file
	for file in "$archives"/*.deb; do
		dpkg -x "$file" "$debs"
	done
}

deb_library_path() {
	echo "$debs/usr/lib/$(gcc -print-multiarch):$debs/lib/$(gcc -print-multiarch)"
}

npm_install() {
	local folder=$1
	shift
	mkdir -p "$folder"
	(cd "$folder" && nice -n 10 npm install --no-audit --no-fund --prefix "$folder" "$@") >"$cache/$name.log" 2>&1 ||
		fail "npm could not install $*; see $cache/$name.log: $(grep -m1 -E 'Could not|ssh:|E4[0-9][0-9]' "$cache/$name.log")"
}

# disk_folder PORT: a new one for this server's data, gone when it is stopped. Sets data. In memory, an fsync is none.
disk_folder() {
	data=$disk/$name-$1
	rm -rf "$data"
	mkdir -p "$data"
	case $(stat -f -c %T "$data") in
	tmpfs | ramfs | overlayfs) fail "$disk is on no disk of its own ($(stat -f -c %T "$data")): name one in PEERS_DISK" ;;
	esac
}

# When the process began, so that a number the kernel gave away again is not taken for ours.
born() {
	sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20
}

listens() {
	(: <"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# run PORT CPUS COMMAND...: in the background, on these CPUs only, with all descriptors it may have. Sets pid.
run() {
	local port=$1 cpus=$2 log=$state/$name-$1.log tries=0
	shift 2
	mkdir -p "$state"
	! listens "$port" || fail "something listens on port $port already"
	ulimit -n "$(ulimit -Hn)"
	setsid taskset -c "$cpus" "$@" </dev/null >"$log" 2>&1 &
	pid=$!
	echo "$pid $(born "$pid")" >"$state/$name-$port.pid"
	until listens "$port"; do
		tries=$((tries + 1))
		kill -0 "$pid" 2>/dev/null || fail "ended at once: $(tail -n 3 "$log")"
		[ "$tries" -lt 200 ] || fail "does not listen on port $port after 10 s; see $log"
		sleep 0.05
	done
}

# tell URL DIALECT [PUBLISH_URL [PUBLISH_DIALECT]]: what the driver reads. The pid is of what does the work.
tell() {
	echo "pid=$pid"
	echo "url=$1"
	echo "dialect=$2"
	[ -z "${3-}" ] || echo "publish_url=$3"
	[ -z "${4-}" ] || echo "publish_dialect=$4"
	echo "version=$(version)"
}

stop_one() {
	local pid when tries=0
	read -r pid when <"$1" || true
	if [ -n "$when" ] && [ "$(born "$pid")" = "$when" ]; then
		kill "$pid" 2>/dev/null || true
		while [ "$(born "$pid")" = "$when" ]; do
			tries=$((tries + 1))
			[ "$tries" -ne 100 ] || kill -KILL "$pid" 2>/dev/null || true
			[ "$tries" -lt 200 ] || fail "process $pid does not end"
			sleep 0.05
		done
	fi
	rm -f "$1"
	rm -rf "${disk:?}/$(basename "$1" .pid)"
}

stop() {
	local file
	for file in "$state/$name-"${1:-*}.pid; do
		[ ! -f "$file" ] || stop_one "$file"
	done
}

main() {
	case ${1-} in
	install) install ;;
	start)
		[ $# -ge 3 ] || usage
		case ${4-broadcast} in
		broadcast | echo) ;;
		durable) [ -n "${durable-}" ] || fail 'keeps nothing on a disk' ;;
		*) usage ;;
		esac
		start "$2" "$3" "${4-broadcast}"
		;;
	stop) stop "${2-}" ;;
	*) usage ;;
	esac
}
