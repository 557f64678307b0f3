/* The runtime's main part: starts QuickJS and the library up, and runs the program in the blob. */
#include "wpkblob.h"

#include "library.h" /* made by recipe.sh of lib/ */
#include "runtime.h"

#include <unistd.h>

static JSRuntime *rt;
static JSContext *ctx;
static JSValue program; /* the compiled module */

/*
 * How deep JavaScript may nest, in bytes of the stack in memory. Engines keep a stack of their own beside it, which
 * they end with a trap that no program can catch; this limit comes first in all that were tried.
 */
#define STACK_LIMIT (WPK_STACK_SIZE - 64 * 1024)

const unsigned char *program_entry(const char *name, uint32_t *size)
{
	const wpk_entry *e = wpk_find(name);
	*size = e ? e->size : 0;
	return e ? wpk_data(e) : NULL;
}

/* report prints an exception that nobody has caught, when the library cannot. */
static void report(void)
{
	JSValue e = JS_GetException(ctx);
	JSValue stack = JS_GetPropertyStr(ctx, e, "stack");
	const char *text = JS_ToCString(ctx, JS_IsString(stack) ? stack : e);
	fprintf(stderr, "%s\n", text ? text : "an exception");
	JS_FreeCString(ctx, text);
	JS_FreeValue(ctx, stack);
	JS_FreeValue(ctx, e);
}

static JSModuleDef *compile(const char *name, const char *source, size_t size)
{
	JSValue v = JS_Eval(ctx, source, size, name, JS_EVAL_TYPE_MODULE | JS_EVAL_FLAG_COMPILE_ONLY);
	if (JS_IsException(v))
		return NULL;
	JSModuleDef *m = JS_VALUE_GET_PTR(v);
	JS_FreeValue(ctx, v); /* the context keeps it */
	return m;
}

/* load finds the library's modules. The program has no others: it is one file. */
static JSModuleDef *load(JSContext *c, const char *name, void *opaque)
{
	(void)c, (void)opaque;
	if (!strcmp(name, NATIVE))
		return native_module(ctx);
	for (const library_file *f = library; f->name; f++)
		if (!strcmp(f->name, name))
			return compile(name, (const char *)f->data, f->size);
	JS_ThrowReferenceError(ctx, "there is no module \"%s\" in this program", name);
	return NULL;
}

static char *normalize(JSContext *c, const char *base, const char *name, void *opaque)
{
	(void)base, (void)opaque;
	return js_strdup(c, name); /* names of the library are absolute */
}

/* finish takes the result of a module's evaluation that may not wait for anything. */
static int finish(JSValue v)
{
	int bad = JS_IsException(v);
	JSContext *c;
	while (!bad && JS_ExecutePendingJob(rt, &c) > 0)
		;
	if (!bad && JS_PromiseState(ctx, v) == JS_PROMISE_REJECTED) {
		JS_Throw(ctx, JS_PromiseResult(ctx, v));
		bad = 1;
	}
	JS_FreeValue(ctx, v);
	return bad ? -1 : 0;
}

/* call calls a function that the library left in its module for the host. */
static JSValue call_library(const char *name, int argc, JSValueConst *argv)
{
	JSValue global = JS_GetGlobalObject(ctx);
	JSValue host = JS_GetPropertyStr(ctx, global, LIB_PREFIX "host");
	JSValue f = JS_GetPropertyStr(ctx, host, name);
	JSValue v = JS_Call(ctx, f, JS_UNDEFINED, argc, argv);
	JS_FreeValue(ctx, f);
	JS_FreeValue(ctx, host);
	JS_FreeValue(ctx, global);
	return v;
}

static void die(void)
{
	report();
	exit(WPK_EXIT_START_UP);
}

static void wpk_start_up(int snapshot)
{
	uint32_t size;
	rt = JS_NewRuntime();
	JS_SetMaxStackSize(rt, STACK_LIMIT);
	JS_SetModuleLoaderFunc(rt, normalize, load, NULL);
	ctx = JS_NewContext(rt);
	JS_SetStripInfo(rt, JS_STRIP_SOURCE);
	JSModuleDef *boot = load(ctx, LIB_PREFIX "boot", NULL);
	if (!boot || finish(JS_EvalFunction(ctx, JS_DupValue(ctx, JS_MKPTR(JS_TAG_MODULE, boot)))))
		die();
	JS_SetStripInfo(rt, 0); /* programs may look at the source of their functions */

	const unsigned char *map = program_entry(PROGRAM ".map", &size);
	if (map)
		stack_map(map, size);
	const unsigned char *source = program_entry(PROGRAM, &size);
	if (!source) {
		fputs("the program has no " PROGRAM "\n", stderr);
		exit(WPK_EXIT_NO_PROGRAM);
	}
	engine_program((const char *)source, size);
	JSModuleDef *m = compile(PROGRAM, (const char *)source, size);
	if (!m)
		die();
	program = JS_MKPTR(JS_TAG_MODULE, m);
	if (snapshot) {
		/* The library is compiled, and zeros take no room in a snapshot. */
		for (const library_file *f = library; f->name; f++)
			memset(f->data, 0, f->size);
		JS_RunGC(rt);
	}
}

static int wpk_program(int argc, char **argv, int resumed)
{
	(void)resumed;
	uint64_t seed = 1;
	(void)!getentropy(&seed, sizeof seed);
	engine_seed(ctx, seed);
	JS_UpdateStackTop(rt);
	native_arguments(argc, argv);

	JSValue begun = call_library("begin", 0, NULL);
	if (JS_IsException(begun))
		die();
	JS_FreeValue(ctx, begun);
	JSValue v = JS_EvalFunction(ctx, JS_DupValue(ctx, program));
	JSValue failed = JS_UNDEFINED;
	if (JS_IsException(v))
		failed = JS_GetException(ctx);
	JSValueConst args[] = { v, failed };
	JSValue code = call_library(JS_IsException(v) ? "fail" : "run", 2, args);
	int32_t status = 1;
	if (JS_IsException(code))
		report();
	else
		JS_ToInt32(ctx, &status, code);
	return status; /* the process ends: nothing needs to be freed */
}
