/*
 * Files. Functions return what POSIX's do, or an error number as a negative one: the library knows their names and
 * makes exceptions of them. WASI numbers errors the same way everywhere.
 */
#include "runtime.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static JSValue result(JSContext *ctx, int64_t r) { return JS_NewInt64(ctx, r < 0 ? -errno : r); }

/* Flags of open: those of fs.constants in Node on Linux, which programs may have as numbers. */
enum { READ = 0, WRITE = 1, READ_WRITE = 2, CREATE = 0100, EXCLUSIVE = 0200, TRUNCATE = 01000, APPEND = 02000, DIRECTORY = 0200000 };

/* open(path, flags) */
static JSValue js_open(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
	(void)this, (void)argc;
	int32_t flags;
	if (JS_ToInt32(ctx, &flags, argv[1]))
		return JS_EXCEPTION;
	static const int access[] = { O_RDONLY, O_WRONLY, O_RDWR, O_RDWR };
	int o = access[flags & 3] | (flags & CREATE ? O_CREAT : 0) | (flags & EXCLUSIVE ? O_EXCL : 0) | (flags & TRUNCATE ? O_TRUNC : 0) |
		(flags & APPEND ? O_APPEND : 0) | (flags & DIRECTORY ? O_DIRECTORY : 0);
	const char *path = JS_ToCString(ctx, argv[0]);
	if (!path)
		return JS_EXCEPTION;
	JSValue v = result(ctx, open(path, o, 0666));
	JS_FreeCString(ctx, path);
	return v;
}

static JSValue js_close(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
	(void)this, (void)argc;
	int32_t fd;
	return JS_ToInt32(ctx, &fd, argv[0]) ? JS_EXCEPTION : result(ctx, close(fd));
}

/* read(fd, buffer, offset, length, position), write(…): a position below 0 is the current one */
static JSValue js_transfer(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv, int writing)
{
	(void)this, (void)argc;
	int32_t fd;
	int64_t position;
	size_t size;
	uint8_t *p = bytes_of(ctx, argv + 1, &size);
	if (!p || JS_ToInt32(ctx, &fd, argv[0]) || JS_ToInt64(ctx, &position, argv[4]))
		return JS_EXCEPTION;
	if (writing)
		return result(ctx, position < 0 ? write(fd, p, size) : pwrite(fd, p, size, position));
	return result(ctx, position < 0 ? read(fd, p, size) : pread(fd, p, size, position));
}

/* print(fd, text): writes all of it; returns 0 or an error number */
static JSValue js_print(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
	(void)this, (void)argc;
	int32_t fd;
	size_t size;
	ssize_t n = 0;
	const char *text = JS_ToCStringLen(ctx, &size, argv[1]);
	if (!text || JS_ToInt32(ctx, &fd, argv[0]))
		return JS_EXCEPTION;
	for (size_t done = 0; done < size && n >= 0; done += n > 0 ? n : 0) {
		n = write(fd, text + done, size - done);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			n = 0;
	}
	JSValue v = JS_NewInt32(ctx, n < 0 ? -errno : 0);
	JS_FreeCString(ctx, text);
	return v;
}

static double milliseconds(struct timespec t) { return t.tv_sec * 1000.0 + t.tv_nsec / 1000000.0; }

/* [size, kind, inode, device, links, accessed, modified, changed]; kind as in readdir */
static JSValue stat_values(JSContext *ctx, int r, const struct stat *s)
{
	if (r)
		return JS_NewInt32(ctx, -errno);
	int kind = S_ISREG(s->st_mode) ? DT_REG : S_ISDIR(s->st_mode) ? DT_DIR : S_ISLNK(s->st_mode) ? DT_LNK : S_ISCHR(s->st_mode) ? DT_CHR : DT_UNKNOWN;
	double values[] = { s->st_size, kind, s->st_ino, s->st_dev, s->st_nlink, milliseconds(s->st_atim), milliseconds(s->st_mtim), milliseconds(s->st_ctim) };
	JSValue array = JS_NewArray(ctx);
	for (unsigned i = 0; i < sizeof values / sizeof values[0]; i++)
		JS_DefinePropertyValueUint32(ctx, array, i, JS_NewFloat64(ctx, values[i]), JS_PROP_C_W_E);
	return array;
}

/* stat(path, follow) */
static JSValue js_stat(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
	(void)this, (void)argc;
	struct stat s;
	const char *path = JS_ToCString(ctx, argv[0]);
	if (!path)
		return JS_EXCEPTION;
	int r = JS_ToBool(ctx, argv[1]) ? stat(path, &s) : lstat(path, &s);
	JSValue v = stat_values(ctx, r, &s);
	JS_FreeCString(ctx, path);
	return v;
}

static JSValue js_fstat(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
	(void)this, (void)argc;
	int32_t fd;
	struct stat s;
	return JS_ToInt32(ctx, &fd, argv[0]) ? JS_EXCEPTION : stat_values(ctx, fstat(fd, &s), &s);
}

/* readdir(path): [name, kind, name, kind, …] */
static JSValue js_readdir(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
	(void)this, (void)argc;
	const char *path = JS_ToCString(ctx, argv[0]);
	if (!path)
		return JS_EXCEPTION;
	DIR *d = opendir(path);
	JS_FreeCString(ctx, path);
	if (!d)
		return JS_NewInt32(ctx, -errno);
	JSValue array = JS_NewArray(ctx);
	uint32_t n = 0;
	errno = 0;
	for (struct dirent *e; (e = readdir(d));) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		JS_DefinePropertyValueUint32(ctx, array, n++, text_decode(ctx, (uint8_t *)e->d_name, strlen(e->d_name)), JS_PROP_C_W_E);
		JS_DefinePropertyValueUint32(ctx, array, n++, JS_NewInt32(ctx, e->d_type), JS_PROP_C_W_E);
	}
	int failed = errno;
	closedir(d);
	if (!failed)
		return array;
	JS_FreeValue(ctx, array);
	return JS_NewInt32(ctx, -failed);
}

enum { MKDIR, RMDIR, UNLINK, RENAME, SYMLINK, LINK };

/* mkdir(path), rmdir(path), unlink(path), rename(from, to), symlink(target, path), link(from, to) */
static JSValue js_change(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv, int what)
{
	(void)this, (void)argc;
	const char *a = JS_ToCString(ctx, argv[0]);
	const char *b = what >= RENAME ? JS_ToCString(ctx, argv[1]) : a;
	int r = -1;
	if (!a || !b) {
		JS_FreeCString(ctx, a);
		return JS_EXCEPTION;
	}
	switch (what) {
	case MKDIR: r = mkdir(a, 0777); break;
	case RMDIR: r = rmdir(a); break;
	case UNLINK: r = unlink(a); break;
	case RENAME: r = rename(a, b); break;
	case SYMLINK: r = symlink(a, b); break;
	case LINK: r = link(a, b); break;
	}
	JSValue v = result(ctx, r);
	if (b != a)
		JS_FreeCString(ctx, b);
	JS_FreeCString(ctx, a);
	return v;
}

static JSValue js_readlink(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
	(void)this, (void)argc;
	char to[4096];
	const char *path = JS_ToCString(ctx, argv[0]);
	if (!path)
		return JS_EXCEPTION;
	ssize_t n = readlink(path, to, sizeof to);
	JS_FreeCString(ctx, path);
	return n < 0 ? JS_NewInt32(ctx, -errno) : text_decode(ctx, (uint8_t *)to, n);
}

/* truncate(fd, size) */
static JSValue js_truncate(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
	(void)this, (void)argc;
	int32_t fd;
	int64_t size;
	if (JS_ToInt32(ctx, &fd, argv[0]) || JS_ToInt64(ctx, &size, argv[1]))
		return JS_EXCEPTION;
	return result(ctx, ftruncate(fd, size));
}

static JSValue js_sync(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
	(void)this, (void)argc;
	int32_t fd;
	return JS_ToInt32(ctx, &fd, argv[0]) ? JS_EXCEPTION : result(ctx, fsync(fd));
}

/* touch(path, accessed, modified): milliseconds */
static JSValue js_touch(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
	(void)this, (void)argc;
	struct timespec t[2];
	for (int i = 0; i < 2; i++) {
		double ms;
		if (JS_ToFloat64(ctx, &ms, argv[1 + i]))
			return JS_EXCEPTION;
		t[i].tv_sec = ms / 1000;
		t[i].tv_nsec = (ms - t[i].tv_sec * 1000.0) * 1000000;
	}
	const char *path = JS_ToCString(ctx, argv[0]);
	if (!path)
		return JS_EXCEPTION;
	JSValue v = result(ctx, utimensat(AT_FDCWD, path, t, 0));
	JS_FreeCString(ctx, path);
	return v;
}

static JSValue js_isatty(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
	(void)this, (void)argc;
	int32_t fd;
	return JS_ToInt32(ctx, &fd, argv[0]) ? JS_EXCEPTION : JS_NewBool(ctx, isatty(fd));
}

static const JSCFunctionListEntry functions[] = {
	JS_CFUNC_DEF("open", 2, js_open),
	JS_CFUNC_DEF("close", 1, js_close),
	JS_CFUNC_MAGIC_DEF("read", 5, js_transfer, 0),
	JS_CFUNC_MAGIC_DEF("write", 5, js_transfer, 1),
	JS_CFUNC_DEF("print", 2, js_print),
	JS_CFUNC_DEF("stat", 2, js_stat),
	JS_CFUNC_DEF("fstat", 1, js_fstat),
	JS_CFUNC_DEF("readdir", 1, js_readdir),
	JS_CFUNC_MAGIC_DEF("mkdir", 1, js_change, MKDIR),
	JS_CFUNC_MAGIC_DEF("rmdir", 1, js_change, RMDIR),
	JS_CFUNC_MAGIC_DEF("unlink", 1, js_change, UNLINK),
	JS_CFUNC_MAGIC_DEF("rename", 2, js_change, RENAME),
	JS_CFUNC_MAGIC_DEF("symlink", 2, js_change, SYMLINK),
	JS_CFUNC_MAGIC_DEF("link", 2, js_change, LINK),
	JS_CFUNC_DEF("readlink", 1, js_readlink),
	JS_CFUNC_DEF("truncate", 2, js_truncate),
	JS_CFUNC_DEF("sync", 1, js_sync),
	JS_CFUNC_DEF("touch", 3, js_touch),
	JS_CFUNC_DEF("isatty", 1, js_isatty),
};

int native_files(JSContext *ctx, JSModuleDef *m, int declare)
{
	int n = sizeof functions / sizeof functions[0];
	return declare ? JS_AddModuleExportList(ctx, m, functions, n) : JS_SetModuleExportList(ctx, m, functions, n);
}
