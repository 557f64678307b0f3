/* UTF-8: https://encoding.spec.whatwg.org/#utf-8 */
#include "runtime.h"

#include <stdlib.h>
#include <string.h>

static const uint8_t replacement[] = { 0xef, 0xbf, 0xbd };

/*
 * valid_prefix returns how many bytes of the sequence at p are well-formed, and sets *whole when they are a character.
 * Of a malformed one they are what a single replacement character stands for; at least one.
 */
static size_t valid_prefix(const uint8_t *p, size_t left, int *whole)
{
	uint8_t c = p[0], low = 0x80, high = 0xbf;
	size_t need = c < 0x80 ? 0 : c < 0xc2 ? 9 : c < 0xe0 ? 1 : c < 0xf0 ? 2 : c < 0xf5 ? 3 : 9;
	*whole = need == 0;
	if (need == 0 || need == 9)
		return 1;
	if (c == 0xe0)
		low = 0xa0;
	else if (c == 0xed)
		high = 0x9f;
	else if (c == 0xf0)
		low = 0x90;
	else if (c == 0xf4)
		high = 0x8f;
	size_t n = 1;
	for (; n <= need; n++, low = 0x80, high = 0xbf)
		if (n >= left || p[n] < low || p[n] > high)
			return n;
	*whole = 1;
	return n;
}

/* decode makes a string; when fatal, malformed bytes are undefined instead of a replacement character. */
static JSValue decode(JSContext *ctx, const uint8_t *p, size_t size, int fatal)
{
	size_t good = 0, n;
	int whole = 1;
	for (; good < size; good += n) {
		n = valid_prefix(p + good, size - good, &whole);
		if (!whole)
			break;
	}
	if (good == size)
		return JS_NewStringLen(ctx, (const char *)p, size);
	if (fatal)
		return JS_UNDEFINED;
	uint8_t *copy = malloc(good + (size - good) * sizeof replacement), *to = copy;
	if (!copy)
		return JS_ThrowOutOfMemory(ctx);
	memcpy(to, p, good);
	to += good;
	for (; good < size; good += n) {
		n = valid_prefix(p + good, size - good, &whole);
		memcpy(to, whole ? p + good : replacement, whole ? n : sizeof replacement);
		to += whole ? n : sizeof replacement;
	}
	JSValue v = JS_NewStringLen(ctx, (const char *)copy, to - copy);
	free(copy);
	return v;
}

JSValue text_decode(JSContext *ctx, const uint8_t *bytes, size_t size) { return decode(ctx, bytes, size, 0); }

/* decode(buffer, offset, length, fatal) */
static JSValue js_decode(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
	(void)this, (void)argc;
	size_t size;
	uint8_t *p = bytes_of(ctx, argv, &size);
	return p ? decode(ctx, p, size, JS_ToBool(ctx, argv[3])) : JS_EXCEPTION;
}

/* decodeLatin1(buffer, offset, length): each byte is a character; with a mask of 0x7f it is ASCII */
static JSValue js_decode_latin1(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
	(void)this, (void)argc;
	size_t size;
	uint8_t *p = bytes_of(ctx, argv, &size);
	if (!p)
		return JS_EXCEPTION;
	uint8_t *copy = malloc(size * 2 + 1), *to = copy;
	if (!copy)
		return JS_ThrowOutOfMemory(ctx);
	for (size_t i = 0; i < size; i++) {
		if (p[i] >= 0x80)
			*to++ = 0xc0 | p[i] >> 6;
		*to++ = p[i] >= 0x80 ? 0x80 | (p[i] & 0x3f) : p[i];
	}
	JSValue v = JS_NewStringLen(ctx, (const char *)copy, to - copy);
	free(copy);
	return v;
}

/* encode(string): an ArrayBuffer. QuickJS encodes lone surrogates as if they were characters. */
static JSValue js_encode(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
	(void)this, (void)argc;
	size_t size;
	const char *text = JS_ToCStringLen(ctx, &size, argv[0]);
	if (!text)
		return JS_EXCEPTION;
	JSValue v = JS_NewArrayBufferCopy(ctx, (const uint8_t *)text, size);
	JS_FreeCString(ctx, text);
	uint8_t *p = JS_IsException(v) ? NULL : JS_GetArrayBuffer(ctx, &size, v);
	for (size_t i = 0; p && i + 2 < size; i++)
		if (p[i] == 0xed && p[i + 1] >= 0xa0)
			memcpy(p + i, replacement, sizeof replacement);
	return v;
}

static const JSCFunctionListEntry functions[] = {
	JS_CFUNC_DEF("decode", 4, js_decode),
	JS_CFUNC_DEF("decodeLatin1", 3, js_decode_latin1),
	JS_CFUNC_DEF("encode", 1, js_encode),
};

int native_text(JSContext *ctx, JSModuleDef *m, int declare)
{
	int n = sizeof functions / sizeof functions[0];
	return declare ? JS_AddModuleExportList(ctx, m, functions, n) : JS_SetModuleExportList(ctx, m, functions, n);
}
