#!/bin/sh
# deps.sh run|check|fuzz - installs the Debian packages that are missing for `make run`, `check` or `fuzz`, and says so.
set -eu
run='gcc libc6-dev liburing-dev libmimalloc-dev libssl-dev zlib1g-dev libconfig-dev libsqlite3-dev libpq-dev libseccomp-dev libcurl4-openssl-dev libcairo2-dev libjansson-dev'
check="$run libcriterion-dev clang-format libfuse3-dev fuse3 binutils python3"
check="$check openssl curl jq sqlite3 python3-websockets nodejs npm chromium postgresql debootstrap spin nginx-light nftables iproute2 prometheus"
fuzz="$run clang libclang-rt-14-dev llvm afl++"
conformance="$check nginx haproxy"

case ${1-} in
run) wanted=$run ;;
check) wanted=$check ;;
conformance) wanted=$conformance ;;
fuzz) wanted=$fuzz ;;
*)
	echo 'usage: deps.sh run|check|fuzz' >&2
	exit 64
	;;
esac

if ! command -v dpkg-query >/dev/null; then
	echo "deps: not a Debian system; on one, make $1 would install: $wanted" >&2
	exit 0
fi
# Programs that came another way than as a package will do.
provided() {
	case $1 in
	nodejs) command -v node >/dev/null ;;
	npm | python3 | chromium | gcc | clang-format | prometheus | curl | jq | sqlite3) command -v "$1" >/dev/null ;;
	postgresql) ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 ;;
	python3-websockets) python3 -c 'import websockets' 2>/dev/null || /usr/bin/python3 -c 'import websockets' 2>/dev/null ;;
	nginx-light) command -v nginx >/dev/null || [ -x /usr/sbin/nginx ] ;;
	fuse3) [ "$(id -u)" -eq 0 ] || command -v fusermount3 >/dev/null ;; # root mounts without its help
	*) false ;;
	esac
}
# shellcheck disable=SC2086
installed=" $(dpkg-query -W -f '${db:Status-Status} ${Package}\n' $wanted 2>/dev/null | sed -n 's/^installed //p' | tr '\n' ' ')"
missing=
for package in $wanted; do
	case $installed in
	*" $package "*) ;;
	*) provided "$package" || missing="$missing $package" ;;
	esac
done
[ -n "$missing" ] || exit 0

root=
if [ "$(id -u)" -ne 0 ]; then
	if ! command -v sudo >/dev/null; then
		echo "deps: missing packages; as root: apt-get install -y$missing" >&2
		exit 1
	fi
	root=sudo
fi
echo "deps: installing what \`make $1\` needs and is not here:$missing"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
install() {
	# shellcheck disable=SC2086
	$root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y -q --no-install-recommends \
		$missing >"$log" 2>&1
}
# The list of packages is fetched only where it does not have these, or has them too old to be found.
if ! install; then
	echo 'deps: fetching the list of packages first'
	$root apt-get -o DPkg::Lock::Timeout=300 update -q >"$log" 2>&1 || true
	if ! install; then
		tail -n 20 "$log" >&2
		echo "deps: apt-get could not install:$missing" >&2
		exit 1
	fi
fi
