#!/bin/sh
# Makes the JavaScript runtime: QuickJS and the library in lib/ as one WebAssembly module. recipes/README.md tells what
# a recipe is given and what it leaves.
set -eu
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib.sh"

memory=$((4 * 1024 * 1024)) # the initial memory; a program is attached behind it
stack=$((2 * 1024 * 1024))

recipe_begin "$1"
find_wasi_cc
debian_source quickjs trixie sid

version=$(tr - . <"$source_dir/VERSION")
fact language javascript
fact version "$version"
fact abi 1

# QuickJS as it is but for three things: there are no threads, which Atomics would need; the text of a stack goes
# through stack.c; functions of the program point into its source instead of copying it, see engine.c.
sed -e 's/^#define CONFIG_ATOMICS$//' \
	-e '/^static void build_backtrace(/,/^}/s/str = JS_NewString(ctx, (char \*)dbuf.buf);/str = stack_text(ctx, error_obj, (const char *)dbuf.buf);/' \
	-e 's/js_strndup(ctx, (const char \*)\(class_start_ptr\|ptr\),/source_keep(ctx, (const char *)\1,/' \
	-e 's/js_free(ctx, \(ctor_fd\|fd\)->source);/source_drop(ctx->rt, \1->source);/' \
	-e 's/js_free_rt(rt, b->debug.source);/source_drop(rt, b->debug.source);/' \
	"$source_dir/quickjs.c" >"$source_dir/engine_quickjs.c"
if [ "$(grep -c 'stack_text(' "$source_dir/engine_quickjs.c")" != 1 ] || [ "$(grep -c 'source_keep(' "$source_dir/engine_quickjs.c")" != 3 ] ||
	[ "$(grep -c 'source_drop(' "$source_dir/engine_quickjs.c")" != 3 ]; then
	say "this version of QuickJS is not what recipe.sh changes; it has to be adapted"
	exit 1
fi

# The library as bytes for C: each file of lib/ is the module "wpk:NAME".
library() {
	echo 'typedef struct { const char *name; unsigned char *data; unsigned size; } library_file;'
	n=0
	for file in "$recipe"/lib/*.js; do
		echo "static unsigned char library_${n}[] = {"
		od -An -v -tu1 "$file" | sed 's/\([0-9][0-9]*\)/\1,/g'
		echo '0};'
		n=$((n + 1))
	done
	echo 'static const library_file library[] = {'
	n=0
	for file in "$recipe"/lib/*.js; do
		name=${file##*/}
		printf '\t{ "wpk:%s", library_%d, sizeof library_%d - 1 },\n' "${name%.js}" "$n" "$n"
		n=$((n + 1))
	done
	printf '\t{ 0 },\n};\n'
}
library >"$source_dir/library.h"

flags="-O2 -DNDEBUG -D_GNU_SOURCE -DWPK_INITIAL_MEMORY=$memory -DWPK_STACK_SIZE=$stack"
link="-nostartfiles -Wl,--strip-all -Wl,--stack-first -Wl,-z,stack-size=$stack -Wl,--initial-memory=$memory"
for flag in $flags $link; do fact flag "$flag"; done

cp -R "$recipe/src" "$recipe/include" "$recipes/wpkblob.h" "$work"
cd "$work"
compile() { # compile FILE: paths are relative, so that none gets into the module
	# shellcheck disable=SC2086 # lists of words
	$CC $flags "-DCONFIG_VERSION=\"$version\"" -Iinclude -I. -Iquickjs -c -o "$(basename "$1").o" "$1"
}
say 'compiling QuickJS'
for file in src/*.c quickjs/cutils.c quickjs/libregexp.c quickjs/libunicode.c quickjs/dtoa.c; do
	compile "$file" &
	pids="${pids:-} $!"
done
for pid in $pids; do wait "$pid"; done
# shellcheck disable=SC2086
$CC -Qunused-arguments $link -o "$out/runtime.wasm" ./*.o
chmod 644 "$out/runtime.wasm"
licence quickjs "$source_dir/LICENSE"
