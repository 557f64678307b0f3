#!/bin/sh
# Installs the Debian or Ubuntu packages that a job of this project needs and
# that this machine lacks: `scripts/setup.sh demo|test|lint|bench`.
# Nothing is installed, updated or asked when all of it is there.
set -eu

job=${1:-}
versions='-23 -22 -21 -20 -19 -18 -17 -16 -15 -14' # of clang, the newest first
missing=   # packages
why=       # what each of them is for, for people on other systems

has() { command -v "$1" >/dev/null 2>&1; }

need() { # need COMMAND PACKAGE...: the packages when there is no such command
	has "$1" || lack "$@"
}

lack() {
	why="$why
  $1"
	shift
	missing="$missing $*"
}

# A compiler counts when it links a program for WASI: Debian's clang is one
# package, its linker, libc and compiler-rt for wasm32 are three others.
links_wasi() {
	echo 'int main(void){return 0;}' | "$1" --target=wasm32-wasi -x c - -o "$tmp/a.wasm" >/dev/null 2>&1
}

has_wasi_cc() {
	[ -x "${WASI_SDK_PATH:-/nonexistent}/bin/clang" ] && return
	tmp=$(mktemp -d)
	trap 'rm -rf "$tmp"' EXIT
	for version in '' $versions; do
		has "clang$version" && links_wasi "clang$version" && return
	done
	has zig
}

# A Rust counts when it has the standard library for WASI. Each rustc on PATH is
# asked: rustup's, without that library, often stands before the distribution's.
has_rust() {
	(
		IFS=:
		for dir in $PATH; do
			for target in wasm32-wasip1 wasm32-wasi; do
				[ -x "$dir/rustc" ] || continue
				lib=$("$dir/rustc" --print target-libdir --target "$target" 2>/dev/null) || continue
				for std in "$lib"/libstd-*.rlib; do
					[ ! -e "$std" ] || exit 0
				done
			done
		done
		exit 1
	)
}

# The C++ library for the first C compiler that counts.
has_wasi_cxx() {
	(
		tmp=$(mktemp -d)
		trap 'rm -rf "$tmp"' EXIT
		for version in '' $versions; do
			has "clang$version" || continue
			links_wasi "clang$version" || continue
			printf '#include <string>\nint main() { return std::string("").size(); }\n' >"$tmp/a.cc"
			"clang$version" --target=wasm32-wasi --driver-mode=g++ -fno-exceptions "$tmp/a.cc" -o "$tmp/a.wasm" >/dev/null 2>&1
			exit
		done
		exit 1
	)
}

has_llvm_ar() {
	for version in '' $versions; do
		has "llvm-ar$version" && return
	done
	return 1
}

# smoke runs a module under these; the host's own CPU needs no emulator.
needs_qemu() {
	for arch in x86_64 aarch64 riscv64 s390x ppc64le arm i386; do
		[ "$arch" = "$(uname -m)" ] && continue
		case $arch-$(uname -m) in ppc64le-ppc64le | i386-i686 | arm-armv*) continue ;; esac
		has "qemu-$arch" || has "qemu-$arch-static" || return 0
	done
	return 1
}

demo() {
	has_wasi_cc || lack 'a C compiler for WASI (clang, lld, wasi-libc, compiler-rt)' @wasi
	# qemu-user, not qemu-user-static: a fifth of its size, and it leaves the
	# machine's binary formats alone.
	! needs_qemu || lack 'user-mode emulators (qemu-aarch64, qemu-riscv64, …)' qemu-user
}

# runtimes.sh makes the runtime packs with these.
runtimes() {
	need gcc gcc libc6-dev # compiles the Python that compiles Python's library; go test -race
	has_llvm_ar || lack 'llvm-ar, which makes the libraries of C projects' @llvm
	need make make
	need patch patch
	need tclsh tcl # makes SQLite's one file
	need xz xz-utils
	need bzip2 bzip2
}

case $job in
demo)
	demo
	runtimes
	;;
test)
	demo
	runtimes
	need cmake cmake
	need ninja ninja-build
	need meson meson
	need autoreconf autoconf automake libtool
	need libtoolize libtool
	has_wasi_cxx || lack 'the C++ library for WASI (libc++)' @cxx
	has_rust || lack 'Rust with its standard library for WASI' rustc cargo libstd-rust-dev-wasm32 lld
	need skopeo skopeo
	[ "$(uname -s)" != Linux ] || need strace strace # who a program connects to
	need wasm-opt binaryen
	need pip3 python3 python3-pip # Zig comes as a package of Python's
	need npm nodejs npm # jco and other compilers that npm has
	# Only root has container runtimes to run, on a Debian of its own.
	[ "$(id -u)" != 0 ] || need debootstrap debootstrap debian-archive-keyring
	;;
lint) need shellcheck shellcheck ;;
bench)
	demo
	need hyperfine hyperfine
	;;
*)
	echo "usage: $0 demo|test|lint|bench" >&2
	exit 2
	;;
esac
[ -n "$missing" ] || exit 0

if ! has apt-get; then
	echo "$0: 'make $job' needs these, and there is no apt to install them with:$why" >&2
	exit 1
fi

exists() { LC_ALL=C apt-cache policy "$1" 2>/dev/null | grep -q 'Candidate: [^(]'; }

# All of LLVM must be of one version, else nothing links: the distribution's
# default when it comes with a runtime for wasm32, otherwise its newest one.
llvm_suffix() {
	exists libclang-rt-dev-wasm32 && return
	for version in $versions; do
		exists "libclang-rt$version-dev-wasm32" && exists "lld$version" && echo "$version" && return
	done
}

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }
can_install() { [ "$(id -u)" = 0 ] || has sudo; }

# The lists first: which packages there are decides what is asked for.
if can_install; then
	echo "$0: reading the package lists (apt-get update)" >&2
	as_root apt-get update -q >&2 || echo "$0: apt-get update failed; going on with the lists that are here" >&2
fi
llvm=$(llvm_suffix) || true
packages=
for package in $missing; do
	case $package in
	@wasi) packages="$packages clang$llvm lld$llvm libclang-rt$llvm-dev-wasm32 wasi-libc" ;;
	@llvm) packages="$packages llvm$llvm" ;;
	@cxx) packages="$packages libc++$llvm-dev-wasm32" ;; # it depends on libc++abi
	*) packages="$packages $package" ;;
	esac
done

echo "$0: 'make $job' needs these packages, which are not installed:$packages" >&2
if ! can_install; then
	echo "$0: this user is not root and there is no sudo. Ask an administrator for: apt-get install --no-install-recommends$packages" >&2
	exit 1
fi
# shellcheck disable=SC2086 # a list of package names
as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $packages >&2
