#!/bin/sh
# Builds wasm-tools into the user's cache, once, and prints the folder that it
# is in: `scripts/wasm-tools.sh`. It takes the first Rust that is new enough, of
# scripts/fixtures.sh or on PATH; without one it says so and ends with 3.
# Only the part that makes components is built, and without optimization: that
# takes half the time, and a test's modules are small.
set -eu

version=1.244.0 # the same code as in the jco of internal/wpktest/npm
needs=81        # Rust 1.81 or newer

home=${XDG_CACHE_HOME:-$HOME/.cache}/wpk-dev
cache=$home/bin
dir=$cache/wasm-tools@$version
tmp=
trap '[ -z "$tmp" ] || rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM

if [ -x "$dir/wasm-tools" ]; then
	echo "$dir"
	exit
fi

# A cargo without a toolchain, as rustup's can be, has no answer.
bin=$(
	IFS=:
	for folder in "$home"/fixtures/rust-wasip1@*/bin $PATH; do
		if [ ! -x "$folder/cargo" ] || [ ! -x "$folder/rustc" ]; then continue; fi
		minor=$("$folder/rustc" --version 2>/dev/null | sed -n 's/^rustc 1\.\([0-9]*\)\..*/\1/p')
		[ "${minor:-0}" -lt $needs ] || { echo "$folder" && break; }
	done
)
if [ -z "$bin" ]; then
	echo "$0: wasm-tools $version needs Rust 1.$needs, and no newer one is on PATH" >&2
	exit 3
fi

echo "building wasm-tools $version with $bin/cargo (once, into $dir)" >&2
mkdir -p "$cache"
tmp=$(mktemp -d "$cache/.tmp-XXXXXX")
if ! CARGO_TARGET_DIR=$tmp/target RUSTC=$bin/rustc CARGO_PROFILE_RELEASE_OPT_LEVEL=0 CARGO_PROFILE_RELEASE_STRIP=true \
	"$bin/cargo" install wasm-tools --version "$version" --locked --quiet --no-default-features --features component \
	--root "$tmp/root" --no-track >"$tmp/log" 2>&1; then
	cat "$tmp/log" >&2
	echo "$0: cargo could not fetch or build wasm-tools $version; the reason is above" >&2
	exit 1
fi
mv -T "$tmp/root/bin" "$dir" 2>/dev/null || true # two runs at once: the first rename wins
echo "$dir"
