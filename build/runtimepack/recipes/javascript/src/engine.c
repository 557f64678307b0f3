/*
 * QuickJS, with access to its insides. recipe.sh makes engine_quickjs.c of quickjs.c: stacks go through stack_text,
 * and the text of functions through source_keep and source_drop.
 */
#include "runtime.h"

#include <malloc.h> /* of wasi-libc, which QuickJS includes for others only */

/*
 * Every function keeps its own text, for toString, and those around it have it again: several times the program. The
 * program's text stays where it is, so that its functions can point into it.
 */
static const char *program_begin, *program_end;

void engine_program(const char *source, size_t size)
{
	program_begin = source;
	program_end = source + size;
}

static int in_program(const char *p) { return p >= program_begin && p < program_end; }

static char *source_keep(JSContext *ctx, const char *p, size_t size)
{
	return in_program(p) ? (char *)p : js_strndup(ctx, p, size);
}

static void source_drop(JSRuntime *rt, char *p)
{
	if (!in_program(p))
		js_free_rt(rt, p);
}

#include "engine_quickjs.c"

/* Math.random is seeded when the context is made: in a snapshot, once and for all. */
void engine_seed(JSContext *ctx, uint64_t seed)
{
	ctx->random_state = seed ? seed : 1; /* zero would stay zero */
}
