#!/bin/sh
# Makes what the tests of consumers run, once for each state of what it is made
# from, into the user's cache, and prints the folder of each:
# `scripts/consumers.sh root programs`, which is also what no argument means.
#
#   root      a Debian with Podman, crun, WasmEdge, containerd, Docker and clients
#   programs  Kubernetes and a client of container runtimes, from Go modules
#
# With -n nothing is made: what is not there is exit status 1. Where it cannot be
# (not Linux, not root, or a root without rights, as in most containers) it says
# so: status 3.
set -eu
export GOTOOLCHAIN=local
cd "$(dirname "$0")"

suite=trixie
# libspdlog: debootstrap does not know that it provides what WasmEdge asks for.
packages=podman,crun,wasmedge,libspdlog1.15,containerd,docker.io,docker-cli,buildah,skopeo,oras
packages=$packages,etcd-server,kubernetes-client,containernetworking-plugins,iptables,conntrack,iproute2
cache=${XDG_CACHE_HOME:-$HOME/.cache}/wpk-dev/consumers
tmp=
trap '[ -z "$tmp" ] || rm -rf --one-file-system "$tmp"' EXIT
trap 'exit 130' INT TERM

make=yes
if [ "${1:-}" = -n ]; then
	make=
	shift
fi
[ $# != 0 ] || set -- root programs
for name in "$@"; do
	case $name in
	root | programs) ;;
	*) echo "usage: $0 [-n] [root] [programs]" >&2; exit 2 ;;
	esac
done

cannot() {
	echo "$0: $*" >&2
	exit 3
}
[ "$(uname -s)" = Linux ] || cannot "container runtimes run on Linux only"
[ "$(id -u)" = 0 ] || cannot "container runtimes need root here, and a Debian in a folder to run in"
unshare --mount true 2>/dev/null || cannot "this root may not mount: CAP_SYS_ADMIN is missing"
groups=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
[ -w "${groups:-/nonexistent}" ] || cannot "there is no cgroup2 that may be written"

# What nobody reads is removed; downloads alone are 250 MB.
make_root() {
	command -v debootstrap >/dev/null || { echo "$0: needs debootstrap: apt-get install debootstrap" >&2; exit 1; }
	debootstrap --variant=minbase --include="$packages" "$suite" "$1" ${MIRROR:+"$MIRROR"} >"$tmp/log" 2>&1 ||
		{ tail "$tmp/log" "$1/debootstrap/debootstrap.log" >&2; exit 1; }
	rm -rf "$1"/var/cache/apt/* "$1"/var/lib/apt/lists/* "$1"/usr/share/doc "$1"/usr/share/man "$1"/usr/share/locale
}

make_programs() {
	mkdir "$1"
	cp -R consumers "$tmp/module"
	version=$(sed -n 's/^[[:space:]]*k8s.io\/kubernetes \(v.*\)/\1/p' consumers/go.mod) # it does not know by itself
	(cd "$tmp/module" && GOFLAGS=-mod=mod GOWORK=off CGO_ENABLED=0 go build -trimpath -buildvcs=false \
		-ldflags="-s -w -X k8s.io/component-base/version.gitVersion=$version" -o "$1/" ./... 2>"$tmp/log") ||
		{ cat "$tmp/log" >&2; exit 1; }
	for part in kube-apiserver kube-controller-manager kube-scheduler kubelet; do
		ln -s kube "$1/$part"
	done
}

# key NAME: of all that it is made from, the lines above that make it included.
key() {
	{
		sed -n "/^make_$1()/,/^}/p" consumers.sh
		case $1 in
		root) echo "$suite $packages" ;;
		programs) find consumers -type f -exec sha256sum {} + | LC_ALL=C sort; go version ;;
		esac
	} | sha256sum | cut -c1-12
}

for name in "$@"; do
	dir=$cache/$name@$(key "$name")
	if [ ! -d "$dir" ]; then
		[ -n "$make" ] || { echo "$0: $dir is not made" >&2; exit 1; }
		echo "making $name of the consumers' tests (once, into $dir)" >&2
		mkdir -p "$cache"
		chmod 0700 "$cache" # nobody else shall see its programs of root
		tmp=$(mktemp -d "$cache/.tmp-XXXXXX")
		"make_$name" "$tmp/made"
		chmod 0755 "$tmp/made"
		rm -rf --one-file-system "$cache/$name"@* # a gigabyte each: only the newest is kept
		mv -T "$tmp/made" "$dir" 2>/dev/null || [ -d "$dir" ] # two runs at once: the first rename wins
		rm -rf --one-file-system "$tmp"
		tmp=
	fi
	echo "$dir"
done
