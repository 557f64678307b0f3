#!/bin/sh
# Builds pinned Rust tools into the user's cache, once for each version, and
# prints the folder of each: `scripts/cargo-tools.sh wasm-tools wkg`. It takes
# the first Rust that is new enough, of scripts/fixtures.sh or on PATH; without
# one it says so and ends with 3.
# They are built without optimization: that takes half the time, and what tests
# give them is small.
set -eu

home=${XDG_CACHE_HOME:-$HOME/.cache}/wpk-dev
cache=$home/bin
tmp=
trap '[ -z "$tmp" ] || rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM

# rust MINOR: the folder of a Rust 1.MINOR or newer. A cargo without a
# toolchain, as rustup's can be, has no answer.
rust() {
	(
		IFS=:
		for folder in "$home"/fixtures/rust-wasip1@*/bin $PATH; do
			if [ ! -x "$folder/cargo" ] || [ ! -x "$folder/rustc" ]; then continue; fi
			minor=$("$folder/rustc" --version 2>/dev/null | sed -n 's/^rustc 1\.\([0-9]*\)\..*/\1/p')
			[ "${minor:-0}" -lt "$1" ] || { echo "$folder" && break; }
		done
	)
}

build() { # build NAME VERSION MINOR ARGUMENT...: into $dir
	name=$1 version=$2 needs=$3
	shift 3
	bin=$(rust "$needs")
	if [ -z "$bin" ]; then
		echo "$0: $name $version needs Rust 1.$needs, and no newer one is on PATH" >&2
		exit 3
	fi
	echo "building $name $version with $bin/cargo (once, into $dir)" >&2
	tmp=$(mktemp -d "$cache/.tmp-XXXXXX")
	if ! CARGO_TARGET_DIR=$tmp/target RUSTC=$bin/rustc CARGO_PROFILE_RELEASE_OPT_LEVEL=0 CARGO_PROFILE_RELEASE_STRIP=true \
		"$bin/cargo" install "$name" --version "$version" --locked --quiet "$@" --root "$tmp/root" --no-track >"$tmp/log" 2>&1; then
		cat "$tmp/log" >&2
		echo "$0: cargo could not fetch or build $name $version; the reason is above" >&2
		exit 1
	fi
	mv -T "$tmp/root/bin" "$dir" 2>/dev/null || true # two runs at once: the first rename wins
	rm -rf "$tmp"
	tmp=
}

mkdir -p "$cache"
for tool in "$@"; do
	case $tool in
	# The same code as in the jco of internal/wpktest/npm, and only what makes components.
	wasm-tools) set -- wasm-tools 1.244.0 81 --no-default-features --features component ;;
	wkg) set -- wkg 0.16.1 88 ;;
	*)
		echo "usage: $0 NAME...: wasm-tools, wkg" >&2
		exit 2
		;;
	esac
	dir=$cache/$1@$2
	[ -x "$dir/$1" ] || build "$@"
	echo "$dir"
done
