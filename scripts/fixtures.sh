#!/bin/sh
# Fetches real programs of others into the user's cache, once, and prints the
# folder of each: `scripts/fixtures.sh gojq yq sqlite3 ziglang zlib docker-registry`.
# The sources of Go programs come through the module proxy and its checksum
# database; the distribution's packages are checked by apt.
set -eu
export GOTOOLCHAIN=local

cache=${XDG_CACHE_HOME:-$HOME/.cache}/wpk-dev/fixtures
mkdir -p "$cache"
tmp=$(mktemp -d "$cache/.tmp-XXXXXX")
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM

# keep SOURCE NAME: into its place in one step; another run may have been first.
keep() {
	chmod -R u+w "$1"
	mv -T "$1" "$cache/$2" 2>/dev/null || [ -d "$cache/$2" ]
}

# go_module NAME MODULE@VERSION: a writable copy, as a person's clone would be.
go_module() {
	json=$(cd "$tmp" && GOFLAGS='' GOWORK=off go mod download -json "$2") || {
		printf '%s\n' "$json" >&2
		return 1
	}
	cp -r "$(printf '%s\n' "$json" | sed -n 's/^[[:space:]]*"Dir": "\(.*\)",$/\1/p')" "$tmp/$1"
	keep "$tmp/$1" "$1@${2##*@}"
}

# private_apt TYPE ARG...: apt-get with the machine's own sources and keys, as
# TYPE (deb or deb-src), in folders of its own: it needs no root and changes
# nothing on the system.
private_apt() {
	apt=$tmp/$1
	if [ ! -d "$apt" ]; then
		mkdir -p "$apt/sources" "$apt/lists/partial" "$apt/cache/archives/partial" "$apt/get"
		for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources; do
			[ -f "$file" ] || continue
			case $file in
			*.sources) sed "s/^Types:.*/Types: $1/" "$file" ;;
			*) sed -n "s/^deb[[:space:]]/$1 /p" "$file" ;;
			esac >"$apt/sources/${file##*/}"
		done
		# A source that cannot be read is no reason to stop: what follows says so.
		private_apt "$1" update || true
	fi
	shift
	(cd "$apt/get" && apt-get -q -o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts="$apt/sources" \
		-o Dir::State="$apt" -o Dir::State::status=/dev/null -o Dir::Cache="$apt/cache" \
		-o APT::Sandbox::User= "$@" >&2)
}

# debian_source NAME: the upstream part of a source package, into $tmp/NAME.
debian_source() {
	private_apt deb-src source --download-only --only-source "$1"
	mkdir "$tmp/$1"
	tar -xf "$apt/get/$1"_*.orig.tar.* --strip-components=1 -C "$tmp/$1"
}

# zlib's CMakeLists.txt names a Windows resource on every system; the package
# leaves the folder win32 out.
zlib() {
	debian_source zlib
	mkdir -p "$tmp/zlib/win32"
	[ -f "$tmp/zlib/win32/zlib1.rc" ] || : >"$tmp/zlib/win32/zlib1.rc"
	keep "$tmp/zlib" zlib@2
}

# debian_program NAME: a package unpacked, not installed: docker-registry would
# start a service on this machine.
debian_program() {
	private_apt deb download "$1"
	dpkg-deb -x "$apt/get/$1"_*.deb "$tmp/$1"
	keep "$tmp/$1" "$1"
}

# ziglang: the compiler Zig out of Python's package of it, unpacked, not
# installed. pip checks the wheel against the digests of its two systems.
ziglang() {
	pip=pip3
	command -v pip3 >/dev/null 2>&1 || pip='python3 -m pip'
	cat >"$tmp/requirements.txt" <<-EOF
		ziglang==0.17.1 --hash=sha256:ea6cc5d87b033cf0aedfbc8f9549a908cae6c50ac31f1698188fa48a74524b54 --hash=sha256:b7c5f02fccd40f89b999ee16a1f5ddced56e6182370f8affe494bcf8a28cf07e
	EOF
	$pip download --quiet --no-deps --only-binary :all: --require-hashes --requirement "$tmp/requirements.txt" --dest "$tmp/wheel" >&2
	python3 -m zipfile -e "$tmp"/wheel/ziglang-*.whl "$tmp/zig"
	chmod +x "$tmp/zig/ziglang/zig"
	keep "$tmp/zig" ziglang@0.17.1
}

for name in "$@"; do
	case $name in
	gojq) place=gojq@v0.12.19 get='go_module gojq github.com/itchyny/gojq@v0.12.19' ;;
	yq) place=yq@v4.54.1 get='go_module yq github.com/mikefarah/yq/v4@v4.54.1' ;;
	sqlite3) place=sqlite3@v1.14.22 get='go_module sqlite3 github.com/mattn/go-sqlite3@v1.14.22' ;;
	ziglang) place=ziglang@0.17.1 get=ziglang ;;
	zlib) place=zlib@2 get=zlib ;; # 2: count up when what is done to it changes
	docker-registry) place=docker-registry get='debian_program docker-registry' ;;
	*)
		echo "usage: $0 gojq|yq|sqlite3|ziglang|zlib|docker-registry ..." >&2
		exit 2
		;;
	esac
	if [ ! -d "$cache/$place" ]; then
		echo "fetching $name (once, into $cache/$place)" >&2
		$get
	fi
	echo "$cache/$place"
done
