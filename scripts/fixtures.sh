#!/bin/sh
# Fetches real programs of others into the user's cache, once, and prints the
# folder of each: `scripts/fixtures.sh gojq zlib`; the names are at the end.
# The sources of Go programs come through the module proxy and its checksum
# database; the distribution's packages are checked by apt.
set -eu
export GOTOOLCHAIN=local

here=$(cd "$(dirname "$0")" && pwd)
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

# Lists whose time is over are read as well, as mirrors may lag behind; their
# signatures are checked as always.
# private_apt TYPE[@SUITE] ARG...: apt-get with the machine's own sources and
# keys, as TYPE (deb or deb-src), of another suite if need be, in folders of its
# own: it needs no root and changes nothing on the system.
private_apt() {
	apt=$tmp/$1
	if [ ! -d "$apt" ]; then
		mkdir -p "$apt/sources" "$apt/lists/partial" "$apt/cache/archives/partial" "$apt/get"
		for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources; do
			[ -f "$file" ] || continue
			case $file in
			*.sources) sed "s/^Types:.*/Types: ${1%@*}/" "$file" | in_suite "$1" ;;
			*) sed -n "s/^deb[[:space:]]/${1%@*} /p" "$file" | in_suite "$1" ;;
			esac >"$apt/sources/${file##*/}"
		done
		# A source that cannot be read is no reason to stop: what follows says so.
		private_apt "$1" update || true
	fi
	shift
	(cd "$apt/get" && apt-get -q -o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts="$apt/sources" \
		-o Dir::State="$apt" -o Dir::State::status=/dev/null -o Dir::Cache="$apt/cache" \
		-o Acquire::Check-Valid-Until=false -o APT::Sandbox::User= "$@" >&2)
}

# The one file that people build SQLite from, and its shell.
sqlite() {
	debian_source sqlite3 trixie
	(cd "$tmp/sqlite3" && ./configure --quiet --disable-readline && make -s sqlite3.c shell.c) >/dev/null
	mkdir "$tmp/sqlite"
	mv "$tmp/sqlite3/sqlite3.c" "$tmp/sqlite3/sqlite3.h" "$tmp/sqlite3/shell.c" "$tmp/sqlite"
	keep "$tmp/sqlite" sqlite@1
}

# trixie NAME PLACE [FOLDER]: an upstream source, or a folder of it.
trixie() {
	debian_source "$1" trixie
	keep "$tmp/$1${3:+/$3}" "$2"
}

# The C library of newer toolchains, unpacked: the package would take the place
# of the one that fits the distribution's clang.
wasi_sysroot() {
	private_apt deb@sid download wasi-libc
	dpkg-deb -x "$apt/get"/wasi-libc_*.deb "$tmp/sysroot"
	keep "$tmp/sysroot/usr" wasi-sysroot@1
}

# in_suite TYPE[@SUITE]: of the sources on stdin those that name the machine's
# suite, with the other one in its place.
in_suite() {
	from=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
	case $1 in
	*@"$from" | deb | deb-src) cat ;;
	*) awk -v from="$from" -v to="${1#*@}" '
		BEGIN { FS = "[ \t]+" }
		/^deb/ { for (i = 2; i < NF; i++) if ($i == from) { $i = to; print } next } # one line each
		/^Suites:/ { for (i = 2; i <= NF; i++) if ($i == from) fits = 1; $0 = "Suites: " to }
		{ stanza = stanza $0 "\n" }
		/^$/ { if (fits) printf "%s", stanza; stanza = ""; fits = 0 }
		END { if (fits) printf "%s", stanza }' ;;
	esac
}

# debian_source NAME [SUITE]: the upstream part of a source package, into
# $tmp/NAME.
debian_source() {
	private_apt "deb-src${2:+@$2}" source --download-only --only-source "$1"
	mkdir "$tmp/$1"
	tar -xf "$(find "$apt/get" -name "$1_*.orig.tar.*" ! -name '*.asc')" --strip-components=1 -C "$tmp/$1"
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
# installed. pip checks the wheel against the digests of its two systems. 0.15
# compiles its own library in 11 s of a processor, 0.17 in 125 s.
ziglang() {
	pip=pip3
	command -v pip3 >/dev/null 2>&1 || pip='python3 -m pip'
	cat >"$tmp/requirements.txt" <<-EOF
		ziglang==0.15.2 --hash=sha256:806316453d1ede7174ed3fefb8e5348154629089c3bb5fe812dfd0e172fac130 --hash=sha256:edc0aa60ec964a4cf462d40f68d7de242ddf37fd9a80f2afaee6397059463230
	EOF
	$pip download --quiet --no-deps --only-binary :all: --require-hashes --requirement "$tmp/requirements.txt" --dest "$tmp/wheel" >&2
	python3 -m zipfile -e "$tmp"/wheel/ziglang-*.whl "$tmp/zig"
	chmod +x "$tmp/zig/ziglang/zig"
	keep "$tmp/zig" ziglang@0.15.2
}

# A Rust that makes WASI programs, newer than Debian 12's; see the script.
rust_wasip1() {
	sh "$here/rust-wasip1.sh" "$tmp/rust-wasip1"
	keep "$tmp/rust-wasip1" "$place"
}

# rust_crates NAME MANIFEST: a folder to be cargo's home, in which lie the
# sources of all dependencies that the package's lock file names.
rust_crates() {
	mkdir -p "$tmp/$1/vendor"
	(cd "$tmp" && CARGO_HOME=$tmp/cargo RUSTC=$rust/bin/rustc "$rust/bin/cargo" vendor -q --locked --manifest-path "$2" "$tmp/$1/vendor" >/dev/null)
	printf '[source.crates-io]\nreplace-with = "vendored"\n[source.vendored]\ndirectory = "%s/vendor"\n' "$cache/$place" >"$tmp/$1/config.toml"
	rm -rf "$cache/$1"@*
	keep "$tmp/$1" "$place"
}

# rust_program NAME VERSION: a published program with its dependencies.
# It is fetched as what it is not, a dependency, which is how cargo checks it.
rust_program() {
	mkdir -p "$tmp/get/src" "$tmp/$1"
	: >"$tmp/get/src/lib.rs"
	printf '[package]\nname = "get"\nversion = "0.0.0"\n[dependencies]\n%s = "=%s"\n' "$1" "$2" >"$tmp/get/Cargo.toml"
	(cd "$tmp/get" && CARGO_HOME=$tmp/cargo RUSTC=$rust/bin/rustc "$rust/bin/cargo" vendor -q vendor >/dev/null)
	mv "$tmp/get/vendor/$1" "$tmp/$1/src"
	rm "$tmp/$1/src/.cargo-checksum.json"
	rust_crates "$1" "$tmp/$1/src/Cargo.toml"
}

logsum=$here/../testdata/rust-app
rust=

for name in "$@"; do
	case $name in
	gojq) place=gojq@v0.12.19 get='go_module gojq github.com/itchyny/gojq@v0.12.19' ;;
	yq) place=yq@v4.54.1 get='go_module yq github.com/mikefarah/yq/v4@v4.54.1' ;;
	sqlite3) place=sqlite3@v1.14.22 get='go_module sqlite3 github.com/mattn/go-sqlite3@v1.14.22' ;;
	ziglang) place=ziglang@0.15.2 get=ziglang ;;
	zlib) place=zlib@2 get=zlib ;; # 2: count up when what is done to it changes
	sqlite) place=sqlite@1 get=sqlite ;;
	xz) place=xz@1 get='trixie xz-utils xz@1' ;;
	expat) place=expat@1 get='trixie expat expat@1 expat' ;;
	tinyxml2) place=tinyxml2@1 get='trixie tinyxml2 tinyxml2@1' ;;
	lua) place=lua@1 get='trixie lua5.4 lua@1' ;;
	wasi-sysroot) place=wasi-sysroot@1 get=wasi_sysroot ;;
	rust-wasip1) place=rust-wasip1@1 get=rust_wasip1 ;;
	rust-app) place=rust-app@$(cksum <"$logsum/Cargo.lock" | cut -d ' ' -f 1) get="rust_crates rust-app $logsum/Cargo.toml" ;;
	hexyl) place=hexyl@0.16.0 get='rust_program hexyl 0.16.0' ;;
	docker-registry) place=docker-registry get='debian_program docker-registry' ;;
	*)
		echo "usage: $0 NAME...: see the names in this list" >&2
		exit 2
		;;
	esac
	if [ ! -d "$cache/$place" ]; then
		echo "fetching $name (once, into $cache/$place)" >&2
		$get
	fi
	[ "$name" != rust-wasip1 ] || rust=$cache/$place
	echo "$cache/$place"
done
