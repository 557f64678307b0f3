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

# sources NAME LINE...: package lists in a folder of its own, $tmp/NAME. Whether
# the machine's own sources name the security suite, where new compilers come,
# makes no difference then.
sources() {
	apt=$tmp/$1
	shift
	mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$apt/sources"
	for line; do
		echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/$line main"
	done >"$apt/sources/debian.list"
	private apt-get update >&2
}
private() {
	command=$1
	shift
	"$command" -q -o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts="$apt/sources" -o Dir::State="$apt" \
		-o Dir::State::status=/dev/null -o Dir::Cache="$apt/cache" -o Acquire::Check-Valid-Until=false -o APT::Sandbox::User= "$@"
}

mkdir "$tmp/debs" "$tmp/root"
cd "$tmp/debs"
suite=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
sources machine "debian $suite" "debian-security $suite-security"
version=$(private apt-cache show rustc-web | sed -n 's/^Version: //p' | head -n 1)
short=${version%%+*} short=${short%.*}
llvm=$(private apt-cache show rust-web-llvm | sed -n 's/^Depends:.*llvm-\([0-9]*\).*/\1/p' | head -n 1)
private apt-get download "rustc-web=$version" "cargo-web=$version" "rust-web-src=$version" \
	"libstd-rust-web-dev=$version" "libstd-rust-web-$short=$version" "lld-$llvm" "libllvm$llvm" >&2
sources sid 'debian sid' # where the C library for WASI is new enough
private apt-get download wasi-libc >&2

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
