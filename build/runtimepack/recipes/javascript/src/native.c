/* The module "wpk:native": what JavaScript cannot do itself. The library makes the interfaces that people know of it. */
#include "runtime.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <wasi/libc-environ.h>

static int arguments;
static char **argument;

void native_arguments(int argc, char **argv)
{
	arguments = argc;
	argument = argv;
}

uint8_t *bytes_of(JSContext *ctx, JSValueConst *argv, size_t *size)
{
	size_t all;
	uint64_t offset, length;
	uint8_t *p = JS_GetArrayBuffer(ctx, &all, argv[0]);
	if (!p && JS_HasException(ctx))
		return NULL;
	if (JS_ToIndex(ctx, &offset, argv[1]) || JS_ToIndex(ctx, &length, argv[2]))
		return NULL;
	if (offset > all || length > all - offset) {
		JS_ThrowRangeError(ctx, "%u bytes at %u of %u", (unsigned)length, (unsigned)offset, (unsigned)all);
		return NULL;
	}
	*size = length;
	return p ? p + offset : (uint8_t *)""; /* an empty buffer may have no address */
}

static JSValue strings(JSContext *ctx, int n, char **list)
{
	JSValue array = JS_NewArray(ctx);
	for (int i = 0; i < n; i++)
		JS_DefinePropertyValueUint32(ctx, array, i, text_decode(ctx, (const uint8_t *)list[i], strlen(list[i])), JS_PROP_C_W_E);
	return array;
}

static JSValue js_args(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
	(void)this, (void)argc, (void)argv;
	return strings(ctx, arguments, argument);
}

static JSValue js_environ(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
	(void)this, (void)argc, (void)argv;
	char **list = __wasilibc_get_environ();
	int n = 0;
	while (list && list[n])
		n++;
	return strings(ctx, n, list);
}

static JSValue js_exit(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
	(void)this, (void)argc;
	int32_t code = 1;
	JS_ToInt32(ctx, &code, argv[0]);
	exit(code);
}

/* time(clock): nanoseconds as a BigInt; 0 is the calendar, 1 a steady clock */
static JSValue js_time(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
	(void)this, (void)argc;
	struct timespec t = { 0 };
	clock_gettime(JS_ToBool(ctx, argv[0]) ? CLOCK_MONOTONIC : CLOCK_REALTIME, &t);
	return JS_NewBigInt64(ctx, (int64_t)t.tv_sec * 1000000000 + t.tv_nsec);
}

/* sleep(milliseconds); a relative sleep: not every engine knows absolute ones */
static JSValue js_sleep(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
	(void)this, (void)argc;
	double ms;
	if (JS_ToFloat64(ctx, &ms, argv[0]))
		return JS_EXCEPTION;
	struct timespec t = { ms / 1000, 0 };
	t.tv_nsec = (ms - t.tv_sec * 1000.0) * 1000000;
	nanosleep(&t, NULL);
	return JS_UNDEFINED;
}

/* random(buffer, offset, length): returns 0 or an error number */
static JSValue js_random(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
	(void)this, (void)argc;
	size_t size;
	uint8_t *p = bytes_of(ctx, argv, &size);
	if (!p)
		return JS_EXCEPTION;
	for (size_t done = 0, n; done < size; done += n) {
		n = size - done < 256 ? size - done : 256; /* what getentropy gives at once */
		if (getentropy(p + done, n))
			return JS_NewInt32(ctx, errno);
	}
	return JS_NewInt32(ctx, 0);
}

/* runJobs(): runs what promises have scheduled, to the end; returns an exception as an array of one, or undefined */
static JSValue js_run_jobs(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
	(void)this, (void)argc, (void)argv;
	JSContext *c;
	int r;
	while ((r = JS_ExecutePendingJob(JS_GetRuntime(ctx), &c)) > 0)
		;
	if (r == 0)
		return JS_UNDEFINED;
	JSValue array = JS_NewArray(ctx);
	JS_DefinePropertyValueUint32(ctx, array, 0, JS_GetException(c), JS_PROP_C_W_E);
	return array;
}

/* promise(p): [state, result], state 0 pending, 1 fulfilled, 2 rejected; undefined when it is none */
static JSValue js_promise(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
	(void)this, (void)argc;
	int state = JS_PromiseState(ctx, argv[0]);
	if (state < 0)
		return JS_UNDEFINED;
	JSValue array = JS_NewArray(ctx);
	JS_DefinePropertyValueUint32(ctx, array, 0, JS_NewInt32(ctx, state), JS_PROP_C_W_E);
	JS_DefinePropertyValueUint32(ctx, array, 1, JS_PromiseResult(ctx, argv[0]), JS_PROP_C_W_E);
	return array;
}

static JSValue rejection; /* the library's function (promise, reason, handled) */

static void track(JSContext *ctx, JSValueConst promise, JSValueConst reason, JS_BOOL handled, void *opaque)
{
	(void)opaque;
	JSValueConst args[] = { promise, reason, JS_NewBool(ctx, handled) };
	JSValue v = JS_Call(ctx, rejection, JS_UNDEFINED, 3, args);
	if (JS_IsException(v))
		JS_FreeValue(ctx, JS_GetException(ctx));
	JS_FreeValue(ctx, v);
}

static JSValue js_on_rejection(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
	(void)this, (void)argc;
	rejection = JS_DupValue(ctx, argv[0]);
	JS_SetHostPromiseRejectionTracker(JS_GetRuntime(ctx), track, NULL);
	return JS_UNDEFINED;
}

/* entry(name): an ArrayBuffer with an entry of the blob, or undefined */
static JSValue js_entry(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
	(void)this, (void)argc;
	uint32_t size;
	const char *name = JS_ToCString(ctx, argv[0]);
	if (!name)
		return JS_EXCEPTION;
	const unsigned char *data = program_entry(name, &size);
	JS_FreeCString(ctx, name);
	return data ? JS_NewArrayBufferCopy(ctx, data, size) : JS_UNDEFINED;
}

static JSValue js_gc(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
	(void)this, (void)argc, (void)argv;
	JS_RunGC(JS_GetRuntime(ctx));
	return JS_UNDEFINED;
}

/* memory(): [bytes of the module's memory, bytes that JavaScript uses] */
static JSValue js_memory(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
	(void)this, (void)argc, (void)argv;
	JSMemoryUsage u;
	JS_ComputeMemoryUsage(JS_GetRuntime(ctx), &u);
	JSValue array = JS_NewArray(ctx);
	JS_DefinePropertyValueUint32(ctx, array, 0, JS_NewFloat64(ctx, __builtin_wasm_memory_size(0) * 65536.0), JS_PROP_C_W_E);
	JS_DefinePropertyValueUint32(ctx, array, 1, JS_NewInt64(ctx, u.malloc_size), JS_PROP_C_W_E);
	return array;
}

static const JSCFunctionListEntry functions[] = {
	JS_CFUNC_DEF("args", 0, js_args),
	JS_CFUNC_DEF("environ", 0, js_environ),
	JS_CFUNC_DEF("exit", 1, js_exit),
	JS_CFUNC_DEF("time", 1, js_time),
	JS_CFUNC_DEF("sleep", 1, js_sleep),
	JS_CFUNC_DEF("random", 3, js_random),
	JS_CFUNC_DEF("runJobs", 0, js_run_jobs),
	JS_CFUNC_DEF("promise", 1, js_promise),
	JS_CFUNC_DEF("onRejection", 1, js_on_rejection),
	JS_CFUNC_DEF("entry", 1, js_entry),
	JS_CFUNC_DEF("gc", 0, js_gc),
	JS_CFUNC_DEF("memory", 0, js_memory),
};

int native_engine(JSContext *ctx, JSModuleDef *m, int declare)
{
	int n = sizeof functions / sizeof functions[0];
	return declare ? JS_AddModuleExportList(ctx, m, functions, n) : JS_SetModuleExportList(ctx, m, functions, n);
}

static int fill(JSContext *ctx, JSModuleDef *m)
{
	return native_engine(ctx, m, 0) || native_files(ctx, m, 0) || native_text(ctx, m, 0) ? -1 : 0;
}

JSModuleDef *native_module(JSContext *ctx)
{
	JSModuleDef *m = JS_NewCModule(ctx, NATIVE, fill);
	if (!m || native_engine(ctx, m, 1) || native_files(ctx, m, 1) || native_text(ctx, m, 1))
		return NULL;
	return m;
}
