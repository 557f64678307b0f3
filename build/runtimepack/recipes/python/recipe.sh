#!/bin/sh
# The runtime pack of Python: CPython, SQLite, bzip2, xz and zlib from Debian's sources, compiled to one WebAssembly
# module; the standard library beside it. `sh recipe.sh OUTDIR`; recipes/README.md tells what that is given and leaves.
set -eu
# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"

suites=trixie             # one suite on all machines: its Python gets security fixes and nothing else
memory=20971520           # of a runtime without a program, in bytes; the program's blob begins there
stack=8388608             # Python's recursion limit is hit before its end
# shellcheck disable=SC2089,SC2090 # the quotes are for C
sqlite_flags='-DSQLITE_WASI=1 -DSQLITE_THREADSAFE=0 -DSQLITE_OMIT_LOAD_EXTENSION -DSQLITE_DEFAULT_UNIX_VFS="unix-none"
	-DSQLITE_NOHAVE_SYSTEM -DSQLITE_OMIT_POPEN -DSQLITE_ENABLE_COLUMN_METADATA -DSQLITE_ENABLE_FTS5
	-DSQLITE_ENABLE_MATH_FUNCTIONS -DSQLITE_ENABLE_RTREE'
emulations='-D_WASI_EMULATED_SIGNAL -D_WASI_EMULATED_GETPID -D_WASI_EMULATED_PROCESS_CLOCKS'

# archive NAME FLAGS FILE...: a static library of the sources, in $work/lib.
archive() {
	library=$1 flags=$2
	shift 2
	objects=$work/objects/$library
	mkdir -p "$objects" "$work/lib"
	for file; do
		# shellcheck disable=SC2086 # words
		$CC -O2 -ffile-prefix-map="$work"=. $flags -c "$file" -o "$objects/$(basename "$file" .c).o"
	done
	"$AR" rcsD "$work/lib/lib$library.a" "$objects"/*.o
}

build_libraries() {
	mkdir -p "$work/include" "$work/sqlite"
	(cd "$work/zlib" && archive z '' adler32.c compress.c crc32.c deflate.c infback.c inffast.c inflate.c inftrees.c trees.c uncompr.c zutil.c)
	cp "$work/zlib/zlib.h" "$work/zlib/zconf.h" "$work/include"

	(cd "$work/bzip2" && archive bz2 '' blocksort.c bzlib.c compress.c crctable.c decompress.c huffman.c randtable.c)
	cp "$work/bzip2/bzlib.h" "$work/include"

	build_xz
	cp -R "$work/xz-utils/src/liblzma/api/lzma.h" "$work/xz-utils/src/liblzma/api/lzma" "$work/include"

	# Only a Tcl program of SQLite's can join its sources.
	(cd "$work/sqlite" && make -f "$work/sqlite3/main.mk" TOP="$work/sqlite3" BCC="$native" EXE= TCC=false OPTS= sqlite3.c) >"$work/sqlite.log"
	(cd "$work/sqlite" && archive sqlite3 "$sqlite_flags $emulations" sqlite3.c)
	cp "$work/sqlite/sqlite3.h" "$work/include"
}

build_xz() (
	cd "$work/xz-utils/src"
	flags='-DHAVE_STDINT_H -DHAVE_INTTYPES_H -DHAVE_STDBOOL_H -DHAVE__BOOL -DHAVE_VISIBILITY=0 -DNDEBUG -DSIZEOF_SIZE_T=4 -DASSUME_RAM=128
		-DTUKLIB_SYMBOL_PREFIX=lzma_ -DHAVE_ENCODERS -DHAVE_DECODERS -DHAVE_LZIP_DECODER -DHAVE_CHECK_CRC32 -DHAVE_CHECK_CRC64
		-DHAVE_CHECK_SHA256 -DHAVE_MF_HC3 -DHAVE_MF_HC4 -DHAVE_MF_BT2 -DHAVE_MF_BT3 -DHAVE_MF_BT4'
	for filter in LZMA1 LZMA2 DELTA X86 POWERPC IA64 ARM ARMTHUMB ARM64 SPARC RISCV; do
		flags="$flags -DHAVE_ENCODER_$filter -DHAVE_DECODER_$filter"
	done
	for folder in liblzma/api liblzma/common liblzma/check liblzma/lz liblzma/rangecoder liblzma/lzma liblzma/delta liblzma/simple common; do
		flags="$flags -I$folder"
	done
	files=
	for file in liblzma/check/check.c liblzma/check/crc32_fast.c liblzma/check/crc64_fast.c liblzma/check/sha256.c common/tuklib_physmem.c \
		liblzma/common/*.c liblzma/delta/*.c liblzma/lz/*.c liblzma/lzma/*.c liblzma/rangecoder/*.c liblzma/simple/*.c; do
		case $file in *_mt.c | *outqueue.c | *cputhreads.c | *tablegen.c) continue ;; esac
		files="$files $file"
	done
	# shellcheck disable=SC2086 # words
	archive lzma "$flags" $files
)

# Debian's fixes of security holes, and ours. Debian's other patches (*.diff) adapt Python to the distribution.
patch_python() {
	mkdir "$work/debian"
	tar -xf "$source_debian" -C "$work/debian"
	sed -n 's/^\([^# ]*\.patch\).*/\1/p' "$work/debian/debian/patches/series" >"$work/series"
	while read -r name; do
		patch -d "$work/python3.13" -p1 -s <"$work/debian/debian/patches/$name"
	done <"$work/series"
	patch -d "$work/python3.13" -p1 -s <"$recipe/wasi.patch"
	cp "$recipe/wasi_events.py" "$work/python3.13/Lib/asyncio/"
}

# configure KIND ARG...: CPython's configure in a folder of its own, $work/python3.13/KIND.
configure() {
	kind=$1
	shift
	mkdir "$work/python3.13/$kind"
	(cd "$work/python3.13/$kind" && ../configure -q --disable-test-modules --without-ensurepip --prefix=/usr PKG_CONFIG=false "$@") >"$work/$kind.log" 2>&1 || {
		tail -n 30 "$work/$kind.log" >&2
		return 1
	}
}

# The same Python for this machine: it compiles the standard library, and CPython's build for WebAssembly needs it.
build_native() {
	configure native CC="$native" OPT='-O0 -DNDEBUG'
	make -s -C "$work/python3.13/native" -j "$jobs" python >"$work/native.log" 2>&1 || fail native
}

fail() {
	tail -n 30 "$work/$1.log" >&2
	exit 1
}

# What configure cannot find out, as it cannot run programs; and what differs between versions of wasi-libc, so that
# one kind of Python comes out: no loading of libraries, stubs for threads, no absolute sleeps (engines refuse them).
build_wasi() {
	(
		export CONFIG_SITE="$work/python3.13/Tools/wasm/config.site-wasm32-wasi" HOSTRUNNER=false AR RANLIB="$AR s"
		export ac_cv_func_clock_nanosleep=no ac_cv_lib_rt_clock_nanosleep=no ac_cv_func_dlopen=no ac_cv_lib_dl_dlopen=no
		export ac_cv_header_pthread_h=no ac_cv_have_pthread_t=yes ac_cv_sizeof_pthread_t=4 ac_cv_sizeof_pthread_key_t=4
		for library in ZLIB:z BZIP2:bz2 LIBLZMA:lzma LIBSQLITE3:sqlite3; do
			export "${library%:*}_CFLAGS=-I$work/include" "${library%:*}_LIBS=-L$work/lib -l${library#*:}"
		done
		configure wasi CC="$CC" CPP="$CC -E" OPT='-DNDEBUG -O2' CFLAGS="-ffile-prefix-map=$work=." \
			--host=wasm32-wasi --build="$("$work/python3.13/config.guess")" --with-build-python="$work/python3.13/native/python"
	)
	make -s -C "$work/python3.13/wasi" -j "$jobs" libpython3.13.a Modules/_decimal/libmpdec/libmpdec.a Modules/expat/libexpat.a \
		pybuilddir.txt >"$work/wasi.log" 2>&1 || fail wasi
}

link() {
	native_python "$recipe/bootheader.py" "$recipe" "$work/python3.13/Lib" >"$work/include/wpkboot.h"
	# shellcheck disable=SC2086 # words
	(
		cd "$recipe"
		$CC -O2 -std=c11 -Wall -Wextra -Wno-unused-parameter -ffile-prefix-map="$work"=. -DWPK_INITIAL_MEMORY=$memory $emulations \
			-I"$work/python3.13/Include" -I"$work/python3.13/wasi" -I"$work/include" -c main.c -o "$work/main.o"
	)
	wraps=$(sed -n 's/^REAL(\([a-z_]*\),.*/-Wl,--wrap=__wasi_\1/p; s/^READ_ONLY(\([a-z_]*\),.*/-Wl,--wrap=__wasi_\1/p' "$recipe/vfs.h")
	python=$work/python3.13/wasi
	# shellcheck disable=SC2086 # words
	$CC -Wno-unused-command-line-argument -nostartfiles -Wl,-z,stack-size=$stack -Wl,--stack-first -Wl,--initial-memory=$memory -Wl,--strip-all \
		$wraps -o "$out/runtime.wasm" "$work/main.o" "$python/libpython3.13.a" "$python/Modules/_hacl/libHacl_Hash_SHA2.a" \
		"$python/Modules/_decimal/libmpdec/libmpdec.a" "$python/Modules/expat/libexpat.a" -L"$work/lib" -lsqlite3 -llzma -lbz2 -lz \
		-lwasi-emulated-signal -lwasi-emulated-getpid -lwasi-emulated-process-clocks -lm
	chmod 644 "$out/runtime.wasm"
}

# plain FOLDER: python.wasm as CPython's own makefile links it, and the library as files, compiled: what one has without wpk.
plain() {
	make -s -C "$work/python3.13/wasi" -j "$jobs" python.wasm >"$work/plain.log" 2>&1 || fail plain
	mkdir -p "$1/lib"
	cp "$work/python3.13/wasi/python.wasm" "$1"
	cp -R "$work/python3.13/Lib" "$1/lib/python3.13"
	cp "$work/sysconfigdata.py" "$1/lib/python3.13/_sysconfigdata__wasi_wasm32-wasi.py"
	native_python - "$1/lib/python3.13" <<-'end' # compileall wants struct, which this Python lacks
		import os, py_compile, sys
		for folder, _, names in os.walk(sys.argv[1]):
		    for name in names:
		        if name.endswith(".py"):
		            py_compile.compile(os.path.join(folder, name), quiet=2, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
	end
}

native_python() { PYTHONPATH=$recipe PYTHONDONTWRITEBYTECODE=1 PYTHONHASHSEED=0 "$work/python3.13/native/python" "$@"; }

build_library() {
	(cd "$work/tzdata" && zic -b slim -d "$work/zoneinfo" africa antarctica asia australasia europe northamerica southamerica etcetera factory backward)
	# The folders of this build, and the machine's compiler flags, are nobody's business.
	sed "s|$work|/usr/src|g" "$work/python3.13/wasi/$(cat "$work/python3.13/wasi/pybuilddir.txt")/_sysconfigdata__wasi_wasm32-wasi.py" >"$work/sysconfigdata.py"
	builtins=$(sed -n 's/.*{"\([a-zA-Z0-9_]*\)", .*/\1/p' "$work/python3.13/wasi/Modules/config.c")
	# shellcheck disable=SC2086 # words
	native_python "$recipe/library.py" "$work/python3.13/Lib" "$work/sysconfigdata.py" "$work/zoneinfo" "$out/library" $builtins
}

licences() {
	licence cpython "$work/python3.13/LICENSE" "$work/python3.13/Doc/license.rst"
	licence expat "$work/python3.13/Modules/expat/COPYING"
	first_comment mpdecimal "$work/python3.13/Modules/_decimal/libmpdec/mpdecimal.h"
	first_comment hacl "$work/python3.13/Modules/_hacl/Hacl_Hash_SHA2.c"
	licence sqlite "$work/sqlite3/LICENSE.md"
	licence bzip2 "$work/bzip2/LICENSE"
	licence xz "$work/xz-utils/COPYING" "$work/xz-utils/COPYING.0BSD"
	licence zlib "$work/zlib/LICENSE"
	licence tzdata "$work/tzdata/LICENSE"
	for package in wasi-libc "libclang-rt-$clang_major-dev-wasm32"; do
		[ ! -f "/usr/share/doc/$package/copyright" ] || licence "$package" "/usr/share/doc/$package/copyright"
	done
}

# first_comment NAME FILE: the licence is the comment that the file begins with.
first_comment() {
	mkdir "$work/$1-licence"
	sed '/\*\//q' "$2" >"$work/$1-licence/LICENSE"
	licence "$1" "$work/$1-licence/LICENSE"
}

# find_native_cc: sets $native, a compiler for this machine.
find_native_cc() {
	printf '#include <stdio.h>\nint main(void) { return 0; }\n' >"$work/native.c"
	for native in "${clang%% *}" cc gcc; do
		"$native" -o "$work/native.out" "$work/native.c" >/dev/null 2>&1 && return
	done
	missing tool cc 'compiles the Python that compiles the library (with the C library: libc6-dev)'
}

recipe_begin "$1"
need make 'runs the makefiles of CPython and SQLite'
need patch "applies Debian's fixes of CPython"
need xz "unpacks Debian's sources"
need tclsh 'makes one file of the sources of SQLite (package tcl)'
need zic 'compiles time zones (part of the C library)'
find_wasi_cc
find_wasi_ar
find_native_cc

for name in bzip2 sqlite3 tzdata xz-utils zlib python3.13; do
	debian_source "$name" $suites
done
fact language python
fact version "${upstream%%+*}"
fact abi 1
fact flag "-O2"
fact flag "sqlite $(echo "$sqlite_flags" | tr -s '\n\t' ' ')"
patch_python

say 'compiling the libraries'
build_libraries &
libraries=$!
say 'compiling CPython for this machine'
build_native
wait "$libraries"
say 'compiling CPython for WebAssembly'
build_wasi
link
build_library
licences
[ -z "${WPK_PLAIN:-}" ] || plain "$WPK_PLAIN"
say "made $out/runtime.wasm"
