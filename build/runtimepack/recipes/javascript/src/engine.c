/* QuickJS, with access to its insides. recipe.sh makes engine_quickjs.c of quickjs.c: stacks go through stack_text. */
#include "runtime.h"
#include <malloc.h> /* of wasi-libc, which QuickJS includes for others only */

#include "engine_quickjs.c"

/* Math.random is seeded when the context is made: in a snapshot, once and for all. */
void engine_seed(JSContext *ctx, uint64_t seed)
{
	ctx->random_state = seed ? seed : 1; /* zero would stay zero */
}
