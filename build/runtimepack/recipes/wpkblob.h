/*
 * What every runtime has in common: where the program's blob is, how to read it, and how the module starts with and
 * without a snapshot. Included by the one file with the runtime's main part, which defines
 *
 *     static void wpk_start_up(int snapshot);
 *     static int wpk_program(int argc, char **argv, int resumed);
 *
 * wpk_start_up starts the interpreter. With snapshot set nothing may be kept that depends on arguments, environment,
 * files, time or random: the module is frozen afterwards, and wpk_program is called in another process, with resumed
 * set. Compile with -DWPK_INITIAL_MEMORY=N and link with -nostartfiles -Wl,--initial-memory=N -Wl,-z,stack-size=S
 * -Wl,--stack-first, so that the blob is at N.
 *
 * The format is described in package bundle (build/internal/bundle/blob.go).
 */
#ifndef WPKBLOB_H
#define WPKBLOB_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wasi/api.h>
#include <wasi/libc.h>
#include <wasi/libc-environ.h>

enum { WPK_FROZEN = 1, WPK_PACKAGE = 2, WPK_BYTECODE = 4 };

/* Exit codes of a runtime that cannot begin; a program may use them too. */
enum { WPK_EXIT_START_UP = 120, WPK_EXIT_NO_PROGRAM = 121 };

typedef struct {
	uint32_t name, data, size, flags;
} wpk_entry;

static void wpk_start_up(int snapshot);
static int wpk_program(int argc, char **argv, int resumed);

static const unsigned char *wpk_blob_at; /* told by wpk_blob, or found by wpk_open */
static int wpk_state;                    /* what WPK_… below says */
enum { WPK_COLD, WPK_FROM_START, WPK_FROM_SNAPSHOT };

static inline uint32_t wpk_size(void) { return *(const uint32_t *)(wpk_blob_at + 8); }
static inline uint32_t wpk_count(void) { return *(const uint32_t *)(wpk_blob_at + 12); }
static inline const wpk_entry *wpk_entries(void) { return (const wpk_entry *)(wpk_blob_at + 16); }
static inline const char *wpk_name(const wpk_entry *e) { return (const char *)wpk_blob_at + e->name; }
static inline const unsigned char *wpk_data(const wpk_entry *e) { return wpk_blob_at + e->data; }

/* wpk_find returns the entry of that name, or NULL. The entries are sorted by their names' bytes, as strcmp does. */
static inline const wpk_entry *wpk_find(const char *name)
{
	const wpk_entry *e = wpk_entries();
	uint32_t low = 0, high = wpk_count();
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		int order = strcmp(wpk_name(e + middle), name);
		if (order == 0)
			return e + middle;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/* Not in every version of wasi-libc, or made by the linker. */
extern unsigned char __heap_end __attribute__((weak));
void __wasi_init_tp(void) __attribute__((weak));
void __wasilibc_reset_preopens(void) __attribute__((weak));
void __wasm_call_ctors(void);
int __main_void(void);

/*
 * wpk_fence keeps malloc away from the blob. A C library that knows __heap_end does so itself. An older one takes the
 * whole memory that it finds at the first call: take what lies before the blob, then the blob itself, and give the
 * former back. dlmalloc writes nothing but headers of 8 bytes before and behind what it hands out.
 */
static inline void wpk_fence(void)
{
	if (&__heap_end)
		return;
	void *volatile block = malloc(1); /* volatile: compilers know that malloc returns no address twice */
	uintptr_t first = (uintptr_t)block;
	free(block);
	block = malloc((uintptr_t)wpk_blob_at - first - sizeof(size_t));
	void *front = block;
	if ((uintptr_t)block != first)
		__builtin_trap();
	block = malloc(wpk_size());
	if (block != (void *)wpk_blob_at)
		__builtin_trap();
	free(front);
}

/* wpk_open finds the blob and readies the C library. It comes first of all. */
static inline void wpk_open(void)
{
	const unsigned char *end = (const unsigned char *)WPK_INITIAL_MEMORY;
	if (!wpk_blob_at && (uintptr_t)__builtin_wasm_memory_size(0) * 65536 > (uintptr_t)end && !memcmp(end, "WPKBLOB1", 8))
		wpk_blob_at = end;
	if (wpk_blob_at)
		wpk_fence();
	if (__wasi_init_tp)
		__wasi_init_tp();
	__wasm_call_ctors();
	if (!wpk_blob_at) {
		fputs("this is a language runtime without a program: wpk attaches one to it\n", stderr);
		exit(WPK_EXIT_NO_PROGRAM);
	}
}

/* wpk_preopens registers the directories that the host has opened, for a C library that asks at its start only. */
static inline void wpk_preopens(void)
{
	for (__wasi_fd_t fd = 3;; fd++) {
		__wasi_prestat_t stat;
		if (__wasi_fd_prestat_get(fd, &stat) != __WASI_ERRNO_SUCCESS)
			return;
		if (stat.tag != __WASI_PREOPENTYPE_DIR)
			continue;
		char *prefix = malloc(stat.u.dir.pr_name_len + 1);
		if (!prefix || __wasi_fd_prestat_dir_name(fd, (uint8_t *)prefix, stat.u.dir.pr_name_len) != __WASI_ERRNO_SUCCESS)
			__builtin_trap();
		prefix[stat.u.dir.pr_name_len] = 0;
		if (__wasilibc_register_preopened_fd(fd, prefix) != 0)
			__builtin_trap();
		free(prefix);
	}
}

__attribute__((export_name("wpk_blob"))) void wpk_blob(uint32_t at)
{
	wpk_blob_at = (const unsigned char *)(uintptr_t)at;
}

__attribute__((export_name("wpk_init"))) void wpk_init(void)
{
	wpk_open();
	wpk_start_up(1);
	fflush(NULL);
	if (__wasilibc_reset_preopens)
		__wasilibc_reset_preopens();
	__wasilibc_deinitialize_environ(); /* read again at the first getenv */
	wpk_state = WPK_FROM_SNAPSHOT;
}

__attribute__((export_name("_start"))) void _start(void)
{
	if (wpk_state == WPK_FROM_SNAPSHOT) {
		if (!__wasilibc_reset_preopens)
			wpk_preopens();
	} else {
		wpk_open();
		wpk_start_up(0);
		wpk_state = WPK_FROM_START;
	}
	exit(__main_void());
}

int main(int argc, char **argv)
{
	return wpk_program(argc, argv, wpk_state == WPK_FROM_SNAPSHOT);
}

#endif
