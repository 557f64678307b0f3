#!/bin/sh
# Makes a newer Rust with WASI than Debian 12 has: `scripts/rust-wasip1.sh FOLDER`
# leaves FOLDER/bin/rustc, cargo and a linker. The compiler is the one that
# Debian keeps up for its browsers (rustc-web), unpacked and not installed, since
# it would replace the distribution's rustc. No package has its standard library
# for WASI, so that is built from rust-web-src, as rustup's is.
# On a distribution whose own Rust knows wasm32-wasip1, FOLDER/bin leads there.
set -eu

mkdir -p "$1/bin"
out=$(cd "$1" && pwd)

for std in "$(/usr/bin/rustc --print target-libdir --target wasm32-wasip1 2>/dev/null)"/libstd-*.rlib; do
	[ -e "$std" ] || continue
	ln -s /usr/bin/rustc /usr/bin/cargo "$out/bin/"
	exit
done

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM

# apt with the machine's own sources and keys, and with one of Debian's suites
# more, in folders of its own.
suite() { # suite NAME: where the C library for WASI is new enough
	mkdir -p "$tmp/apt/lists/partial" "$tmp/apt/cache/archives/partial" "$tmp/apt/sources"
	echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian $1 main" >"$tmp/apt/sources/$1.list"
	private update
}
private() {
	apt-get -q -o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts="$tmp/apt/sources" -o Dir::State="$tmp/apt" \
		-o Dir::State::status=/dev/null -o Dir::Cache="$tmp/apt/cache" -o Acquire::Check-Valid-Until=false -o APT::Sandbox::User= "$@" >&2
}

mkdir "$tmp/debs" "$tmp/root"
cd "$tmp/debs"
version=$(apt-cache show rustc-web | sed -n 's/^Version: //p' | head -n 1)
short=${version%%+*} short=${short%.*}
llvm=$(apt-cache show rust-web-llvm | sed -n 's/^Depends:.*llvm-\([0-9]*\).*/\1/p' | head -n 1)
apt-get -q -o Acquire::Check-Valid-Until=false -o APT::Sandbox::User= download "rustc-web=$version" "cargo-web=$version" "rust-web-src=$version" \
	"libstd-rust-web-dev=$version" "libstd-rust-web-$short=$version" "lld-$llvm" "libllvm$llvm" >&2
suite sid
private download wasi-libc

for deb in *.deb; do
	case $deb in
	rust-web-src*) dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$tmp/root" --wildcards '*/library' ;;
	*) dpkg-deb -x "$deb" "$tmp/root" ;;
	esac
done
mkdir -p "$out/libexec"
for program in rustc cargo "wasm-ld-$llvm"; do
	mv -f "$(readlink -f "$tmp/root/usr/bin/$program")" "$out/libexec/$program"
	# A program without a path in it to its libraries, so they are named.
	cat >"$out/bin/$program" <<-END
		#!/bin/sh
		root=\${0%/bin/*}
		export LD_LIBRARY_PATH="\$root/lib/$(uname -m)-linux-gnu\${LD_LIBRARY_PATH:+:\$LD_LIBRARY_PATH}"
		exec "\$root/libexec/$program" "\$@"
	END
	chmod 755 "$out/bin/$program"
done
mv "$tmp/root/usr/lib" "$out/lib"

# The standard library, by an empty package that wants it built.
source=$(echo "$tmp"/root/usr/src/rustc-*)
rm -f "$out/lib/rustlib/src/rust"
mkdir -p "$out/lib/rustlib/src" "$tmp/std/src"
ln -s "$source" "$out/lib/rustlib/src/rust"
cd "$tmp/std"
printf '[package]\nname = "std-for-wasi"\nversion = "0.0.0"\n' >Cargo.toml
: >src/lib.rs
commit=$("$out/bin/rustc" -vV | sed -n 's/^commit-hash: //p')
env PATH="$out/bin:$PATH" RUSTC="$out/bin/rustc" CARGO_HOME="$tmp/cargo" RUSTC_BOOTSTRAP=1 \
	RUSTFLAGS="-Cembed-bitcode=yes --remap-path-prefix=$source=/rustc/$commit --remap-path-prefix=$out/lib/rustlib/src/rust=/rustc/$commit" \
	"$out/bin/cargo" build --offline --release --target wasm32-wasip1 -Zbuild-std=std,panic_abort \
	--config 'source.crates-io.replace-with="vendor"' --config "source.vendor.directory=\"$source/library/vendor\"" >&2
lib=$out/lib/rustlib/wasm32-wasip1/lib
mkdir -p "$lib/self-contained"
for rlib in target/wasm32-wasip1/release/deps/*.rlib; do
	case $rlib in */libstd_for_wasi-*) ;; *) cp "$rlib" "$lib/" ;; esac
done
for file in crt1-command.o crt1-reactor.o libc.a; do
	cp "$out/lib/wasm32-wasi/$file" "$lib/self-contained/"
done
rm -rf "$out/lib/wasm32-wasi"* "$out/lib/rustlib/src" "$out/lib/llvm-$llvm"
